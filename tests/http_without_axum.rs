//! With the feature `http`, but not `axum`, a layer in an axum app is refused:
//! it could not tell the tenants of a nested router apart.
#![cfg(not(feature = "axum"))]

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, service_fn};
use tower_pool::PoolLayer;

fn refusal(make: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(make)).expect_err("it is refused");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[track_caller]
fn assert_clear(message: &str) {
    assert!(message.contains("feature `axum`"), "{message}");
    assert!(message.contains("tenant"), "{message}");
}

#[test]
fn a_layer_on_a_service_for_axums_body_is_refused_with_a_clear_message() {
    let service = service_fn(|_: Request<Body>| async {
        Ok::<_, Infallible>(Response::<Full<Bytes>>::default())
    });
    assert_clear(&refusal(|| drop(PoolLayer::http::<Body>().layer(service))));
}

#[test]
fn a_layer_around_a_whole_router_is_refused() {
    let router: Router = Router::new().route("/report", get(|| async { "report" }));
    assert_clear(&refusal(|| drop(PoolLayer::http::<Body>().layer(router))));
}

#[test]
fn a_layer_on_another_body_is_not() {
    let service = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::<Full<Bytes>>::default())
    });
    drop(PoolLayer::http::<Full<Bytes>>().layer(service));
}
