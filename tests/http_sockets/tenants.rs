//! A layer inside of a nested router sees what the outer one has stripped.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, OriginalUri, Path},
    routing,
};
use http::Request;
use tower::ServiceBuilder;
use tower_pool::PoolLayer;

use crate::{
    client::{ask, get, open, send},
    origin::{Call, Script, origin},
    server::{Server, Watch, serve, serve_by, to_axum},
    support::{all, handler},
};

/// Two tenants ask twice each for the same path below their own: two calls, and
/// each is told its own.
async fn assert_apart(server: Server, watch: Watch, mut script: Script) {
    let paths = ["/north/report", "/south/report"];
    let twice = paths.iter().chain(&paths);
    let sent = twice.map(|path| (path, send(server.addr, ask(get(path)))));
    let sent: Vec<_> = sent.collect();
    watch.entered(4).await;
    for call in script.calls(2).await {
        let path = original(&call);
        call.text(path);
    }
    for (path, answer) in sent {
        assert_eq!(answer.await.unwrap().text(), *path);
    }
    assert_eq!((script.count(), watch.joined()), (2, 2));
}

fn original(call: &Call) -> String {
    let OriginalUri(uri) = call.parts.extensions.get().expect("axum has kept it");
    uri.to_string()
}

#[tokio::test]
async fn under_nest_with_the_layer_inside_tenants_are_apart() {
    let (origin, script) = origin();
    let watch = Watch::default();
    let inner = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()));
    let server = serve(Router::new().nest("/{tenant}", inner)).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_with_the_layer_on_the_method_tenants_are_apart() {
    let (origin, script) = origin();
    let watch = Watch::default();
    let report = routing::get(handler(&origin)).layer(watch.on(PoolLayer::http()));
    let inner = Router::new().route("/report", report);
    let server = serve(Router::new().nest("/{tenant}", inner)).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_with_the_layer_outside_tenants_are_apart() {
    let (origin, script) = origin();
    let watch = Watch::default();
    let inner = Router::new().route("/report", routing::get(handler(&origin)));
    let app = Router::new().nest("/{tenant}", inner);
    let server = serve(app.layer(watch.on(PoolLayer::http()))).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_service_with_the_layer_around_a_service_tenants_are_apart() {
    let (origin, script) = origin();
    let watch = Watch::default();
    let inner = ServiceBuilder::new()
        .map_response(to_axum)
        .layer(watch.on(PoolLayer::http()))
        .service(origin);
    let server = serve(Router::new().nest_service("/{tenant}", inner)).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_service_with_the_layer_inside_of_a_router_tenants_are_apart() {
    let (origin, script) = origin();
    let watch = Watch::default();
    let inner: Router = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()))
        .with_state(());
    let server = serve(Router::new().nest_service("/{tenant}", inner)).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_in_nest_tenants_are_apart() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let report = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http()));
    let of_tenant = Router::new().nest("/{project}", report);
    let server = serve(Router::new().nest("/{tenant}", of_tenant)).await;
    let paths = ["/north/a/report", "/south/a/report", "/north/b/report"];
    let sent: Vec<_> = paths
        .map(|path| (path, send(server.addr, ask(get(path)))))
        .into();
    for call in script.calls(3).await {
        let path = original(&call);
        call.text(path);
    }
    for (path, answer) in sent {
        assert_eq!(answer.await.unwrap().text(), path);
    }
    assert_eq!(watch.joined(), 0);
}

/// The URI is rewritten by a layer in front: what it was, and what it is, count.
#[tokio::test]
async fn a_handler_that_reads_the_tenant_from_its_path_is_told_the_right_one() {
    let watch = Watch::default();
    let (origin, mut script) = origin();
    let report = move |Path(tenant): Path<String>, request: axum::extract::Request| async move {
        let response = origin.handle(request).await;
        response.map(|_| Body::from(tenant))
    };
    let inner = Router::new()
        .route("/report", routing::get(report))
        .layer(watch.on(PoolLayer::http()));
    let server = serve(Router::new().nest("/{tenant}", inner)).await;
    let north = send(server.addr, ask(get("/north/report")));
    let south = send(server.addr, ask(get("/south/report")));
    for call in script.calls(2).await {
        call.text("");
    }
    assert_eq!(north.await.unwrap().text(), "north");
    assert_eq!(south.await.unwrap().text(), "south");
}

async fn serve_with_peers(app: Router) -> Server {
    serve_by(|listener| async move {
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, app).await.unwrap();
    })
    .await
}

fn peer(request: &Request<Body>) -> Option<SocketAddr> {
    let peer: Option<&ConnectInfo<SocketAddr>> = request.extensions().get();
    peer.map(|peer| peer.0)
}

#[tokio::test]
async fn an_identity_in_the_extensions_keeps_apart_if_it_is_added_to_the_key() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http().and(peer)));
    let server = serve_with_peers(app).await;
    // Each has a connection, and so a port, of its own.
    let sent = (0..3)
        .map(|_| send(server.addr, ask(get("/report"))))
        .collect();
    for (index, call) in script.calls(3).await.into_iter().enumerate() {
        call.text(index.to_string());
    }
    let mut told: Vec<_> = all(sent)
        .await
        .iter()
        .map(|a| a.text().to_owned())
        .collect();
    told.sort();
    assert_eq!(told, ["0", "1", "2"]);
    assert_eq!((watch.led(), watch.joined()), (3, 0));
}

#[tokio::test]
async fn requests_of_one_identity_in_the_extensions_share() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let address = |request: &Request<Body>| peer(request).map(|peer| peer.ip());
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http().and(address)));
    let server = serve_with_peers(app).await;
    let sent: Vec<_> = (0..3)
        .map(|_| send(server.addr, ask(get("/report"))))
        .collect();
    watch.entered(3).await;
    script.call().await.text("for this house");
    crate::support::assert_one_leads(&all(sent).await);
}

#[tokio::test]
async fn a_request_without_the_identity_that_is_asked_for_passes_by() {
    let (origin, mut script) = origin();
    let watch = Watch::default();
    let app = Router::new()
        .route("/report", routing::get(handler(&origin)))
        .layer(watch.on(PoolLayer::http().and(peer)));
    let server = serve(app).await; // that says nothing of peers
    let opened = tokio::spawn(open(server.addr, ask(get("/report"))));
    script.call().await.text("yours");
    assert_eq!(opened.await.unwrap().role(), "solo");
}
