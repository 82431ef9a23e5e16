//! Tenants under axum's `nest`: a pool inside sees what the router has stripped.

use axum::{Router, extract::OriginalUri};
use http::Uri;
use std::convert::Infallible;
use tonic::service::{LayerExt, Routes};
use tower::{Layer, ServiceBuilder};
use tower_pool::PoolLayer;

use crate::{
    proto::{Item, catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{Running, serve_axum},
    shop::{Call, Script, Shop, shop},
    support::{GET, all, assert_all_got, entered, item, send},
    watch::Watch,
};

/// The origin of a client that asks as this tenant.
fn origin(tenant: &str) -> Uri {
    format!("http://shop.example/{tenant}").parse().unwrap()
}

/// axum nests no fallback under `/{tenant}`, and tonic has one.
fn nestable(routes: Routes) -> Router {
    routes.into_axum_router().reset_fallback()
}

fn catalog(shop: Shop) -> Router {
    nestable(Routes::new(CatalogServer::new(shop)))
}

fn tenant_of(call: &Call<Item>) -> String {
    let OriginalUri(uri) = call.request.extensions().get().expect("axum has kept it");
    uri.path().split('/').nth(1).unwrap().to_owned()
}

/// Two tenants ask twice each for the same: two calls, and each is told its own.
async fn assert_apart(server: Running, watch: Watch, mut script: Script) {
    let [north, south] = ["north", "south"].map(|tenant| {
        let ask = || {
            let catalog = CatalogClient::with_origin(server.channel(), origin(tenant));
            send(&catalog, item("tea"))
        };
        vec![ask(), ask()]
    });
    watch.entered(4).await;
    for _ in 0..2 {
        let call = script.get().await;
        let tenant = tenant_of(&call);
        call.sell(&tenant);
    }
    assert_all_got(&all(north).await, "north");
    assert_all_got(&all(south).await, "south");
    assert_eq!(watch.seen(), (2, 2, 0));
    script.assert_no_more();
}

#[tokio::test]
async fn under_nest_with_the_layer_on_the_router_inside_tenants_are_apart() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let catalog = catalog(shop).layer(watch.on(PoolLayer::grpc().method(GET)));
    let server = serve_axum(Router::new().nest("/{tenant}", catalog)).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_with_the_layer_on_the_service_inside_tenants_are_apart() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let catalog = ServiceBuilder::new()
        .map_err(Infallible::from)
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .named_layer(CatalogServer::new(shop));
    let catalog = nestable(Routes::new(catalog));
    let server = serve_axum(Router::new().nest("/{tenant}", catalog)).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_service_with_the_layer_around_the_service_inside_tenants_are_apart() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let catalog = ServiceBuilder::new()
        .map_err(Infallible::from)
        .map_request(|request: http::Request<axum::body::Body>| request.map(tonic::body::Body::new))
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .service(CatalogServer::new(shop));
    let server = serve_axum(Router::new().nest_service("/{tenant}", catalog)).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn under_nest_service_with_the_layer_on_a_router_inside_tenants_are_apart() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let catalog = Routes::new(CatalogServer::new(shop)).into_axum_router();
    let catalog = catalog.layer(watch.on(PoolLayer::grpc().method(GET)));
    let catalog: Router = catalog.with_state(());
    let server = serve_axum(Router::new().nest_service("/{tenant}", catalog)).await;
    assert_apart(server, watch, script).await;
}

/// Outside of the nest a method has the path that was asked for.
#[tokio::test]
async fn under_nest_with_the_layer_outside_tenants_are_apart() {
    let (shop, script) = shop();
    let watch = Watch::default();
    let layer = PoolLayer::grpc().methods_that(|path| path.ends_with(GET));
    let app = Router::new().nest("/{tenant}", catalog(shop));
    let server = serve_axum(app.layer(watch.on(layer))).await;
    assert_apart(server, watch, script).await;
}

#[tokio::test]
async fn tenants_with_a_shop_each_under_one_layer_are_apart() {
    let ((north, mut in_north), (south, mut in_south)) = (shop(), shop());
    let watch = Watch::default();
    let layer = watch.on(PoolLayer::grpc().method(GET));
    let [north, south] = [north, south].map(|shop| catalog(shop).layer(layer.clone()));
    let app = Router::new().nest("/north", north).nest("/south", south);
    let server = serve_axum(app).await;
    let [to_north, to_south] = ["north", "south"].map(|tenant| {
        let catalog = CatalogClient::with_origin(server.channel(), origin(tenant));
        vec![send(&catalog, item("tea")), send(&catalog, item("tea"))]
    });
    watch.entered(4).await;
    in_north.get().await.sell("north");
    in_south.get().await.sell("south");
    assert_all_got(&all(to_north).await, "north");
    assert_all_got(&all(to_south).await, "south");
    assert_eq!(watch.seen(), (2, 2, 0));
}

/// Around a channel, a method has the path of the client's origin before its own.
#[tokio::test]
async fn clients_of_two_tenants_are_apart_in_the_pool_around_their_channel() {
    let (shop, mut script) = shop();
    let server = serve_axum(Router::new().nest("/{tenant}", catalog(shop))).await;
    let layer = PoolLayer::grpc().methods_that(|path| path.ends_with(GET));
    let pool = layer.layer(server.channel());
    let [north, south] = entered(&pool, 4, || {
        ["north", "south"].map(|tenant| {
            let catalog = CatalogClient::with_origin(pool.clone(), origin(tenant));
            vec![send(&catalog, item("tea")), send(&catalog, item("tea"))]
        })
    })
    .await;
    for _ in 0..2 {
        let call = script.get().await;
        let tenant = tenant_of(&call);
        call.sell(&tenant);
    }
    assert_all_got(&all(north).await, "north");
    assert_all_got(&all(south).await, "south");
    assert_eq!((pool.stats().led, pool.stats().joined), (2, 2));
    script.assert_no_more();
}

#[tokio::test]
async fn around_a_channel_a_method_is_named_with_the_path_of_the_origin_before_it() {
    let (shop, mut script) = shop();
    let server = serve_axum(Router::new().nest("/{tenant}", catalog(shop))).await;
    let named = [
        (GET.to_owned(), (0, 1)),
        (format!("/north{GET}"), (1, 0)),
        (format!("/south{GET}"), (0, 1)),
    ];
    for (method, led_and_solo) in named {
        let pool = PoolLayer::grpc().method(method).layer(server.channel());
        let north = CatalogClient::with_origin(pool.clone(), origin("north"));
        let sent = vec![send(&north, item("tea"))];
        script.get().await.sell("Darjeeling");
        assert_all_got(&all(sent).await, "Darjeeling");
        assert_eq!((pool.stats().led, pool.stats().solo), led_and_solo);
    }
}
