//! Equal unary calls are one call at the server, and others are never mixed.

use tonic::Response;
use tower_pool::http::Role;

use crate::{
    by_hand::{by_hand, message, trailers},
    proto::Item,
    seen::seen_by_all,
    shop::shop,
    site::{Site, get, pooled},
    support::{all, assert_all_got, client, item, item_with},
};

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

#[tokio::test]
async fn message_and_metadata_are_those_of_a_plain_call() {
    let (shop, mut script) = shop();
    let seen = seen_by_all(shop.routes(), async || {
        let mut response = Response::new(Item {
            title: "緑茶".to_owned(),
            picture: vec![0, 1, 255],
            ..Item::default()
        });
        let metadata = response.metadata_mut();
        metadata.append("x-shelf", "3".parse().unwrap());
        metadata.append("x-shelf", "1".parse().unwrap());
        metadata.insert_bin("x-picture-bin", [0, 255].as_slice().try_into().unwrap());
        script.get().await.answer(Ok(response));
    })
    .await;
    let (item, metadata) = seen.unwrap();
    assert_eq!((&*item.title, &*item.picture), ("緑茶", &[0, 1, 255][..]));
    let shelves: Vec<_> = metadata.get_all("x-shelf").iter().collect();
    assert_eq!(shelves, ["3", "1"]);
    assert!(metadata.contains_key("x-picture-bin"));
}

#[tokio::test]
async fn trailers_are_those_of_a_plain_call() {
    let (routes, mut server) = by_hand();
    let seen = seen_by_all(routes, async || {
        let status = [("grpc-status", "0"), ("x-cost", "7"), ("x-cost", "9")];
        server
            .answer(vec![message(&Item::default()), trailers(&status)])
            .await;
    })
    .await;
    let (_, metadata) = seen.unwrap();
    let costs: Vec<_> = metadata.get_all("x-cost").iter().collect();
    assert_eq!(costs, ["7", "9"]);
}

#[tokio::test]
async fn a_large_answer_reaches_all_callers() {
    let (shop, mut script) = shop();
    let large = Item {
        picture: (0..3 << 20).map(|n| n as u8).collect(),
        ..Item::default()
    };
    let seen = seen_by_all(shop.routes(), async || {
        script.get().await.answer(Ok(Response::new(large.clone())));
    })
    .await;
    assert!(seen.unwrap().0 == large);
}

#[tokio::test]
async fn a_plain_channel_beside_the_pool_shares_nothing() {
    let mut client = client().await;
    let mut sent = client.meet(1, || item("tea")).await;
    sent.push(get(client.server.channel(), item("tea")));
    for _ in 0..2 {
        client.script.get().await.sell("for each");
    }
    assert_all_got(&all(sent).await, "for each");
}

#[tokio::test]
async fn a_response_says_how_it_came_about() {
    let mut client = client().await;
    let mut sent = client.meet(2, || item("tea")).await;
    let malformed = item_with("tea", &[("grpc-timeout", "soon")]);
    sent.push(client.get(malformed).await);
    for _ in 0..2 {
        client.script.get().await.sell("Darjeeling");
    }
    let got = all(sent).await.into_iter().map(Result::unwrap);
    let roles: Vec<_> = got
        .map(|response| response.extensions().get().copied())
        .collect();
    let expected = [Role::Leader, Role::Follower, Role::Solo].map(Some);
    assert_eq!(roles, expected);
}

#[tokio::test]
async fn calls_of_several_connections_are_one_call_in_the_server() {
    let (shop, mut script) = shop();
    let site = Site::in_server(shop.routes(), pooled()).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let connection = site.server.channel(); // one for each
        sent.push(site.entered(|| get(connection, item("tea"))).await);
    }
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    script.assert_no_more();
    assert_eq!((site.stats().led, site.stats().joined), (1, 2));
}
