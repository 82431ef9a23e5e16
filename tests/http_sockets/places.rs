//! Where the layer fits on the side of a server.

use axum::{Router, ServiceExt, body::Body, routing};
use http::{Request, StatusCode};
use tower::ServiceBuilder;
use tower_pool::PoolLayer;

use crate::{
    client::{ask, get, send},
    origin::origin,
    server::{Watch, serve, serve_as_it_is, serve_by, serve_hyper, to_axum},
    support::{all, assert_all_say, assert_one_leads, handler},
};

/// Five GETs of `/report` at once are one call, and have one answer.
macro_rules! shares_one_call {
    ($server:expr, $watch:expr, $script:expr) => {
        let sent = (0..5).map(|_| send($server.addr, ask(get("/report"))));
        let sent: Vec<_> = sent.collect();
        let call = $script.call().await;
        assert_eq!(call.parts.uri.path(), "/report");
        $watch.entered(5).await;
        assert_eq!(($watch.led(), $watch.joined()), (1, 4));
        call.text("one for all");
        let answers = all(sent).await;
        assert_all_say(&answers, "one for all");
        assert_one_leads(&answers);
        assert_eq!(($script.count(), $watch.in_flight()), (1, 0));
    };
}

#[tokio::test]
async fn on_a_router() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()));
    let server = serve(app).await;
    shares_one_call!(server, watch, script);
}

/// As the docs of `tower_pool::http` and of `PoolLayer::http` have it. axum makes
/// the routes of such a router for each connection.
#[tokio::test]
async fn on_a_router_that_is_handed_to_axums_server_as_it_is() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()));
    let server = serve_as_it_is(app).await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn on_a_router_by_into_make_service() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()));
    let server = serve_by(|listener| async move {
        axum::serve(listener, app.into_make_service())
            .await
            .unwrap();
    })
    .await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn on_a_router_by_route_layer() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .route_layer(watch.on(PoolLayer::http()));
    let server = serve(app).await;
    shares_one_call!(server, watch, script);
    let stray = send(server.addr, ask(get("/stray"))).await.unwrap();
    assert_eq!((stray.status, stray.role()), (StatusCode::NOT_FOUND, ""));
}

#[tokio::test]
async fn on_a_method_router() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let report = routing::get(handler(&origin)).layer(watch.on(PoolLayer::http()));
    let server = serve(Router::new().route("/report", report)).await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn on_a_router_with_state() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let report = |axum::extract::State(state): axum::extract::State<crate::origin::Origin>,
                  request: axum::extract::Request| state.handle(request);
    let app = Router::new()
        .route("/report", routing::get(report))
        .layer(watch.on(PoolLayer::http()))
        .with_state(origin);
    let server = serve(app).await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn around_a_whole_router_under_axums_server() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let router: Router = Router::new().route("/report", routing::get(handler(&origin)));
    let app = ServiceBuilder::new()
        .map_response(to_axum)
        .layer(watch.on(PoolLayer::http()))
        .service(router);
    let server = serve_by(|listener| async move {
        let app = ServiceExt::<Request<Body>>::into_make_service(app);
        axum::serve(listener, app).await.unwrap();
    })
    .await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn on_a_service_under_a_plain_hyper_server() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = ServiceBuilder::new()
        .layer(watch.on(PoolLayer::http()))
        .service(origin);
    let server = serve_hyper(app).await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn on_a_router_under_a_plain_hyper_server_given_its_state() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app: Router = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()))
        .with_state(());
    let server = serve_hyper(app).await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn around_a_whole_router_under_a_plain_hyper_server() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let router = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .with_state(());
    let app = ServiceBuilder::new()
        .layer(watch.on(PoolLayer::http()))
        .service(router);
    let server = serve_hyper(app).await;
    shares_one_call!(server, watch, script);
}

#[tokio::test]
async fn routes_under_one_layer_never_mix() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .route("/logs", routing::get(handler(&origin)))
        .route("/logs/{id}", routing::get(handler(&origin)))
        .fallback(handler(&origin))
        .layer(watch.on(PoolLayer::http()));
    let server = serve(app).await;
    let paths = [
        "/report",
        "/logs",
        "/logs/1",
        "/logs/2",
        "/report?id=1",
        "/else",
    ];
    let twice = paths.iter().chain(&paths);
    let sent = twice.map(|path| (path, send(server.addr, ask(get(path)))));
    let sent: Vec<_> = sent.collect();
    watch.entered(12).await;
    for call in script.calls(6).await {
        let path = call.parts.uri.to_string();
        call.text(path);
    }
    for (path, answer) in sent {
        assert_eq!(answer.await.unwrap().text(), *path);
    }
    assert_eq!((script.count(), watch.joined()), (6, 6));
}

#[tokio::test]
async fn the_next_round_is_a_new_call() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()));
    let server = serve(app).await;
    for (round, text) in ["first", "second"].into_iter().enumerate() {
        let sent = (0..3)
            .map(|_| send(server.addr, ask(get("/report"))))
            .collect();
        let call = script.call().await;
        watch.entered(3 * (round as u64 + 1)).await;
        call.text(text);
        assert_all_say(&all(sent).await, text);
    }
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn a_post_passes_through_each_for_itself() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::post(handler(&origin)))
        .layer(watch.on(PoolLayer::http()));
    let server = serve(app).await;
    let post = || ask(Request::post("/report"));
    let sent = vec![send(server.addr, post()), send(server.addr, post())];
    for call in script.calls(2).await {
        call.text("done");
    }
    let answers = all(sent).await;
    assert!(answers.iter().all(|answer| answer.role() == "solo"));
}
