//! A stream of answers that clients with connections of their own have joined:
//! the pool is the server's.

use futures::TryStreamExt;
use tokio::task::JoinHandle;
use tonic::{
    Code, Status, Streaming,
    body::Body,
    service::Routes,
    transport::{Endpoint, Server},
};
use tower::{Layer, layer::layer_fn};
use tower_pool::{
    PoolLayer,
    grpc::{GrpcPool, GrpcPoolLayer},
};

use crate::{
    proto::{Price, catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{Running, serve_by},
    shop::{Script, shop},
    support::{WATCH, all, entered, item, soon},
    watching::{Prices, price, reaches_all},
};

struct Pooled {
    server: Running,
    pool: GrpcPool<Routes, Body>,
    script: Script,
}

async fn pooled(layer: GrpcPoolLayer<Body>) -> Pooled {
    let (shop, script) = shop();
    let pool = layer.layer(Routes::new(CatalogServer::new(shop)));
    let served = pool.clone();
    let server = serve_by(|incoming| {
        Server::builder()
            .layer(layer_fn(move |_: Routes| served.clone()))
            .add_routes(Routes::default())
            // Else each price would wait for a client's delayed acknowledgement.
            .serve_with_incoming(incoming.inspect_ok(|client| client.set_nodelay(true).unwrap()))
    });
    Pooled {
        server: server.await,
        pool,
        script,
    }
}

fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc().method(WATCH)
}

impl Pooled {
    /// One who asks by a connection of its own, and has come into the pool.
    async fn ask(&self, endpoint: Endpoint) -> JoinHandle<Result<Streaming<Price>, Status>> {
        entered(&self.pool, 1, || {
            let mut catalog = CatalogClient::new(endpoint.connect_lazy());
            tokio::spawn(async move {
                let response = catalog.watch(item("tea")).await?;
                Ok(response.into_inner())
            })
        })
        .await
    }

    /// So many, to all of whom the head has come.
    async fn watch(&mut self, number: usize) -> (Vec<Streaming<Price>>, Prices) {
        let mut asking = Vec::new();
        for _ in 0..number {
            // Their connections hold little of what they do not read.
            let endpoint = self.server.endpoint().initial_stream_window_size(1 << 16);
            asking.push(self.ask(endpoint).await);
        }
        let prices = self.script.watch().await.stream();
        let watching = all(asking).await.into_iter().map(Result::unwrap);
        (watching.collect(), prices)
    }
}

#[tokio::test]
async fn one_stream_reaches_all_clients_while_it_is_open() {
    let mut pooled = pooled(layer()).await;
    let (mut watching, prices) = pooled.watch(3).await;
    for cents in 1..=3 {
        reaches_all(&prices, cents, &mut watching).await;
    }
    drop(prices);
    for stream in &mut watching {
        assert_eq!(soon(stream.message()).await.unwrap(), None);
    }
    pooled.script.assert_no_more();
}

#[tokio::test]
async fn whichever_client_leaves_the_others_go_on_and_the_last_ends_the_stream() {
    for leaving in 0..3 {
        let mut pooled = pooled(layer()).await;
        let (mut watching, prices) = pooled.watch(3).await;
        reaches_all(&prices, 1, &mut watching).await;
        drop(watching.remove(leaving));
        reaches_all(&prices, 2, &mut watching).await;
        drop(watching.remove(0));
        reaches_all(&prices, 3, &mut watching).await;
        drop(watching);
        soon(prices.closed()).await;
    }
}

#[tokio::test]
async fn when_all_clients_leave_before_the_head_the_call_is_cancelled() {
    let mut pooled = pooled(layer()).await;
    let mut asking = Vec::new();
    for _ in 0..3 {
        asking.push(pooled.ask(pooled.server.endpoint()).await);
    }
    let call = pooled.script.watch().await;
    for asking in asking {
        assert!(!call.is_cancelled());
        asking.abort();
    }
    call.cancelled().await;
}

#[tokio::test]
async fn a_failure_in_the_middle_reaches_all_clients() {
    let mut pooled = pooled(layer()).await;
    let (mut watching, prices) = pooled.watch(3).await;
    reaches_all(&prices, 1, &mut watching).await;
    let failure = Status::data_loss("the boiler is out");
    prices.send(Err(failure)).unwrap();
    for stream in &mut watching {
        let status = soon(stream.message()).await.unwrap_err();
        assert_eq!(status.code(), Code::DataLoss);
        assert_eq!(status.message(), "the boiler is out");
    }
}

/// More than the connection of one who does not read takes.
const PRICES: u64 = 24;

fn large_price(cents: u64) -> Price {
    Price {
        id: "tea".repeat(20_000),
        ..price(cents)
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_with_a_status_that_says_so_and_the_others_go_on() {
    for slow in 0..3 {
        let mut pooled = pooled(layer().max_lag(1 << 16)).await;
        let (mut watching, prices) = pooled.watch(3).await;
        let mut slow = watching.remove(slow);
        for cents in 1..=PRICES {
            prices.send(Ok(large_price(cents))).unwrap();
            for stream in &mut watching {
                let got = soon(stream.message()).await.unwrap().unwrap();
                assert_eq!(got.cents, cents);
            }
        }
        let mut read = 0;
        let status = loop {
            match soon(slow.message()).await {
                Ok(got) => {
                    read += 1;
                    assert_eq!(got, Some(large_price(read)), "in silence");
                }
                Err(status) => break status,
            }
        };
        assert!(read < PRICES);
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert!(status.message().contains("fell too far behind"), "{status}");

        reaches_all(&prices, PRICES + 1, &mut watching).await;
    }
}
