//! Calls whose messages are written in different ways.

use tonic::{codec::CompressionEncoding::Gzip, transport::Server};
use tower::Layer;

use crate::{
    by_hand::request,
    proto::{catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{serve, serve_by},
    shop::shop,
    site::pooled,
    support::{GET, all, entered, item},
};

/// One whose messages are compressed could not be read by another.
#[tokio::test]
async fn calls_that_are_compressed_in_another_way_are_not_mixed() {
    let (shop, mut script) = shop();
    let catalog = CatalogServer::new(shop)
        .accept_compressed(Gzip)
        .send_compressed(Gzip);
    let server = serve_by(|incoming| {
        Server::builder()
            .add_service(catalog)
            .serve_with_incoming(incoming)
    })
    .await;
    for layer in [pooled(), pooled().key_metadata_only::<&str>([])] {
        let pool = layer.layer(server.channel());
        let plain = CatalogClient::new(pool.clone());
        let clients = [
            plain.clone(),
            plain.clone().send_compressed(Gzip),
            plain.clone().accept_compressed(Gzip),
            plain.clone().send_compressed(Gzip).accept_compressed(Gzip),
        ];
        let mut sent = Vec::new();
        for catalog in clients.iter().chain(&clients) {
            let mut catalog = catalog.clone();
            let get = || tokio::spawn(async move { catalog.get(item("tea")).await });
            sent.push(entered(&pool, 1, get).await);
        }
        assert_eq!((pool.stats().led, pool.stats().joined), (4, 4));
        for _ in 0..4 {
            let call = script.get().await;
            let said = |name| call.metadata(name).unwrap_or_default();
            let title = [said("grpc-encoding"), said("grpc-accept-encoding")].join("/");
            call.sell(&title);
        }
        let titles = all(sent).await.into_iter();
        let titles: Vec<_> = titles.map(|got| got.unwrap().into_inner().title).collect();
        let expected = ["/", "gzip/", "/gzip,identity", "gzip/gzip,identity"];
        assert_eq!(titles, [expected, expected].concat());
    }
}

#[tokio::test]
async fn calls_of_other_content_types_are_not_mixed() {
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    for layer in [pooled(), pooled().key_metadata_only::<&str>([])] {
        let pool = layer.layer(server.channel());
        let types = ["application/grpc", "application/grpc+proto"];
        let mut sent = Vec::new();
        for content_type in types.iter().chain(&types) {
            let asking = pool.clone();
            let request = request(GET, content_type);
            let ask = || tokio::spawn(async move { asking.request(request).await });
            sent.push(entered(&pool, 1, ask).await);
        }
        assert_eq!((pool.stats().led, pool.stats().joined), (2, 2));
        for _ in 0..2 {
            script.get().await.sell("Darjeeling");
        }
        all(sent).await;
    }
}
