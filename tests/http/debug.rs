//! What is printed of a pool says what it is, and nothing of what was asked for.

use std::convert::Infallible;

use http::{Request, Response};
use tokio_test::{assert_pending, task};
use tower::{Layer, service_fn};
use tower_pool::{
    KeyExtractor, PoolLayer,
    http::{Credentials, HttpKey, SharedBody},
};

use crate::{
    printed::{SECRET, assert_prints},
    support::{Body, empty, get},
};

#[tokio::test]
async fn what_is_printed_names_its_type_and_no_secret_of_a_request() {
    let request = || {
        let request = get(&format!("/{SECRET}")).header("authorization", SECRET);
        empty(request)
    };
    let key = HttpKey::new().credentials(Credentials::Key);
    assert_prints(&key, "HttpKey", &["credentials: Key"]);
    let keyed = key.extract(&request()).expect("a key");
    assert_prints(&keyed, "RequestKey", &[]);

    let layer = PoolLayer::http()
        .credentials(Credentials::Key)
        .name("reports");
    assert_prints(&layer, "HttpPoolLayer", &["credentials: Key", "reports"]);
    let pool = layer.layer(service_fn(|_: Request<Body>| async {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(Response::new(Body::from(SECRET)))
    }));
    assert_prints(&pool, "HttpPool ", &["flights: None", "in_flight: 0"]);

    let mut caller = task::spawn(Box::pin(pool.request(request())));
    assert_pending!(caller.poll());
    assert_prints(&pool, "HttpPool ", &["reports", "in_flight: 1", "led: 1"]);
    assert_prints(&*caller, "ResponseFuture", &[]);
    let body = caller.await.expect("a response").into_body();
    assert_prints(&body, "SharedBody", &["read: 0"]);
}

#[test]
fn what_is_printed_of_a_body_tells_how_far_it_was_read() {
    let mut body = SharedBody::new(Body::from(SECRET));
    let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
    let frame = http_body::Body::poll_frame(std::pin::Pin::new(&mut body), cx);
    assert!(frame.is_ready());
    assert_prints(&body, "SharedBody", &["read: 8"]);
}
