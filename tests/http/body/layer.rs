//! `ShareBodyLayer`: responses that can be cloned.

use std::{convert::Infallible, io};

use bytes::Bytes;
use http::Response;
use tower::{Layer, ServiceExt, service_fn};
use tower_pool::http::ShareBodyLayer;

use crate::bodies::{Reader, Script};

#[tokio::test]
async fn a_response_can_be_cloned_and_all_but_its_body_is_as_it_was() {
    let (script, body) = Script::new();
    let mut body = Some(body);
    let service = ShareBodyLayer::default().layer(service_fn(move |status: u16| {
        let body = body.take().expect("one call");
        let response = Response::builder()
            .status(status)
            .header("x", "y")
            .body(body);
        async { Ok::<_, Infallible>(response.unwrap()) }
    }));
    let response = service.oneshot(418).await.unwrap();
    let (parts, one) = response.clone().into_parts();
    let other = response.into_body();
    assert_eq!(
        (parts.status.as_u16(), &parts.headers["x"]),
        (418, &"y".parse().unwrap())
    );
    script.data("shared").end();
    assert_eq!(Reader::new(one).rest().0, b"shared");
    assert_eq!(Reader::new(other).rest().0, b"shared");
}

#[tokio::test]
async fn the_error_of_a_service_is_its_own() {
    let service = ShareBodyLayer::new().layer(service_fn(|()| async {
        Err::<Response<http_body_util::Empty<Bytes>>, _>(io::Error::other("no"))
    }));
    let error: io::Error = service.oneshot(()).await.unwrap_err();
    assert_eq!(error.to_string(), "no");
}

#[tokio::test]
async fn the_limit_of_the_layer_is_that_of_its_bodies() {
    let (script, body) = Script::new();
    let mut body = Some(body);
    let service = ShareBodyLayer::new()
        .max_lag(1)
        .layer(service_fn(move |()| {
            let response = Response::new(body.take().expect("one call"));
            async { Ok::<_, Infallible>(response) }
        }));
    let response = service.oneshot(()).await.unwrap();
    let mut slow = Reader::new(response.clone().into_body());
    let mut fast = Reader::new(response.into_body());
    script.data("12").data("34").end();
    fast.rest();
    assert!(slow.error().is_lagged());
}
