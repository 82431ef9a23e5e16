//! A scripted origin. The test gets each call that reaches it, and answers it
//! when it likes, all at once or frame by frame.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures::{future::BoxFuture, stream};
use http::{HeaderMap, Request, Response, request::Parts};
use http_body::{Frame, SizeHint};
use http_body_util::StreamBody;
use tokio::sync::{mpsc, oneshot};
use tower::Service;

pub fn origin() -> (Origin, Script) {
    let (calls, receiver) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    let origin = Origin {
        calls,
        count: Arc::clone(&count),
    };
    let script = Script {
        calls: receiver,
        count,
    };
    (origin, script)
}

/// Waits for what must come. If it does not, this is a failure and no hang.
pub async fn soon<F: Future>(future: F) -> F::Output {
    let waited = tokio::time::timeout(Duration::from_secs(60), future).await;
    waited.expect("it never came")
}

/// A service for requests of any body.
#[derive(Clone)]
pub struct Origin {
    calls: mpsc::UnboundedSender<Call>,
    count: Arc<AtomicUsize>,
}

impl Origin {
    /// As a handler of axum.
    pub async fn handle(self, request: Request<Body>) -> Response<Body> {
        let answer = self.take(request.into_parts().0).await;
        answer.expect("the test answers or drops its call at the end")
    }

    async fn take(self, parts: Parts) -> Result<Response<Body>, oneshot::error::RecvError> {
        self.count.fetch_add(1, SeqCst);
        let (sender, answer) = oneshot::channel();
        self.calls.send(Call { parts, sender }).ok();
        answer.await
    }
}

impl<B> Service<Request<B>> for Origin {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let taken = self.clone().take(request.into_parts().0);
        Box::pin(async move { Ok(taken.await.expect("the test answers")) })
    }
}

/// What has reached the origin.
pub struct Script {
    calls: mpsc::UnboundedReceiver<Call>,
    count: Arc<AtomicUsize>,
}

impl Script {
    /// Waits for the next call.
    pub async fn call(&mut self) -> Call {
        let call = soon(self.calls.recv()).await;
        call.expect("the origin is still there")
    }

    /// Waits for so many calls, which are then all under way at once.
    pub async fn calls(&mut self, number: usize) -> Vec<Call> {
        let mut calls = Vec::new();
        while calls.len() < number {
            calls.push(self.call().await);
        }
        calls
    }

    /// How many calls there were so far.
    pub fn count(&self) -> usize {
        self.count.load(SeqCst)
    }
}

/// One call of the origin.
pub struct Call {
    pub parts: Parts,
    sender: oneshot::Sender<Response<Body>>,
}

impl Call {
    /// In the version of its own request, as a proxy might.
    pub fn answer(self, mut response: Response<impl Into<Body>>) {
        *response.version_mut() = self.parts.version;
        let answered = self.sender.send(response.map(Into::into));
        assert!(answered.is_ok(), "the call was dropped");
    }

    pub fn text(self, text: impl Into<Body>) {
        self.answer(Response::new(text));
    }

    /// Answers with the head, and a body that comes as it is fed.
    pub fn stream(self, head: http::response::Builder) -> Feed {
        let (feed, body) = feed();
        self.answer(head.body(body).unwrap());
        feed
    }

    /// A header of the request, as it reached the origin.
    pub fn header(&self, name: &str) -> &str {
        self.parts.headers[name].to_str().unwrap()
    }

    /// Waits until the pool, or axum, has dropped the call.
    pub async fn dropped(&mut self) {
        soon(self.sender.closed()).await;
    }
}

/// The end of a body that the test writes to.
pub struct Feed(mpsc::UnboundedSender<Result<Frame<Bytes>, &'static str>>);

pub fn feed() -> (Feed, Body) {
    let (sender, mut frames) = mpsc::unbounded_channel();
    let frames = stream::poll_fn(move |cx| frames.poll_recv(cx));
    (Feed(sender), Body::new(StreamBody::new(frames)))
}

impl Feed {
    pub fn data(&self, data: impl Into<Bytes>) {
        assert!(self.0.send(Ok(Frame::data(data.into()))).is_ok());
    }

    /// The end, with trailers.
    pub fn trailers(self, trailers: HeaderMap) {
        assert!(self.0.send(Ok(Frame::trailers(trailers))).is_ok());
    }

    /// The end, by an error.
    pub fn fail(self, error: &'static str) {
        assert!(self.0.send(Err(error)).is_ok());
    }

    /// Waits until the body has been dropped.
    pub async fn dropped(&self) {
        soon(self.0.closed()).await;
    }

    pub fn is_dropped(&self) -> bool {
        self.0.is_closed()
    }
}

/// A body that says how much is left of it, in one piece or more.
pub struct Known {
    pub body: Body,
    pub left: u64,
}

impl http_body::Body for Known {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.left -= frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
