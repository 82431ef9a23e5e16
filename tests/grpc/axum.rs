//! gRPC and ordinary HTTP in one axum app.

use std::sync::Arc;

use axum::{Router, extract::State, routing};
use tokio::sync::{Barrier, Semaphore, mpsc};
use tonic::service::Routes;
use tonic_health::{pb::health_client::HealthClient, server::health_reporter};
use tower::ServiceExt;
use tower_pool::PoolLayer;

use crate::{
    proto::{catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{Running, serve_axum},
    shop::{Script, Shop, shop},
    support::{GET, all, assert_all_got, item, send, soon, until},
    watch::Watch,
};

fn catalog(shop: Shop) -> Router {
    Routes::new(CatalogServer::new(shop)).into_axum_router()
}

/// Five `Get`s, each over a connection of its own, are one call.
async fn assert_shares(server: &Running, watch: &Watch, script: &mut Script) {
    let sent = (0..5).map(|_| send(&CatalogClient::new(server.channel()), item("tea")));
    let sent = sent.collect();
    watch.entered(5).await;
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    assert_eq!(watch.seen(), (1, 4, 0));
    script.assert_no_more();
}

#[tokio::test]
async fn on_a_router_of_grpc_and_ordinary_routes() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let app = Router::new()
        .route("/hello", routing::get(async || "hello"))
        .merge(catalog(shop))
        .layer(watch.on(PoolLayer::grpc().method(GET)));
    let server = serve_axum(app).await;
    assert_shares(&server, &watch, &mut script).await;
}

#[tokio::test]
async fn on_the_routes_of_grpc_alone() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let catalog = catalog(shop).layer(watch.on(PoolLayer::grpc().method(GET)));
    let app = Router::new()
        .route("/hello", routing::get(async || "hello"))
        .merge(catalog);
    let server = serve_axum(app).await;
    assert_shares(&server, &watch, &mut script).await;
}

#[tokio::test]
async fn on_a_router_that_was_given_its_state() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let layer = watch.on(PoolLayer::grpc().method(GET));
    let server = serve_axum(catalog(shop).layer(layer).with_state(())).await;
    assert_shares(&server, &watch, &mut script).await;
}

/// The catalog behind a handler: axum makes a service of it for each connection.
fn behind_a_handler(shop: Shop) -> Router {
    let catalog = CatalogServer::new(shop);
    let hand_on = move |request: axum::extract::Request| catalog.clone().oneshot(request);
    Router::new().route(GET, routing::post(hand_on))
}

#[tokio::test]
async fn on_a_handler_that_hands_on_what_comes() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let layer = watch.on(PoolLayer::grpc().method(GET));
    let server = serve_axum(behind_a_handler(shop).layer(layer)).await;
    assert_shares(&server, &watch, &mut script).await;
}

/// Two apps are asked for the same, and each has its own answer.
async fn assert_apart(apps: [Router; 2], scripts: [Script; 2]) {
    let [north, south] = apps.map(serve_axum);
    let servers = [north.await, south.await];
    let sent = servers.each_ref().map(|server| {
        // The same for both, whatever their ports are.
        let origin = "http://shop.example".parse().unwrap();
        let channel = server.endpoint().origin(origin).connect_lazy();
        send(&CatalogClient::new(channel), item("tea"))
    });
    for ((mut script, sent), title) in scripts.into_iter().zip(sent).zip(["north", "south"]) {
        script.get().await.sell(title);
        assert_all_got(&all(vec![sent]).await, title);
    }
}

#[tokio::test]
async fn two_apps_of_one_layer_and_path_do_not_mix() {
    let layer = PoolLayer::grpc().method(GET);
    let ((north, in_north), (south, in_south)) = (shop(), shop());
    let apps = [north, south].map(|shop| catalog(shop).layer(layer.clone()));
    assert_apart(apps, [in_north, in_south]).await;
}

#[tokio::test]
async fn two_apps_of_one_layer_and_path_do_not_mix_behind_handlers() {
    let layer = PoolLayer::grpc().method(GET);
    let ((north, in_north), (south, in_south)) = (shop(), shop());
    let apps = [north, south].map(|shop| behind_a_handler(shop).layer(layer.clone()));
    assert_apart(apps, [in_north, in_south]).await;
}

#[tokio::test]
async fn one_handler_with_its_layer_in_two_apps_of_different_states_does_not_mix() {
    let hand_on = async |State(shop): State<Shop>, request: axum::extract::Request| {
        CatalogServer::new(shop).oneshot(request).await
    };
    let hand_on = routing::post(hand_on).layer(PoolLayer::grpc().method(GET));
    let ((north, in_north), (south, in_south)) = (shop(), shop());
    let apps = [north, south].map(|shop| {
        let app = Router::new().route(GET, hand_on.clone());
        app.with_state(shop)
    });
    assert_apart(apps, [in_north, in_south]).await;
}

fn web() -> reqwest::Client {
    // The server is right here, whatever the environment says about proxies.
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn ordinary_routes_go_through_untouched() {
    let (shop, _script) = shop();
    let watch = Watch::default();
    // Nobody is answered before both are in the handler.
    let both = Arc::new(Barrier::new(2));
    let handler = move |body: String| async move {
        both.wait().await;
        body
    };
    let app = Router::new()
        .route("/hello", routing::get(handler.clone()).post(handler))
        .merge(catalog(shop))
        .layer(watch.on(PoolLayer::grpc().methods_that(|_| true)));
    let server = serve_axum(app).await;
    let (web, url) = (web(), format!("http://{}/hello", server.addr));

    let post = || {
        let post = web.post(&url).header("content-type", "application/json");
        post.body(r#"{"to":"all"}"#).send()
    };
    let (a, b) = soon(async { tokio::join!(post(), post()) }).await;
    for answer in [a, b] {
        assert_eq!(answer.unwrap().text().await.unwrap(), r#"{"to":"all"}"#);
    }
    let (a, b) = soon(async { tokio::join!(web.get(&url).send(), web.get(&url).send()) }).await;
    for answer in [a, b] {
        let answer = answer.unwrap();
        assert_eq!(
            (answer.status(), answer.content_length()),
            (http::StatusCode::OK, Some(0))
        );
    }
    assert_eq!(watch.seen(), (0, 0, 4));
}

#[tokio::test]
async fn two_services_of_one_app_do_not_mix() {
    let (shop, mut script) = shop();
    let (_reporter, health) = health_reporter();
    let watch = Watch::default();
    let routes = Routes::new(CatalogServer::new(shop)).add_service(health);
    let layer = PoolLayer::grpc().methods([GET, "/grpc.health.v1.Health/Check"]);
    let server = serve_axum(routes.into_axum_router().layer(watch.on(layer))).await;
    // The messages of both are empty.
    let tea = vec![send(&CatalogClient::new(server.channel()), item(""))];
    let mut health = HealthClient::new(server.channel());
    let check = tonic_health::pb::HealthCheckRequest::default();
    assert_eq!(soon(health.check(check)).await.unwrap().get_ref().status, 1);
    script.get().await.sell("nothing");
    assert_all_got(&all(tea).await, "nothing");
    assert_eq!(watch.seen(), (2, 0, 0));
}

#[tokio::test]
async fn a_pool_for_http_and_one_for_grpc_go_together() {
    let (shop, mut script) = shop();
    let (of_http, of_grpc) = (Watch::default(), Watch::default());
    let (calls, mut called) = mpsc::unbounded_channel();
    let answers = Arc::new(Semaphore::new(0));
    let answer = Arc::clone(&answers);
    let report = move || async move {
        calls.send(()).unwrap();
        answers.acquire().await.unwrap().forget();
        "the report"
    };
    let app = Router::new()
        .route("/report", routing::get(report))
        .merge(catalog(shop))
        .layer(of_grpc.on(PoolLayer::grpc().method(GET)))
        .layer(of_http.on(PoolLayer::http()));
    let server = serve_axum(app).await;

    assert_shares(&server, &of_grpc, &mut script).await;
    assert_eq!(of_http.seen(), (0, 0, 5));

    let url = format!("http://{}/report", server.addr);
    let read = || {
        let asked = web().get(&url).send();
        tokio::spawn(async move { asked.await.unwrap().text().await.unwrap() })
    };
    let sent = vec![read(), read(), read()];
    until(|| of_http.seen() == (1, 2, 5)).await;
    answer.add_permits(1);
    assert_eq!(all(sent).await, ["the report"; 3]);
    soon(called.recv()).await.unwrap();
    assert!(called.try_recv().is_err());
    assert_eq!(of_grpc.seen(), (1, 4, 1));
}
