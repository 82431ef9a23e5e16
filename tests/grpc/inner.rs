//! Where a socket cannot be steered: a service whose calls a test reads and
//! answers by hand, behind a pool that is polled by hand.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::Body as _;
use tokio::sync::{mpsc, oneshot};
use tokio_test::task::{self, Spawn};
use tonic::{Code, Status, body::Body};
use tower::{BoxError, Layer, Service};
use tower_pool::{
    ShareAll,
    grpc::{GrpcPool, GrpcPoolLayer, ResponseFuture},
};

use crate::support::GET;

#[derive(Clone)]
pub struct Inner(mpsc::UnboundedSender<Arrived>);

/// A call that has come to the inner service.
pub struct Arrived {
    pub request: Request<Body>,
    pub answer: oneshot::Sender<Response<Body>>,
}

/// All of them.
pub struct Calls(mpsc::UnboundedReceiver<Arrived>);

pub type Caller = Spawn<ResponseFuture<Inner, Body, (), ShareAll>>;

impl Service<Request<Body>> for Inner {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (answer, answered) = oneshot::channel();
        self.0.send(Arrived { request, answer }).ok();
        Box::pin(async { answered.await.map_err(|_| Status::aborted("unanswered")) })
    }
}

impl Calls {
    /// The next call, which is there already.
    #[track_caller]
    pub fn next(&mut self) -> Arrived {
        self.0.try_recv().expect("no call")
    }

    #[track_caller]
    pub fn assert_no_more(&mut self) {
        assert!(self.0.try_recv().is_err(), "another call");
    }
}

pub fn pool(layer: GrpcPoolLayer<Body>) -> (GrpcPool<Inner, Body>, Calls) {
    let (calls, come) = mpsc::unbounded_channel();
    (layer.layer(Inner(calls)), Calls(come))
}

/// Sends a request, as far as it gets by itself.
#[track_caller]
pub fn send(pool: &GrpcPool<Inner, Body>, request: Request<Body>) -> Caller {
    let mut caller = task::spawn(pool.request(request));
    tokio_test::assert_pending!(caller.poll());
    caller
}

/// A call of `Get`, as tonic's clients write it.
pub fn ask<B>(body: B) -> Request<Body>
where
    B: http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
{
    Request::post(format!("http://localhost{GET}"))
        .version(http::Version::HTTP_2)
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .body(Body::new(body))
        .unwrap()
}

/// A message, with what gRPC puts before it.
pub fn message(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[0], &length[..], payload].concat()
}

/// How a body has ended, so far.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It has not.
    Open,
    Over,
    Trailers(HeaderMap),
    Failed(Code, String),
}

/// All of a body that is there: its bytes, and its end. It does not say that it
/// is over before it is.
pub fn read(body: &mut Body) -> (Vec<u8>, End) {
    let (mut bytes, mut end) = (Vec::new(), End::Over);
    loop {
        let is_over = body.is_end_stream();
        let mut cx = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut *body).poll_frame(&mut cx);
        assert!(!is_over || matches!(polled, Poll::Ready(None)));
        let frame = match polled {
            Poll::Pending => return (bytes, End::Open),
            Poll::Ready(None) => return (bytes, end),
            Poll::Ready(Some(Err(status))) => {
                let end = End::Failed(status.code(), status.message().to_owned());
                return (bytes, end);
            }
            Poll::Ready(Some(Ok(frame))) => frame,
        };
        match frame.into_data() {
            Ok(data) => {
                assert_eq!(end, End::Over, "data after trailers");
                bytes.extend_from_slice(&data);
            }
            Err(frame) => end = End::Trailers(frame.into_trailers().unwrap()),
        }
    }
}
