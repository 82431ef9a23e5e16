//! What is set for a pool as for any other.

use std::time::Duration;

use tower::Layer;

use crate::{
    clock::Clock,
    server::serve,
    shop::shop,
    site::pooled,
    support::{all, assert_all_got, client_with, item},
};

#[tokio::test]
async fn one_more_than_a_flight_takes_makes_its_own_call() {
    let mut client = client_with(pooled().max_callers(2)).await;
    let mut shared = client.meet(3, || item("tea")).await;
    let apart = shared.split_off(2);
    client.script.get().await.sell("shared");
    client.script.get().await.sell("apart");
    assert_all_got(&all(shared).await, "shared");
    assert_all_got(&all(apart).await, "apart");
    let stats = client.pool.stats();
    assert_eq!((stats.led, stats.joined, stats.solo), (1, 1, 1));
}

#[tokio::test]
async fn a_call_that_has_grown_old_is_joined_by_nobody() {
    let clock = Clock::stop();
    let cases = [
        (pooled(), Duration::from_secs(30)),
        (
            pooled().max_age(Duration::from_secs(5)),
            Duration::from_secs(5),
        ),
    ];
    for (layer, max_age) in cases {
        let mut client = client_with(layer).await;
        let mut first = client.meet(1, || item("tea")).await;
        clock.pass(max_age - Duration::from_millis(1)).await;
        first.push(client.get(item("tea")).await);
        clock.pass(Duration::from_millis(2)).await;
        let second = client.meet(2, || item("tea")).await;
        let stats = client.pool.stats();
        assert_eq!((stats.led, stats.joined), (2, 2));

        client.script.get().await.sell("first");
        client.script.get().await.sell("second");
        assert_all_got(&all(first).await, "first");
        assert_all_got(&all(second).await, "second");
    }
}

#[tokio::test]
async fn a_pools_name_is_in_its_debug_output() {
    let (shop, _script) = shop();
    let layer = pooled().name("catalog");
    assert!(format!("{layer:?}").contains("\"catalog\""));
    let pool = layer.layer(serve(&shop).await.channel());
    assert!(format!("{pool:?}").contains("\"catalog\""));
}
