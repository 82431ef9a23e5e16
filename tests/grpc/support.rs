//! What most tests do: send, let them meet, answer, and look.

use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use tonic::{Request, Response, Status, body::Body, transport::Channel};
use tower::{BoxError, Layer, Service};
use tower_pool::{
    KeyExtractor, Policy, PoolLayer, ShareAll, Stats,
    grpc::{GrpcPool, GrpcPoolLayer, GrpcService},
    http::SharedBody,
};

use crate::{
    proto::{Item, ItemRequest, catalog_client::CatalogClient},
    server::{Running, serve},
    shop::{Script, shop},
};

pub const GET: &str = "/shop.Catalog/Get";
pub const WATCH: &str = "/shop.Catalog/Watch";

/// Waits for what must come. What has not come after so long never will.
pub async fn soon<F: Future>(what: F) -> F::Output {
    let waited = tokio::time::timeout(Duration::from_secs(30), what).await;
    waited.expect("it has to come")
}

/// Waits until this is so.
pub async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::task::yield_now().await; // also where the clock stands still
        }
    })
    .await;
}

/// A server, and a pool around a client's channel to it.
pub struct Client<X = (), P = ShareAll>
where
    X: KeyExtractor<http::Request<Body>>,
    P: Policy<http::Response<SharedBody>, Status>,
{
    pub pool: GrpcPool<Channel, Body, X, P>,
    pub script: Script,
    pub server: Running,
}

/// With `Get` and `Watch` pooled.
pub async fn client() -> Client {
    client_with(PoolLayer::grpc().methods([GET, WATCH])).await
}

pub async fn client_with<X, P>(layer: GrpcPoolLayer<Body, X, P>) -> Client<X, P>
where
    X: KeyExtractor<http::Request<Body>> + Clone + Send + Sync + 'static,
    P: Policy<http::Response<SharedBody>, Status> + Send + Sync + 'static,
{
    let (shop, script) = shop();
    let server = serve(&shop).await;
    let pool = layer.layer(server.channel());
    Client {
        pool,
        script,
        server,
    }
}

impl<X, P> Client<X, P>
where
    X: KeyExtractor<http::Request<Body>> + Send + Sync + 'static,
    P: Policy<http::Response<SharedBody>, Status> + Send + Sync + 'static,
{
    pub fn catalog(&self) -> CatalogClient<GrpcPool<Channel, Body, X, P>> {
        CatalogClient::new(self.pool.clone())
    }

    /// Sends a `Get`, and waits until it has come into the pool.
    pub async fn get(&self, request: Request<ItemRequest>) -> JoinHandle<Got> {
        entered(&self.pool, 1, || {
            let mut catalog = self.catalog();
            tokio::spawn(async move { catalog.get(request).await })
        })
        .await
    }

    /// So many equal `Get`s, all in the pool. The first leads.
    pub async fn meet(
        &self,
        number: usize,
        request: impl Fn() -> Request<ItemRequest>,
    ) -> Vec<JoinHandle<Got>> {
        let mut sent = Vec::new();
        for _ in 0..number {
            sent.push(self.get(request()).await);
        }
        sent
    }
}

/// What a caller of `Get` has got.
pub type Got = Result<Response<Item>, Status>;

/// Starts something, and waits until so many more callers have come into the pool.
pub async fn entered<S, X, P, T>(
    pool: &GrpcPool<S, Body, X, P>,
    number: u64,
    start: impl FnOnce() -> T,
) -> T
where
    S: GrpcService<Body>,
    X: KeyExtractor<http::Request<Body>>,
    P: Policy<http::Response<SharedBody>, Status>,
{
    let before = callers(pool.stats());
    let started = start();
    until(|| callers(pool.stats()) >= before + number).await;
    assert_eq!(callers(pool.stats()), before + number);
    started
}

pub fn callers(stats: Stats) -> u64 {
    stats.led + stats.joined + stats.solo
}

/// A question about this item.
pub fn item(id: &str) -> Request<ItemRequest> {
    Request::new(ItemRequest {
        id: id.to_owned(),
        ..ItemRequest::default()
    })
}

/// The same, with this metadata.
pub fn item_with(id: &str, metadata: &[(&'static str, &str)]) -> Request<ItemRequest> {
    let mut request = item(id);
    for (name, value) in metadata {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    request
}

/// What all of them have got, in order.
pub async fn all<T>(sent: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut got = Vec::new();
    for answer in sent {
        got.push(soon(answer).await.unwrap());
    }
    got
}

/// Asserts that all have got an item of this title.
#[track_caller]
pub fn assert_all_got(got: &[Got], title: &str) {
    for answer in got {
        assert_eq!(answer.as_ref().unwrap().get_ref().title, title);
    }
}

/// Sends a `Get` by a clone of this client, whatever its channel is.
pub fn send<S, B>(catalog: &CatalogClient<S>, request: Request<ItemRequest>) -> JoinHandle<Got>
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError> + Send,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
{
    let mut catalog = catalog.clone();
    tokio::spawn(async move { catalog.get(request).await })
}
