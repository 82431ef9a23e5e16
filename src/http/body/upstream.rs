//! The body that is shared, as its driver has it.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Body, SizeHint};
use tower::BoxError;

use super::{
    error::SharedBodyError,
    queue::{MAX_FRAMES, Piece},
};

/// What came of one poll.
pub(super) enum Step {
    /// Nothing yet. With a clone of the driver's waker, if it asked for one.
    Pending(SizeHint, Option<Waker>),
    Frame(Piece, SizeHint),
    End,
    Failed(SharedBodyError),
}

/// What is dropped when the start of the body is no longer kept for newcomers.
pub(crate) type Guard = Box<dyn Send + Sync>;

/// For how long the start is kept.
struct Hold {
    bytes_left: u64,
    frames_left: usize,
    /// Dropped with the hold.
    _guard: Guard,
}

/// The body, and the hold on its start. With no lock held it is polled and
/// dropped, and by one reader at a time.
pub(super) struct Upstream {
    /// Goes before the body: nobody new finds a body that ends.
    hold: Option<Box<Hold>>,
    body: Pin<Box<dyn Source>>,
}

/// The payload of a panic.
type Payload = Box<dyn std::any::Any + Send>;

impl Upstream {
    pub(super) fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self {
            hold: None,
            body: Box::pin(body),
        }
    }

    pub(super) fn hold(&mut self, bytes: u64, guard: Guard) {
        self.hold = Some(Box::new(Hold {
            bytes_left: bytes,
            frames_left: MAX_FRAMES,
            _guard: guard,
        }));
    }

    pub(super) fn is_held(&self) -> bool {
        self.hold.is_some()
    }

    /// Polls the body once, for a reader that wants to be woken on `reader`.
    ///
    /// Whatever is over is dropped before anybody can see why. Returns the body,
    /// unless it is at its end, what came of it, and a panic that is to go on in
    /// this reader.
    pub(super) fn poll(
        mut self,
        waker: &Waker,
        reader: Option<&Waker>,
    ) -> (Option<Self>, Step, Option<Payload>) {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let step = self.body.as_mut().advance(&mut Context::from_waker(waker));
            match step {
                (Step::Pending(hint, _), _) => (Step::Pending(hint, reader.cloned()), false),
                done => done,
            }
        }));
        let (step, over, panic) = match polled {
            Ok((step, over)) => (step, over, None),
            Err(panic) => (Step::Failed(SharedBodyError::panicked()), true, Some(panic)),
        };
        if !over && self.hold.is_none() {
            return (Some(self), step, panic);
        }
        let mut upstream = Some(self);
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            if over {
                drop(upstream.take());
            } else if let (Some(upstream), Step::Frame(piece, _)) = (&mut upstream, &step) {
                upstream.count(piece.len());
            }
        }));
        let panic = match (panic, dropped) {
            (Some(panic), Err(second)) => {
                mem::forget(second); // one is enough, and its drop may panic too
                Some(panic)
            }
            (panic, dropped) => panic.or(dropped.err()),
        };
        (upstream, step, panic)
    }

    /// Counts a frame, and gives up the hold if it is one too many.
    fn count(&mut self, bytes: u64) {
        if let Some(hold) = &mut self.hold {
            if bytes > hold.bytes_left || hold.frames_left == 0 {
                return drop(self.hold.take());
            }
            hold.bytes_left -= bytes;
            hold.frames_left -= 1;
        }
    }
}

/// A body of any type, one call for each poll.
trait Source: Send {
    /// Polls, and says whether the body is over.
    fn advance(self: Pin<&mut Self>, cx: &mut Context<'_>) -> (Step, bool);
}

impl<B> Source for B
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    fn advance(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> (Step, bool) {
        let frame = match self.as_mut().poll_frame(cx) {
            Poll::Pending => return (Step::Pending(self.size_hint(), None), false),
            Poll::Ready(None) => return (Step::End, true),
            Poll::Ready(Some(Err(error))) => {
                return (Step::Failed(SharedBodyError::upstream(error)), true);
            }
            Poll::Ready(Some(Ok(frame))) => frame,
        };
        match Piece::new(frame) {
            Some(piece) if self.is_end_stream() => {
                (Step::Frame(piece, SizeHint::with_exact(0)), true)
            }
            Some(piece) => (Step::Frame(piece, self.size_hint()), false),
            None => {
                let error = SharedBodyError::upstream("a frame of this kind cannot be shared");
                (Step::Failed(error), true)
            }
        }
    }
}
