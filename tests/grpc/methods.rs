//! Which methods are pooled: those that are named, and no other.

use tonic::body::Body;
use tower::Layer;
use tower_pool::{PoolLayer, grpc::GrpcPoolLayer};

use crate::{
    by_hand::request,
    server::{Running, serve},
    shop::shop,
    support::{GET, WATCH, soon},
};

/// Which of these paths are pooled: whether a call of each led.
async fn pooled<const N: usize>(layer: GrpcPoolLayer<Body>, paths: [&str; N]) -> [bool; N] {
    let server = answering().await;
    let pool = layer.layer(server.channel());
    let mut led = Vec::new();
    for path in paths {
        let before = pool.stats();
        let request = request(path, "application/grpc");
        // Whatever the server says of a path that it does not know.
        soon(pool.request(request)).await.unwrap();
        let stats = pool.stats();
        let (led_now, solo) = (stats.led - before.led, stats.solo - before.solo);
        assert_eq!(led_now + solo, 1);
        led.push(led_now == 1);
    }
    led.try_into().unwrap()
}

/// A server that answers each `Get` at once.
async fn answering() -> Running {
    let (shop, mut script) = shop();
    tokio::spawn(async move {
        loop {
            script.get().await.sell("Darjeeling");
        }
    });
    serve(&shop).await
}

fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc()
}

/// The ones that are meant by most tests, and some that only look like them.
const PATHS: [&str; 6] = [
    "/shop.Catalog/Get",
    "/shop.Catalog/Take",
    "/shop.Catalog/get",
    "/shop.Catalog/Get/",
    "/shop.CatalogAdmin/Get",
    "/old/shop.Catalog/Get",
];

#[tokio::test]
async fn nothing_is_pooled_that_is_not_named() {
    assert_eq!(pooled(layer(), PATHS).await, [false; 6]);
}

#[tokio::test]
async fn a_method_is_pooled_by_its_full_path_alone() {
    let named = pooled(layer().method(GET), PATHS).await;
    assert_eq!(named, [true, false, false, false, false, false]);
}

#[tokio::test]
async fn several_methods_are_pooled_at_once_or_one_by_one() {
    let expected = [true, true, false, false, false, false];
    let layers = [
        layer().methods([GET, "/shop.Catalog/Take"]),
        layer().method(GET).method("/shop.Catalog/Take"),
        layer()
            .methods([GET])
            .methods(vec!["/shop.Catalog/Take".to_owned()]),
    ];
    for layer in layers {
        assert_eq!(pooled(layer, PATHS).await, expected);
    }
}

#[tokio::test]
async fn all_methods_of_a_service_are_pooled_with_slashes_and_without() {
    let names = [
        "shop.Catalog",
        "/shop.Catalog",
        "shop.Catalog/",
        "/shop.Catalog/",
        crate::proto::catalog_server::SERVICE_NAME,
    ];
    for name in names {
        let named = pooled(layer().service(name), PATHS).await;
        assert_eq!(named, [true, true, true, true, false, false], "{name:?}");
    }
}

#[tokio::test]
async fn methods_are_pooled_that_a_predicate_takes() {
    let takes_get = |path: &str| path.ends_with("/Get");
    let named = pooled(layer().methods_that(takes_get), PATHS).await;
    assert_eq!(named, [true, false, false, false, true, true]);
}

#[tokio::test]
async fn whatever_names_a_method_is_enough() {
    let layer = layer()
        .method("/shop.Catalog/Take")
        .service("shop.CatalogAdmin")
        .methods_that(|path| path == "/shop.Catalog/get");
    let named = pooled(layer, PATHS).await;
    assert_eq!(named, [false, true, true, false, true, false]);
}

#[tokio::test]
async fn naming_another_leaves_a_clone_as_it_was() {
    let watch = layer().method(WATCH);
    let both = watch.clone().method(GET);
    assert_eq!(pooled(watch, [GET]).await, [false]);
    assert_eq!(pooled(both, [GET]).await, [true]);
}

#[tokio::test]
async fn what_is_not_grpc_is_not_pooled() {
    let server = answering().await;
    let pool = layer().method(GET).layer(server.channel());
    let types = [
        "application/grpc-web",
        "application/json",
        "application/grpcs",
    ];
    for content_type in types {
        soon(pool.request(request(GET, content_type))).await.ok();
    }
    let mut other = request(GET, "application/grpc");
    *other.method_mut() = http::Method::PUT;
    soon(pool.request(other)).await.ok();
    let mut unnamed = request(GET, "application/grpc");
    unnamed.headers_mut().clear();
    soon(pool.request(unnamed)).await.ok();
    assert_eq!((pool.stats().led, pool.stats().solo), (0, 5));
}
