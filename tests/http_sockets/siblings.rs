//! Services that axum makes anew for what is the same route, and for what is not.

use axum::{Router, body::Body, response::Response, routing};
use http::Request;
use http_body_util::BodyExt;
use tokio_test::{assert_pending, task::spawn};
use tower::ServiceExt;
use tower_pool::{
    PoolLayer,
    http::{HttpPoolLayer, Role},
};

use crate::{
    origin::{Script, origin},
    support::handler,
};

/// A router of `GET /report`, and the script of its handler.
fn app(layer: HttpPoolLayer<Body>) -> (Router, Script) {
    let (origin, script) = origin();
    let report = routing::get(handler(&origin));
    (Router::new().route("/report", report).layer(layer), script)
}

fn report() -> Request<Body> {
    let request = Request::get("/report").header("host", "localhost");
    request.body(Body::empty()).unwrap()
}

async fn role_and_text(response: Response) -> (Role, String) {
    let role = *response.extensions().get().expect("every response has it");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (role, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_router_that_is_called_as_a_service_shares_though_it_makes_its_routes_for_each_request() {
    let (app, mut script) = app(PoolLayer::http());
    let mut first = spawn(app.clone().oneshot(report()));
    assert_pending!(first.poll());
    let mut second = spawn(app.oneshot(report()));
    assert_pending!(second.poll());
    script.call().await.text("one for both");
    let text = "one for both".to_owned();
    assert_eq!(
        role_and_text(first.await.unwrap()).await,
        (Role::Leader, text.clone())
    );
    assert_eq!(
        role_and_text(second.await.unwrap()).await,
        (Role::Follower, text)
    );
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn two_routers_of_one_layer_and_path_never_mix() {
    let layer = PoolLayer::http();
    let (north, mut north_script) = app(layer.clone());
    let (south, mut south_script) = app(layer);
    for (north, south) in [
        (north.clone(), south.clone()),
        (north.with_state(()), south.with_state(())),
    ] {
        let mut to_north = spawn(north.oneshot(report()));
        assert_pending!(to_north.poll());
        let mut to_south = spawn(south.oneshot(report()));
        assert_pending!(to_south.poll());
        north_script.call().await.text("north");
        south_script.call().await.text("south");
        let north = (Role::Leader, "north".to_owned());
        let south = (Role::Leader, "south".to_owned());
        assert_eq!(role_and_text(to_north.await.unwrap()).await, north);
        assert_eq!(role_and_text(to_south.await.unwrap()).await, south);
    }
}

#[tokio::test]
async fn a_layer_that_is_there_twice_does_not_wait_for_itself() {
    let layer = PoolLayer::http();
    let (origin, mut script) = origin();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(layer.clone())
        .layer(PoolLayer::http())
        .layer(layer.clone())
        .layer(layer);
    let mut first = spawn(app.clone().oneshot(report()));
    assert_pending!(first.poll());
    let mut second = spawn(app.oneshot(report()));
    assert_pending!(second.poll());
    script.call().await.text("one for both");
    assert_eq!(first.await.unwrap().status(), 200);
    assert_eq!(second.await.unwrap().status(), 200);
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_layer_that_was_set_otherwise_is_another() {
    let layer = PoolLayer::http();
    let (origin, mut script) = origin();
    let base = Router::new().route("/report", routing::get(handler(&origin)));
    let mut one = spawn(base.clone().layer(layer.clone()).oneshot(report()));
    assert_pending!(one.poll());
    let mut other = spawn(base.layer(layer.max_callers(2)).oneshot(report()));
    assert_pending!(other.poll());
    for call in script.calls(2).await {
        call.text("each its own");
    }
    assert_eq!(role_and_text(one.await.unwrap()).await.0, Role::Leader);
    assert_eq!(role_and_text(other.await.unwrap()).await.0, Role::Leader);
}
