//! A service is called when it is ready, and not before.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_pool::{PoolLayer, http::ShareBodyLayer};

use crate::support::{Body, empty, get};

async fn answer(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    tokio::task::yield_now().await;
    Ok(Response::new(Body::default()))
}

/// It panics if it is called while it is busy.
#[tokio::test]
async fn a_service_that_takes_one_call_at_a_time_takes_those_of_two_keys_in_turn() {
    let pool = PoolLayer::http().layer(
        ServiceBuilder::new()
            .concurrency_limit(1)
            .service(service_fn(answer)),
    );
    let ask = |path| pool.request(empty(get(path)));
    let (one, other) = tokio::join!(ask("/1"), ask("/2"));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(pool.stats().led, 2);
}

#[tokio::test]
async fn a_service_whose_bodies_are_shared_is_ready_when_it_is_without() {
    let mut service = ServiceBuilder::new()
        .layer(ShareBodyLayer::new())
        .concurrency_limit(1)
        .service(service_fn(answer));
    let ready = service.ready().await.expect("it cannot fail");
    let first = ready.call(empty(get("/")));
    let mut again = tokio_test::task::spawn(service.ready());
    tokio_test::assert_pending!(again.poll());
    drop(first);
    assert!(again.is_woken());
    tokio_test::assert_ready!(again.poll()).expect("it cannot fail");
}
