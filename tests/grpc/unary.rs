//! Equal unary calls are one call at the server, and others are never mixed.

use crate::support::{all, assert_all_got, client, item, item_with};

#[tokio::test]
async fn equal_calls_are_one_call_at_the_server() {
    let mut client = client().await;
    let sent = client.meet(10, || item("tea")).await;
    client.script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");

    client.script.assert_no_more();
    let stats = client.pool.stats();
    assert_eq!((stats.led, stats.joined, stats.shared), (1, 9, 9));
    assert_eq!(client.pool.in_flight(), 0);
}

#[tokio::test]
async fn the_next_call_gets_through_once_they_are_answered() {
    let mut client = client().await;
    for title in ["first", "second"] {
        let sent = client.meet(2, || item("tea")).await;
        client.script.get().await.sell(title);
        assert_all_got(&all(sent).await, title);
    }
    assert_eq!(client.pool.stats().led, 2);
}

#[tokio::test]
async fn calls_with_other_metadata_are_not_mixed() {
    let mut client = client().await;
    let anna = client
        .get(item_with("tea", &[("authorization", "Bearer anna")]))
        .await;
    let bert = client
        .get(item_with("tea", &[("authorization", "Bearer bert")]))
        .await;
    for _ in 0..2 {
        let call = client.script.get().await;
        let who = call.metadata("authorization").unwrap().to_owned();
        call.sell(&who);
    }
    assert_all_got(&all(vec![anna]).await, "Bearer anna");
    assert_all_got(&all(vec![bert]).await, "Bearer bert");
}
