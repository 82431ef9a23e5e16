//! The head of a request, as a server gets it: as without the pool.

use futures::stream;
use http::{HeaderMap, Request, Version};
use tokio::sync::mpsc;
use tonic::{
    body::Body,
    service::Routes,
    transport::{Channel, Server},
};
use tower::{Layer, util::MapRequestLayer};
use tower_pool::{PoolLayer, grpc::GrpcPool};

use crate::{
    proto::{Item, catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{Running, serve_by},
    shop::{Script, shop},
    support::{item, soon},
};

type Head = (Version, String, HeaderMap);

/// A server, and the heads of all requests that come to it.
struct Heads {
    server: Running,
    script: Script,
    heads: mpsc::UnboundedReceiver<Head>,
}

async fn heads() -> Heads {
    let (shop, script) = shop();
    let (come, heads) = mpsc::unbounded_channel();
    let look = MapRequestLayer::new(move |request: Request<_>| {
        let uri = request.uri().to_string();
        let head = (request.version(), uri, request.headers().clone());
        come.send(head).ok();
        request
    });
    let server = serve_by(|incoming| {
        Server::builder()
            .layer(look)
            .add_routes(Routes::new(CatalogServer::new(shop)))
            .serve_with_incoming(incoming)
    });
    Heads {
        server: server.await,
        script,
        heads,
    }
}

impl Heads {
    async fn next(&mut self) -> Head {
        soon(self.heads.recv()).await.unwrap()
    }

    fn plain(&self) -> CatalogClient<Channel> {
        CatalogClient::new(self.server.channel())
    }

    fn pooled(&self) -> CatalogClient<GrpcPool<Channel, Body>> {
        let layer = PoolLayer::grpc().service("/shop.Catalog/");
        CatalogClient::new(layer.layer(self.server.channel()))
    }

    /// Of an upload of so many items, plain and pooled.
    async fn of_uploads(&mut self, number: usize) -> [Head; 2] {
        let items = || stream::iter(vec![Item::default(); number]);
        soon(self.plain().upload(items())).await.unwrap();
        let plain = self.next().await;
        soon(self.pooled().upload(items())).await.unwrap();
        [plain, self.next().await]
    }
}

#[tokio::test]
async fn a_unary_call_has_the_same_head_when_it_is_pooled() {
    let mut heads = heads().await;
    let (mut plain, mut pooled) = (heads.plain(), heads.pooled());
    let plain = tokio::spawn(async move { plain.get(item("tea")).await });
    heads.script.get().await.sell("Darjeeling");
    soon(plain).await.unwrap().unwrap();
    let plain = heads.next().await;
    assert!(!plain.2.contains_key("content-length"));
    let pooled = tokio::spawn(async move { pooled.get(item("tea")).await });
    heads.script.get().await.sell("Darjeeling");
    soon(pooled).await.unwrap().unwrap();
    assert_eq!(heads.next().await, plain);
}

#[tokio::test]
async fn a_stream_has_the_same_head_when_it_comes_through_the_pool() {
    let mut heads = heads().await;
    for number in [1, 2, 500] {
        let [plain, pooled] = heads.of_uploads(number).await;
        assert_eq!(plain, pooled);
    }
}

#[tokio::test]
async fn a_stream_of_nothing_has_the_same_head_when_it_comes_through_the_pool() {
    let mut heads = heads().await;
    let [plain, pooled] = heads.of_uploads(0).await;
    assert_eq!(plain, pooled);
}
