//! Requests that the pool does not even look into.

use http::{Method, Request};
use tonic::body::Body;
use tower_pool::PoolLayer;

use crate::{
    bodies::Script,
    inner::{End, ask, message, pool, read, send},
    support::GET,
};

/// Both of two equal ones come to the inner service with their head, and a body
/// that nobody has polled.
#[track_caller]
fn assert_untouched(change: impl Fn(&mut Request<Body>)) {
    let (pool, mut calls) = pool(PoolLayer::grpc().method(GET));
    for _ in 0..2 {
        let (script, body) = Script::new();
        let mut request = ask(body);
        change(&mut request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (version, headers) = (request.version(), request.headers().clone());
        script.data(message(b"tea"));

        let _caller = send(&pool, request);
        let arrived = calls.next().request;
        assert_eq!(script.polls(), 0);
        assert_eq!((arrived.method(), arrived.uri()), (&method, &uri));
        assert_eq!((arrived.version(), arrived.headers()), (version, &headers));
        let mut body = arrived.into_body();
        assert_eq!(read(&mut body), (message(b"tea"), End::Open));
    }
    calls.assert_no_more();
    let stats = pool.stats();
    assert_eq!((stats.led, stats.joined, stats.solo), (0, 0, 2));
}

#[track_caller]
fn is_pooled(content_type: &str) -> bool {
    let (pool, _calls) = pool(PoolLayer::grpc().method(GET));
    let (script, body) = Script::new();
    script.data(message(b"tea")).end();
    let mut request = ask(body);
    let content_type = content_type.parse().unwrap();
    request.headers_mut().insert("content-type", content_type);
    let _caller = send(&pool, request);
    pool.stats().led == 1
}

#[test]
fn grpc_is_pooled_however_its_messages_are_written() {
    for content_type in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc+json",
        "application/grpc;charset=utf-8",
    ] {
        assert!(is_pooled(content_type), "{content_type}");
    }
}

#[test]
fn other_content_is_not_looked_into() {
    for content_type in [
        "application/json",
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpc-web-text+proto",
        "application/grpcx",
        "application/grp",
        "",
    ] {
        let content_type: http::HeaderValue = content_type.parse().unwrap();
        assert_untouched(|request| {
            let headers = request.headers_mut();
            headers.insert("content-type", content_type.clone());
        });
    }
    assert_untouched(|request| {
        request.headers_mut().remove("content-type");
    });
}

#[test]
fn other_methods_of_http_are_not_looked_into() {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS] {
        assert_untouched(|request| *request.method_mut() = method.clone());
    }
}

#[test]
fn methods_that_were_not_named_are_not_looked_into() {
    for path in [
        "/shop.Catalog/Upload",
        "/shop.Catalog/get",
        "/shop.Catalog/Get/",
        "/shop.Catalog/GetAll",
        "/shop.Catalo/Get",
        "/",
    ] {
        assert_untouched(|request| *request.uri_mut() = path.parse().unwrap());
    }
}
