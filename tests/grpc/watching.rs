//! A stream of answers that many have joined: all get all of it, live.

use tokio::{sync::mpsc, task::JoinHandle};
use tonic::{Code, Status, Streaming};
use tower_pool::PoolLayer;

use crate::{
    proto::Price,
    support::{Client, WATCH, all, client, client_with, entered, item, soon},
};

pub type Prices = mpsc::UnboundedSender<Result<Price, Status>>;
type Watching = JoinHandle<Result<Streaming<Price>, Status>>;

/// One who asks for the prices, and has come into the pool.
async fn ask(client: &Client) -> Watching {
    entered(&client.pool, 1, || {
        let mut catalog = client.catalog();
        tokio::spawn(async move {
            let response = catalog.watch(item("tea")).await?;
            Ok(response.into_inner())
        })
    })
    .await
}

/// So many, to all of whom the head has come. The first has led.
pub async fn watch(client: &mut Client, number: usize) -> (Vec<Streaming<Price>>, Prices) {
    let mut asking = Vec::new();
    for _ in 0..number {
        asking.push(ask(client).await);
    }
    let prices = client.script.watch().await.stream();
    let watching = all(asking).await.into_iter().map(Result::unwrap);
    (watching.collect(), prices)
}

pub fn price(cents: u64) -> Price {
    Price {
        id: "tea".into(),
        cents,
        ..Price::default()
    }
}

/// Sends a price, and sees it come to each of them.
pub async fn reaches_all(prices: &Prices, cents: u64, watching: &mut [Streaming<Price>]) {
    prices.send(Ok(price(cents))).unwrap();
    for stream in watching {
        let got = soon(stream.message()).await.unwrap();
        assert_eq!(got, Some(price(cents)));
    }
}

#[tokio::test]
async fn one_stream_at_the_server_reaches_all_while_it_is_open() {
    let mut client = client().await;
    let (mut watching, prices) = watch(&mut client, 5).await;
    for cents in 1..=5 {
        reaches_all(&prices, cents, &mut watching).await;
    }
    drop(prices);
    for stream in &mut watching {
        assert_eq!(soon(stream.message()).await.unwrap(), None);
    }
    client.script.assert_no_more();
    let stats = client.pool.stats();
    assert_eq!((stats.led, stats.joined, stats.shared), (1, 4, 4));
}

#[tokio::test]
async fn the_head_reaches_all_before_there_is_any_price() {
    let mut client = client().await;
    let (watching, _prices) = watch(&mut client, 3).await;
    assert_eq!(watching.len(), 3);
    assert_eq!(
        client.pool.in_flight(),
        0,
        "the flight is over with its head"
    );
}

#[tokio::test]
async fn who_comes_after_the_head_gets_a_stream_of_its_own() {
    let mut client = client().await;
    let (mut early, first) = watch(&mut client, 2).await;
    reaches_all(&first, 1, &mut early).await;
    let (mut late, second) = watch(&mut client, 1).await;
    reaches_all(&first, 2, &mut early).await;
    reaches_all(&second, 3, &mut late).await;
    drop(first);
    for stream in &mut early {
        assert_eq!(soon(stream.message()).await.unwrap(), None);
    }
    reaches_all(&second, 4, &mut late).await;
    client.script.assert_no_more();
    assert_eq!(client.pool.stats().led, 2);
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_with_a_status_that_says_so_and_the_others_go_on() {
    for slow in 0..3 {
        let layer = PoolLayer::grpc().method(WATCH).max_lag(64);
        let mut client = client_with(layer).await;
        let (mut watching, prices) = watch(&mut client, 3).await;
        let mut slow = watching.remove(slow);
        for cents in 1..=64 {
            reaches_all(&prices, cents, &mut watching).await;
        }
        let status = soon(slow.message()).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("fell too far behind"), "{status}");

        reaches_all(&prices, 65, &mut watching).await;
        drop(prices);
        for stream in &mut watching {
            assert_eq!(soon(stream.message()).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn who_does_not_read_for_a_while_gets_all_as_long_as_it_is_not_too_much() {
    let mut client = client().await;
    let (mut watching, prices) = watch(&mut client, 3).await;
    let mut slow = watching.remove(0);
    for cents in 1..=64 {
        reaches_all(&prices, cents, &mut watching).await;
    }
    drop(prices);
    for cents in 1..=64 {
        let got = soon(slow.message()).await.unwrap();
        assert_eq!(got, Some(price(cents)));
    }
    assert_eq!(soon(slow.message()).await.unwrap(), None);
}

#[tokio::test]
async fn whoever_leaves_the_others_go_on() {
    for leaving in 0..3 {
        let mut client = client().await;
        let (mut watching, prices) = watch(&mut client, 3).await;
        reaches_all(&prices, 1, &mut watching).await;
        drop(watching.remove(leaving));
        reaches_all(&prices, 2, &mut watching).await;
        drop(watching.remove(0));
        reaches_all(&prices, 3, &mut watching).await;
        assert!(!prices.is_closed());
    }
}

#[tokio::test]
async fn the_last_to_leave_ends_the_stream_at_the_server() {
    let mut client = client().await;
    let (mut watching, prices) = watch(&mut client, 3).await;
    reaches_all(&prices, 1, &mut watching).await;
    drop(watching);
    soon(prices.closed()).await;
}

#[tokio::test]
async fn who_was_cut_off_does_not_keep_the_stream() {
    let layer = PoolLayer::grpc().method(WATCH).max_lag(64);
    let mut client = client_with(layer).await;
    let (mut watching, prices) = watch(&mut client, 2).await;
    let slow = watching.remove(0);
    for cents in 1..=64 {
        reaches_all(&prices, cents, &mut watching).await;
    }
    drop(watching);
    soon(prices.closed()).await;
    drop(slow);
}

#[tokio::test]
async fn who_leaves_before_the_head_does_not_disturb_the_others() {
    for leaving in 0..3 {
        let mut client = client().await;
        let mut asking = Vec::new();
        for _ in 0..3 {
            asking.push(ask(&client).await);
        }
        let call = client.script.watch().await;
        let leaving = asking.remove(leaving);
        leaving.abort();
        assert!(soon(leaving).await.unwrap_err().is_cancelled());
        let prices = call.stream();
        let watching = all(asking).await.into_iter().map(Result::unwrap);
        let mut watching: Vec<_> = watching.collect();
        reaches_all(&prices, 1, &mut watching).await;
        client.script.assert_no_more();
    }
}

#[tokio::test]
async fn when_all_leave_before_the_head_the_call_is_cancelled_at_the_server() {
    let mut client = client().await;
    let mut asking = Vec::new();
    for _ in 0..3 {
        asking.push(ask(&client).await);
    }
    let call = client.script.watch().await;
    for asking in asking {
        assert!(!call.is_cancelled());
        asking.abort();
        assert!(soon(asking).await.unwrap_err().is_cancelled());
    }
    call.cancelled().await;
    assert_eq!(client.pool.in_flight(), 0);
}
