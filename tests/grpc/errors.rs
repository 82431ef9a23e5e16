//! A failure of the call is the same for all who share it, and the same that it
//! would be without the pool.

use axum::body::Body;
use bytes::Bytes;
use tonic::{Code, Status, metadata::MetadataMap};
use tower::BoxError;

use crate::{
    by_hand::{by_hand, message, trailers},
    proto::{Item, Price},
    seen::{seen_by_all, told},
    shop::shop,
    support::{all, client, entered, item, soon},
};

const DETAILS: &str = "grpc-status-details-bin";

#[tokio::test]
async fn every_code_reaches_all_callers() {
    for code in 0..=16 {
        let status = Status::new(Code::from_i32(code), "no such thing");
        let (shop, mut script) = shop();
        let seen = seen_by_all(shop.routes(), async || {
            script.get().await.answer(Err(status.clone()));
        })
        .await;
        script.assert_no_more();
        if code != 0 {
            assert_eq!(seen.unwrap_err().0.code, Code::from_i32(code));
        }
    }
}

#[tokio::test]
async fn message_details_and_metadata_reach_all_callers() {
    let mut metadata = MetadataMap::new();
    metadata.append("x-shelf", "3".parse().unwrap());
    metadata.append("x-shelf", "1".parse().unwrap());
    metadata.insert_bin("x-picture-bin", [0, 255].as_slice().try_into().unwrap());
    let status = Status::with_details_and_metadata(
        Code::NotFound,
        "kein Grüntee: 緑茶 %41\n",
        Bytes::from_static(&[0, 1, 254]),
        metadata,
    );
    let (shop, mut script) = shop();
    let seen = seen_by_all(shop.routes(), async || {
        script.get().await.answer(Err(status.clone()));
    })
    .await
    .unwrap_err();
    assert_eq!(seen.0.message, "kein Grüntee: 緑茶 %41\n");
    assert_eq!(seen.0.details, [0, 1, 254]);
    let shelves: Vec<_> = seen.0.metadata.get_all("x-shelf").iter().collect();
    assert_eq!(shelves, ["3", "1"]);
    assert!(seen.0.metadata.contains_key("x-picture-bin"));
}

#[tokio::test]
async fn a_failure_after_the_head_reaches_all_callers() {
    let (routes, mut server) = by_hand();
    let failed = [
        ("grpc-status", "5"),
        ("grpc-message", "sold%20out"),
        (DETAILS, "AAE"),
        ("x-shelf", "3"),
    ];
    let seen = seen_by_all(routes, async || {
        server.answer(vec![trailers(&failed)]).await;
    })
    .await
    .unwrap_err();
    assert_eq!(
        (seen.0.code, &*seen.0.message),
        (Code::NotFound, "sold out")
    );
    assert_eq!(seen.0.details, [0, 1]);
    assert_eq!(seen.0.metadata["x-shelf"], "3");
}

#[tokio::test]
async fn a_failure_after_the_message_reaches_all_callers() {
    let (routes, mut server) = by_hand();
    let seen = seen_by_all(routes, async || {
        let failed = trailers(&[("grpc-status", "15")]);
        server.answer(vec![message(&Item::default()), failed]).await;
    })
    .await;
    assert_eq!(seen.unwrap_err().0.code, Code::DataLoss);
}

#[tokio::test]
async fn a_body_that_breaks_off_fails_all_callers() {
    let (routes, mut server) = by_hand();
    let seen = seen_by_all(routes, async || {
        let cut: BoxError = "cut".into();
        server
            .answer(vec![message(&Item::default()), Err(cut)])
            .await;
    })
    .await;
    seen.unwrap_err();
}

#[tokio::test]
async fn a_body_without_a_status_fails_all_callers() {
    let (routes, mut server) = by_hand();
    let seen = seen_by_all(routes, async || server.answer(Vec::new()).await).await;
    seen.unwrap_err();
}

#[tokio::test]
async fn what_is_not_grpc_fails_all_callers() {
    let (routes, mut server) = by_hand();
    let seen = seen_by_all(routes, async || {
        let busy = http::Response::builder().status(503);
        server.respond(busy.body(Body::empty()).unwrap()).await;
    })
    .await;
    assert_eq!(seen.unwrap_err().0.code, Code::Unavailable);
}

#[tokio::test]
async fn a_panic_in_the_handler_fails_all_callers() {
    let (routes, mut server) = by_hand();
    let seen = seen_by_all(routes, async || server.panic().await).await;
    seen.unwrap_err();
}

#[tokio::test]
async fn a_stream_that_fails_in_the_middle_fails_for_all_readers() {
    let mut client = client().await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let mut catalog = client.catalog();
        let watch = || tokio::spawn(async move { catalog.watch(item("tea")).await });
        sent.push(entered(&client.pool, 1, watch).await);
    }
    let prices = client.script.watch().await.stream();
    prices.send(Ok(Price::default())).unwrap();
    let mut readers = Vec::new();
    for response in all(sent).await {
        let mut reader = response.unwrap().into_inner();
        assert!(soon(reader.message()).await.unwrap().is_some());
        readers.push(reader);
    }

    let mut failure = Status::with_details(Code::DataLoss, "verloren: 価格", Bytes::from("why"));
    failure
        .metadata_mut()
        .insert("x-shelf", "3".parse().unwrap());
    prices.send(Err(failure.clone())).unwrap();
    for mut reader in readers {
        let status = soon(reader.message()).await.unwrap_err();
        assert_eq!(told(&status), told(&failure));
    }
}
