//! How a stream ends that many have joined: for all of them as it has ended at
//! the server.

use bytes::Bytes;
use http::Response;
use prost::Message;
use tokio::runtime;
use tonic::{Code, Status, body::Body, metadata::MetadataMap};
use tower::Layer;
use tower_pool::PoolLayer;

use crate::{
    bodies::{Script, trailers},
    inner::{self, message},
    proto::catalog_client::CatalogClient,
    server::serve,
    shop::shop,
    support::{Client, WATCH, client, entered, item, soon},
    watching::{price, reaches_all, watch},
};

#[tokio::test]
async fn a_failure_in_the_middle_reaches_all_with_all_that_it_says() {
    let mut client = client().await;
    let (mut watching, prices) = watch(&mut client, 3).await;
    reaches_all(&prices, 1, &mut watching).await;

    let mut metadata = MetadataMap::new();
    metadata.insert("x-boiler", "out".parse().unwrap());
    metadata.append("x-boiler", "cold".parse().unwrap());
    let details = Bytes::from_static(&[0, 255, 7]);
    let status = Status::with_details_and_metadata(
        Code::DataLoss,
        "the boiler is out: 50 °C",
        details.clone(),
        metadata,
    );
    prices.send(Err(status)).unwrap();
    for stream in &mut watching {
        let status = soon(stream.message()).await.unwrap_err();
        assert_eq!(status.code(), Code::DataLoss);
        assert_eq!(status.message(), "the boiler is out: 50 °C");
        assert_eq!(status.details(), details);
        let values = status.metadata().get_all("x-boiler");
        let values: Vec<_> = values.iter().collect();
        assert_eq!(values, ["out", "cold"]);
        assert_eq!(soon(stream.message()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn metadata_after_the_last_price_reaches_all() {
    let layer = PoolLayer::grpc().method(WATCH);
    let (pool, mut calls) = inner::pool(layer);
    let mut asking = Vec::new();
    for _ in 0..3 {
        let mut catalog = CatalogClient::new(pool.clone());
        let ask = || tokio::spawn(async move { catalog.watch(item("tea")).await });
        asking.push(entered(&pool, 1, ask).await);
    }
    let (script, body) = Script::new();
    let mut end = trailers("grpc-status", "0");
    end.insert("x-sum", "6".parse().unwrap());
    let only = message(&price(6).encode_to_vec());
    script.data(only).trailers(end).end();
    let response = Response::builder().header("content-type", "application/grpc");
    let response = response.body(Body::new(body)).unwrap();
    calls.next().answer.send(response).unwrap();

    for asking in asking {
        let response = soon(asking).await.unwrap().unwrap();
        let mut stream = response.into_inner();
        assert_eq!(soon(stream.message()).await.unwrap(), Some(price(6)));
        assert_eq!(soon(stream.message()).await.unwrap(), None);
        let metadata = soon(stream.trailers()).await.unwrap().unwrap();
        assert_eq!(metadata.get("x-sum").unwrap(), "6");
    }
    calls.assert_no_more();
}

#[tokio::test]
async fn that_the_server_dies_reaches_all_as_it_does_without_the_pool() {
    // Its connections end with its runtime.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (shop, script) = shop();
    let server = runtime.spawn(async move { serve(&shop).await });
    let server = server.await.unwrap();
    let pool = PoolLayer::grpc().method(WATCH).layer(server.channel());
    let mut client = Client {
        pool,
        script,
        server,
    };
    let (mut watching, prices) = watch(&mut client, 3).await;
    reaches_all(&prices, 1, &mut watching).await;
    let mut plain = CatalogClient::new(client.server.channel());
    let plain = tokio::spawn(async move { plain.watch(item("tea")).await });
    let _plain_prices = client.script.watch().await.stream();
    let mut plain = soon(plain).await.unwrap().unwrap().into_inner();

    runtime.shutdown_background();
    let plain = soon(plain.message()).await.unwrap_err();
    for stream in &mut watching {
        let status = soon(stream.message()).await.unwrap_err();
        assert_eq!(status.code(), plain.code());
        assert_eq!(status.message(), plain.message());
    }
}
