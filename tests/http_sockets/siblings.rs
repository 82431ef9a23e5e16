//! Services that axum makes anew for what is the same route, and for what is not.

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    response::Response,
    routing::{self, MethodRouter},
};
use futures::future::BoxFuture;
use http::Request;
use http_body_util::BodyExt;
use tokio_test::{assert_pending, task::spawn};
use tower::{ServiceBuilder, ServiceExt};
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
    let mut second = spawn(app.clone().oneshot(report()));
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
        let mut to_north = spawn(north.clone().oneshot(report()));
        assert_pending!(to_north.poll());
        let mut to_south = spawn(south.clone().oneshot(report()));
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
    let mut second = spawn(app.clone().oneshot(report()));
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
    let (one, other) = (
        base.clone().layer(layer.clone()),
        base.layer(layer.max_callers(2)),
    );
    let mut one = spawn(one.clone().oneshot(report()));
    assert_pending!(one.poll());
    let mut other = spawn(other.clone().oneshot(report()));
    assert_pending!(other.poll());
    for call in script.calls(2).await {
        call.text("each its own");
    }
    assert_eq!(role_and_text(one.await.unwrap()).await.0, Role::Leader);
    assert_eq!(role_and_text(other.await.unwrap()).await.0, Role::Leader);
}

/// Sends the same request to both, and returns what each says.
async fn at_once(one: Router, other: Router, tell: [&str; 2]) -> [(Role, String); 2] {
    let request = |tell: &str| {
        let request = Request::get("/report").header("host", "localhost");
        request.header("x-tell", tell).body(Body::empty()).unwrap()
    };
    // Clones, so that the routers live on, as they do in a server.
    let mut first = spawn(one.clone().oneshot(request(tell[0])));
    assert_pending!(first.poll());
    let mut second = spawn(other.clone().oneshot(request(tell[1])));
    assert_pending!(second.poll());
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    [role_and_text(first).await, role_and_text(second).await]
}

/// A handler that takes its time to say who it is.
fn says(who: &'static str) -> impl Fn() -> BoxFuture<'static, &'static str> + Clone + Send + Sync {
    move || {
        Box::pin(async move {
            tokio::task::yield_now().await;
            who
        })
    }
}

fn own(who: &str) -> (Role, String) {
    (Role::Leader, who.to_owned())
}

#[tokio::test]
async fn clones_of_a_router_that_differ_below_the_pool_never_mix() {
    let layer = PoolLayer::http();
    let base = Router::new().route("/report", routing::post(says("posted")));
    let north = base.clone().route("/report", routing::get(says("north")));
    let south = base.route("/report", routing::get(says("south")));
    let (north, south) = (north.layer(layer.clone()), south.layer(layer));
    let got = at_once(north.clone(), south.clone(), ["", ""]).await;
    assert_eq!(got, [own("north"), own("south")]);
    let got = at_once(north.with_state(()), south.with_state(()), ["", ""]).await;
    assert_eq!(got, [own("north"), own("south")]);
}

/// One route, behind which the tenant is told apart outside of both pools.
async fn dispatched(north: Router, south: Router) -> [(Role, String); 2] {
    let dispatch = move |request: Request<Body>| {
        let north_is_asked = request.headers()["x-tell"] == "north";
        let tenant = if north_is_asked { &north } else { &south };
        tenant.clone().oneshot(request)
    };
    let app = Router::new().route("/report", routing::any(dispatch));
    at_once(app.clone(), app, ["north", "south"]).await
}

#[tokio::test]
async fn services_behind_one_route_never_mix() {
    let layer = PoolLayer::http();
    let (north, south) = (routing::get(says("north")), routing::get(says("south")));
    let by_layer = |service: MethodRouter| Router::new().route("/report", service);
    let got = dispatched(
        by_layer(north.clone().layer(layer.clone())),
        by_layer(south.clone().layer(layer.clone())),
    );
    assert_eq!(got.await, [own("north"), own("south")]);
    let got = dispatched(
        by_layer(north.route_layer(layer.clone())).with_state(()),
        by_layer(south.route_layer(layer.clone())).with_state(()),
    );
    assert_eq!(got.await, [own("north"), own("south")]);

    let fallback = |who| Router::new().fallback(says(who)).layer(layer.clone());
    let got = dispatched(fallback("north"), fallback("south")).await;
    assert_eq!(got, [own("north"), own("south")]);
    let with_state = |who| fallback(who).with_state(());
    let got = dispatched(with_state("north"), with_state("south")).await;
    assert_eq!(got, [own("north"), own("south")]);
}

#[tokio::test]
async fn a_method_router_under_two_paths_and_in_two_routers_never_mixes() {
    let report = routing::get_service(ServiceBuilder::new().service_fn(|_: Request<Body>| async {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(Response::new(Body::from("south")))
    }));
    let report: MethodRouter = report.layer(PoolLayer::http());
    let north = report.clone().merge(routing::head(says("north")));
    let north = Router::new().route("/report", north);
    let south = Router::new().route("/report", report);
    let got = at_once(north, south, ["", ""]).await;
    assert_eq!(got[1].1, "south");
    assert_eq!(got[0].1, "south");
}
