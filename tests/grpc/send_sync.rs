//! What the public types are, for services that are no more than they have to be.

use std::{
    cell::Cell,
    fmt::Debug,
    marker::PhantomPinned,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame};
use tower::{Layer, Service};
use tower_pool::{
    PoolLayer, ShareAll, SharedError,
    grpc::{GrpcError, GrpcPool, GrpcPoolLayer, ReplayBody, RequestBody, ResponseFuture},
};

use crate::support::GET;

/// A service that is neither `Sync` nor `Unpin` nor `Debug`.
#[derive(Clone)]
struct Least(Cell<u8>, PhantomPinned);

/// The body of a request, not `Sync`: a message.
struct LeastBody(Cell<usize>);

/// The body of a response, neither `Sync` nor `Unpin`.
#[derive(Default)]
struct LeastAnswer(Cell<u8>, PhantomPinned);

/// The error of a request's body, not `Sync`.
struct LeastError(Cell<u8>);

impl From<LeastError> for tower::BoxError {
    fn from(error: LeastError) -> Self {
        error.0.get().to_string().into()
    }
}

impl Body for LeastBody {
    type Data = Bytes;
    type Error = LeastError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LeastError>>> {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        let data = Bytes::from_static(&[0]);
        Poll::Ready((left > 0).then_some(Ok(Frame::data(data))))
    }
}

impl From<ReplayBody<Self>> for LeastBody {
    fn from(body: ReplayBody<Self>) -> Self {
        Self(Cell::new(body.size_hint().lower() as usize))
    }
}

impl Body for LeastAnswer {
    type Data = Bytes;
    type Error = SharedError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SharedError>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.0.get() == 0
    }
}

impl Service<Request<LeastBody>> for Least {
    type Response = Response<LeastAnswer>;
    type Error = SharedError;
    type Future = BoxFuture<'static, Result<Self::Response, SharedError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SharedError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<LeastBody>) -> Self::Future {
        self.0.set(self.0.get() + 1);
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(Response::new(LeastAnswer::default()))
        })
    }
}

#[test]
fn the_public_types_are_send_and_sync() {
    fn all<T: Send + Sync + Unpin + Clone + Debug>() {}
    all::<GrpcPoolLayer<LeastBody>>();

    fn plain<T: Send + Sync + Unpin + Debug>() {}
    plain::<GrpcError<SharedError>>();

    fn sendable<T: Send + Clone + Debug>() {}
    sendable::<GrpcPool<Least, LeastBody>>();
    fn future<T: Send + Unpin + Debug>() {}
    future::<ResponseFuture<Least, LeastBody, (), ShareAll>>();
    future::<ReplayBody<LeastBody>>();

    fn request_body<B: RequestBody>() {}
    request_body::<LeastBody>();
    request_body::<tonic::body::Body>();
    request_body::<axum::body::Body>();
}

/// As tonic's clients and servers ask for it.
#[test]
fn a_pool_around_a_channel_is_sync() {
    use tonic::{body::Body, transport::Channel};
    fn all<T: Send + Sync + Unpin + Clone + Debug>() {}
    all::<GrpcPool<Channel, Body>>();
    fn future<T: Send + Unpin + Debug>() {}
    future::<ResponseFuture<Channel, Body, (), ShareAll>>();
    fn error<T: Send + Sync + Debug + Into<tower::BoxError>>() {}
    error::<GrpcError<tonic::transport::Error>>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_send_and_clone_and_nothing_else_can_be_pooled_across_threads() {
    let layer = PoolLayer::grpc().method(GET);
    let pool = layer.layer(Least(Cell::new(0), PhantomPinned));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let mut pool = pool.clone(); // a service of its own, for it is not Sync
            let request = Request::post(GET).header("content-type", "application/grpc");
            // A message of no bytes.
            let request = request.body(LeastBody(Cell::new(5))).expect("a request");
            tokio::spawn(async move { pool.call(request).await })
        })
        .collect();
    for caller in callers {
        assert!(caller.await.expect("no panic").is_ok());
    }
    let stats = pool.stats();
    assert_eq!(stats.led + stats.joined, 8);
    assert_eq!(pool.in_flight(), 0);
}
