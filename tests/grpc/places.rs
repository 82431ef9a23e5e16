//! Where the layer fits in tonic's own server: all callers have a connection of
//! their own.

use std::convert::Infallible;

use http::Request;
use tonic::{
    body::Body,
    service::{InterceptorLayer, LayerExt, Routes},
    transport::{Server, server::TcpConnectInfo},
};
use tower::{Layer, ServiceBuilder};
use tower_pool::PoolLayer;

use crate::{
    proto::{Price, catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{Running, serve_by},
    shop::{Script, shop},
    support::{GET, WATCH, all, assert_all_got, item, item_with, send, soon},
    watch::Watch,
};

/// Five `Get`s, each over a connection of its own, are one call.
async fn assert_shares(server: Running, watch: Watch, mut script: Script) {
    let sent = (0..5).map(|_| send(&CatalogClient::new(server.channel()), item("tea")));
    let sent = sent.collect();
    watch.entered(5).await;
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    assert_eq!(watch.seen(), (1, 4, 0));
    script.assert_no_more();
}

#[tokio::test]
async fn around_all_services_of_a_server() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let server = Server::builder()
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    assert_shares(server, watch, script).await;
}

#[tokio::test]
async fn around_routes() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let routes = Routes::new(CatalogServer::new(shop));
    let pool = watch.on(PoolLayer::grpc().method(GET)).layer(routes);
    let server = serve_by(|incoming| Server::builder().serve_with_incoming(pool, incoming)).await;
    assert_shares(server, watch, script).await;
}

#[tokio::test]
async fn around_one_service_alone() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let catalog = ServiceBuilder::new()
        .map_err(Infallible::from)
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .named_layer(CatalogServer::new(shop));
    let server = Server::builder().add_service(catalog);
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    assert_shares(server, watch, script).await;
}

#[tokio::test]
async fn around_one_service_with_its_interceptor() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let catalog = CatalogServer::with_interceptor(shop, Ok);
    let catalog = ServiceBuilder::new()
        .map_err(Infallible::from)
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .named_layer(catalog);
    let server = Server::builder().add_service(catalog);
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    assert_shares(server, watch, script).await;
}

#[tokio::test]
async fn on_routes_by_the_router_inside() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let router = Routes::new(CatalogServer::new(shop)).into_axum_router();
    let router = router.layer(watch.on(PoolLayer::grpc().method(GET)));
    let server = Server::builder().add_routes(Routes::from(router));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    assert_shares(server, watch, script).await;
}

#[tokio::test]
async fn around_a_server_that_limits_its_callers() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let server = Server::builder()
        .timeout(std::time::Duration::from_secs(3600))
        .concurrency_limit_per_connection(1)
        .load_shed(true)
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    assert_shares(server, watch, script).await;
}

#[tokio::test]
async fn the_peer_in_the_extensions_keeps_apart_if_it_is_added_to_the_key() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    // Each connection has a port of its own.
    let peer = |request: &Request<Body>| {
        let info: Option<&TcpConnectInfo> = request.extensions().get();
        info?.remote_addr()
    };
    let server = Server::builder()
        .layer(watch.on(PoolLayer::grpc().method(GET).and(peer)))
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    let clients = [(); 3].map(|()| CatalogClient::new(server.channel()));
    let twice = clients.iter().chain(&clients);
    let sent = twice.map(|catalog| send(catalog, item("tea"))).collect();
    watch.entered(6).await;
    for _ in 0..3 {
        script.get().await.sell("Darjeeling");
    }
    assert_all_got(&all(sent).await, "Darjeeling");
    assert_eq!(watch.seen(), (3, 3, 0));
}

/// Who asks, as an interceptor has found out.
#[derive(Clone, PartialEq, Eq, Hash)]
struct User(String);

#[tokio::test]
async fn an_identity_that_an_interceptor_has_found_keeps_apart_if_it_is_added_to_the_key() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let identify = |mut request: tonic::Request<()>| {
        if let Some(ticket) = request.metadata_mut().remove("x-ticket") {
            let user = User(ticket.to_str().unwrap().to_owned());
            request.extensions_mut().insert(user);
        }
        Ok(request)
    };
    let user = |request: &Request<Body>| request.extensions().get::<User>().cloned();
    let server = Server::builder()
        .layer(InterceptorLayer::new(identify))
        .layer(watch.on(PoolLayer::grpc().method(GET).and(user)))
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    let ask = |name: &str| {
        let request = item_with("tea", &[("x-ticket", name)]);
        send(&CatalogClient::new(server.channel()), request)
    };
    let (anna, bert) = (vec![ask("anna"), ask("anna")], vec![ask("bert")]);
    // Who has no identity goes by.
    let nobody = vec![send(&CatalogClient::new(server.channel()), item("tea"))];
    watch.entered(4).await;
    for _ in 0..3 {
        let call = script.get().await;
        let user = call.request.extensions().get();
        let title = user.map_or("nobody".to_owned(), |User(name)| name.clone());
        call.sell(&title);
    }
    assert_all_got(&all(anna).await, "anna");
    assert_all_got(&all(bert).await, "bert");
    assert_all_got(&all(nobody).await, "nobody");
    assert_eq!(watch.seen(), (2, 1, 1));
}

#[tokio::test]
async fn callers_with_connections_of_their_own_share_one_stream() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let server = Server::builder()
        .layer(watch.on(PoolLayer::grpc().method(WATCH)))
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    let ask = |_| {
        let mut catalog = CatalogClient::new(server.channel());
        tokio::spawn(async move { catalog.watch(item("tea")).await })
    };
    let sent = (0..3).map(ask).collect();
    watch.entered(3).await;
    let prices = script.watch().await.stream();
    let streams = all(sent).await.into_iter();
    let mut streams: Vec<_> = streams.map(|got| got.unwrap().into_inner()).collect();
    for cents in [250, 260] {
        let price = Price {
            cents,
            ..Price::default()
        };
        prices.send(Ok(price)).unwrap();
        for stream in &mut streams {
            let price = soon(stream.message()).await.unwrap();
            assert_eq!(price.expect("it goes on").cents, cents);
        }
    }
    drop(prices);
    for stream in &mut streams {
        assert_eq!(soon(stream.message()).await.unwrap(), None);
    }
    script.assert_no_more();
}

#[tokio::test]
async fn a_call_goes_on_until_the_last_of_its_callers_has_hung_up() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let server = Server::builder()
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    let ask = || send(&CatalogClient::new(server.channel()), item("tea"));
    let (leader, follower) = (ask(), ask());
    watch.entered(2).await;
    let call = script.get().await;
    for caller in [leader, follower] {
        assert!(!call.is_cancelled());
        caller.abort();
        soon(caller).await.unwrap_err();
    }
    call.cancelled().await;
}
