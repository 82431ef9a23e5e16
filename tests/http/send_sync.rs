//! What the public types are, for services that are no more than they have to be.

use std::{
    cell::Cell,
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
    http::{
        Credentials, HttpKey, HttpPolicy, HttpPool, HttpPoolLayer, Join, RequestKey,
        ResponseFuture, Role,
    },
};

/// A service that is neither `Sync` nor `Unpin` nor `Debug`.
#[derive(Clone)]
struct Least(Cell<u8>, PhantomPinned);

/// The body of a request and of a response, neither `Sync` nor `Unpin`.
#[derive(Default)]
struct LeastBody(Cell<u8>, PhantomPinned);

impl Body for LeastBody {
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
    type Response = Response<LeastBody>;
    type Error = SharedError;
    type Future = BoxFuture<'static, Result<Self::Response, SharedError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SharedError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<LeastBody>) -> Self::Future {
        self.0.set(self.0.get() + 1);
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(Response::new(LeastBody::default()))
        })
    }
}

#[test]
fn the_public_types_are_send_and_sync() {
    fn all<T: Send + Sync + Unpin + Clone + std::fmt::Debug>() {}
    all::<HttpPoolLayer<LeastBody>>();
    all::<HttpKey>();
    all::<HttpPolicy>();
    all::<RequestKey>();
    all::<(Credentials, Join, Role)>();

    fn sendable<T: Send + Clone + std::fmt::Debug>() {}
    sendable::<HttpPool<Least, LeastBody>>();
    fn future<T: Send + Unpin + std::fmt::Debug>() {}
    future::<ResponseFuture<Least, LeastBody, (), ShareAll>>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_send_and_clone_and_nothing_else_can_be_pooled_across_threads() {
    let layer = PoolLayer::http().join(Join::UntilBody);
    let pool = layer.layer(Least(Cell::new(0), PhantomPinned));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let mut pool = pool.clone(); // a service of its own, for it is not Sync
            tokio::spawn(async move { pool.call(Request::new(LeastBody::default())).await })
        })
        .collect();
    for caller in callers {
        assert!(caller.await.expect("no panic").is_ok());
    }
    assert_eq!(pool.in_flight(), 0);
}
