//! The service inside of the pool: it answers when its gate is opened, and its
//! responses say for whom they were made.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use tower::Service;

use crate::exchange::{Case, Says, Stamp};

#[derive(Clone, Debug)]
pub struct Origin {
    case: Case,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    open: bool,
    waiting: Vec<Waker>,
    calls: Vec<usize>,
}

/// An error of the service, and who got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(pub usize);

impl Origin {
    pub fn new(case: &Case) -> Self {
        Self {
            case: case.clone(),
            seen: Arc::default(),
        }
    }

    pub fn open(&self) {
        let mut seen = self.seen.lock().unwrap();
        seen.open = true;
        let waiting = std::mem::take(&mut seen.waiting);
        drop(seen);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whom it was called for.
    pub fn calls(&self) -> Vec<usize> {
        self.seen.lock().unwrap().calls.clone()
    }
}

impl Service<Request<Content>> for Origin {
    type Response = Response<Pieces>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Pieces>, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Content>) -> Self::Future {
        let Stamp(id) = *request.extensions().get().unwrap();
        let seen = Arc::clone(&self.seen);
        seen.lock().unwrap().calls.push(id);
        let answer = self.case.exchange(id).answer.clone();
        Box::pin(async move {
            poll_fn(|cx| {
                let mut seen = seen.lock().unwrap();
                if seen.open {
                    return Poll::Ready(());
                }
                seen.waiting.push(cx.waker().clone());
                Poll::Pending
            })
            .await;
            if answer.fails {
                return Err(Failure(id));
            }
            Ok(answer.response(id))
        })
    }
}

/// The body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It says that it is at its end.
    None,
    /// It says that it has no bytes, and not that it is at its end.
    NoBytes,
    Some,
    UnknownSize,
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        *self == Self::None
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None | Self::NoBytes => SizeHint::with_exact(0),
            Self::Some => SizeHint::with_exact(3),
            Self::UnknownSize => SizeHint::new(),
        }
    }
}

/// The body of a response, whose bytes say whose it is.
#[derive(Debug)]
pub struct Pieces {
    left: VecDeque<Bytes>,
    says: Says,
}

impl Pieces {
    pub fn new(id: usize, frames: &[u64], says: Says) -> Self {
        let frames = frames.iter().copied();
        let left = frames.map(|size| text(id, size).into()).collect();
        Self { left, says }
    }
}

/// What a response to `id` has for its body.
pub fn text(id: usize, size: u64) -> Vec<u8> {
    vec![b'0' + id as u8; size as usize]
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.left.pop_front().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.says != Says::Nothing && self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.left.iter().map(|bytes| bytes.len() as u64).sum();
        let mut hint = SizeHint::new();
        match self.says {
            Says::All => hint.set_exact(left),
            Says::AtLeast => hint.set_lower(left),
            Says::Nothing => {}
        }
        hint
    }
}
