//! What is printed of a pool says what it is, and nothing of what was asked for.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::Full;
use tokio_test::assert_ready;
use tonic::body::Body;
use tower::{BoxError, Layer, service_fn};
use tower_pool::{
    PoolLayer,
    grpc::{GrpcPoolLayer, ReplayBody},
};

use crate::{
    inner::{ask, message, pool, send},
    printed::{SECRET, assert_prints},
    support::GET,
};

fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc().method(GET).service("shop.Catalog")
}

#[test]
fn what_is_printed_names_its_type_and_no_secret_of_a_request() {
    let layer = layer().methods_that(|path: &str| path.ends_with("/List"));
    let methods = [GET, "/shop.Catalog/", "predicates: 1"];
    assert_prints(&layer, "GrpcPoolLayer", &methods);
    let (pool, mut calls) = pool(layer);
    assert_prints(&pool, "GrpcPool ", &["in_flight: 0"]);

    let request = ask(Full::from(message(SECRET.as_bytes())));
    let mut caller = send(&pool, request);
    assert_prints(&pool, "GrpcPool ", &["in_flight: 1"]);
    assert_prints(&*caller, "ResponseFuture", &[]);
    let answer = Body::new(Full::from(SECRET));
    calls.next().answer.send(Response::new(answer)).unwrap();
    let response = assert_ready!(caller.poll()).expect("a response");
    assert_prints(response.body(), "ResponseBody", &["shared"]);
}

#[test]
fn what_is_printed_of_an_error_is_the_error() {
    let (pool, mut calls) = pool(layer());
    let mut caller = send(&pool, ask(Full::from(message(b"tea"))));
    drop(calls.next());
    let error = assert_ready!(caller.poll()).expect_err("nobody answers");
    assert_prints(&error, "GrpcError(", &["unanswered"]);
}

/// A body of a user's own.
enum Own {
    Sent(Full<Bytes>),
    Replayed(Box<ReplayBody<Own>>),
}

impl From<ReplayBody<Self>> for Own {
    fn from(body: ReplayBody<Self>) -> Self {
        Self::Replayed(Box::new(body))
    }
}

impl http_body::Body for Own {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Sent(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Replayed(body) => Pin::new(&mut **body).poll_frame(cx),
        }
    }
}

#[tokio::test]
async fn what_is_printed_of_a_request_that_was_read_is_how_much() {
    let inner = service_fn(|request: Request<Own>| async move {
        let Own::Replayed(body) = request.body() else {
            panic!("nobody has read it");
        };
        assert_prints(body, "ReplayBody", &["read: 13"]);
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let pool = PoolLayer::grpc().method(GET).layer(inner);
    let message = Full::from(message(SECRET.as_bytes()));
    let request = ask(Full::<Bytes>::default()).map(|_| Own::Sent(message));
    assert!(pool.request(request).await.is_ok());
}
