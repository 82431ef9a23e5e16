//! Streams of requests, and requests that are too large, where all methods are
//! pooled: as with a plain channel.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Request,
    body::Body,
    service::Routes,
    transport::{Channel, Server},
};
use tower_pool::{PoolLayer, grpc::GrpcPoolLayer};

use crate::{
    proto::{
        Item, ItemRequest, Uploaded, catalog_client::CatalogClient, catalog_server::CatalogServer,
    },
    server::{Running, serve_by},
    shop::{Script, shop},
    support::{Client, all, assert_all_got, client_with, item, soon},
};

const CATALOG: &str = "/shop.Catalog/";

/// All methods of the shop.
fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc()
        .service(CATALOG)
        .collect_timeout(Duration::from_millis(1))
}

/// The pool as a layer of the server.
async fn pooled_server() -> (Running, Script) {
    let (shop, script) = shop();
    let server = serve_by(|incoming| {
        Server::builder()
            .layer(layer())
            .add_routes(Routes::new(CatalogServer::new(shop)))
            .serve_with_incoming(incoming)
    });
    (server.await, script)
}

fn items(number: u64) -> Vec<Item> {
    let item = |number: u64| Item {
        id: number.to_string(),
        picture: vec![7; number as usize % 5000],
        ..Item::default()
    };
    (0..number).map(item).collect()
}

fn uploaded(number: u64) -> Uploaded {
    let ids = (0..number).map(|number| number.to_string()).collect();
    Uploaded { items: number, ids }
}

#[tokio::test]
async fn client_streams_go_through_the_pool_of_a_client_as_through_a_plain_channel() {
    let client = client_with(layer()).await;
    for number in [0, 1, 2, 500] {
        let upload = || stream::iter(items(number));
        let mut plain = CatalogClient::new(client.server.channel());
        let plain = soon(plain.upload(upload())).await.unwrap().into_inner();
        let pooled = soon(client.catalog().upload(upload())).await.unwrap();
        assert_eq!(plain, uploaded(number));
        assert_eq!(pooled.into_inner(), plain);
    }
}

#[tokio::test]
async fn client_streams_go_through_the_pool_of_a_server() {
    let (server, _script) = pooled_server().await;
    let mut catalog = CatalogClient::new(server.channel());
    for number in [0, 1, 2, 500] {
        let upload = catalog.upload(stream::iter(items(number)));
        let pooled = soon(upload).await.unwrap();
        assert_eq!(pooled.into_inner(), uploaded(number));
    }
}

#[tokio::test]
async fn equal_client_streams_are_not_shared() {
    let client = client_with(layer()).await;
    let mut sent = Vec::new();
    for _ in 0..2 {
        let (items, stream) = mpsc::unbounded_channel();
        let mut catalog = client.catalog();
        let stream = UnboundedReceiverStream::new(stream);
        let answer = tokio::spawn(async move { catalog.upload(stream).await });
        sent.push((items, answer));
    }
    for item in items(3) {
        for (items, _) in &sent {
            items.send(item.clone()).unwrap();
        }
    }
    for (items, answer) in sent {
        drop(items);
        let answer = soon(answer).await.unwrap();
        assert_eq!(answer.unwrap().into_inner(), uploaded(3));
    }
    let stats = client.pool.stats();
    assert_eq!((stats.led, stats.joined, stats.solo), (0, 0, 2));
}

fn question(number: u64) -> ItemRequest {
    item(&number.to_string()).into_inner()
}

/// Asks each question only when the one before was answered. The first is asked
/// before there is a head, or after.
macro_rules! ping_pong {
    ($catalog:expr, asks_first: $asks_first:expr) => {{
        let (questions, stream) = mpsc::unbounded_channel();
        if $asks_first {
            questions.send(question(0)).unwrap();
        }
        let stream = UnboundedReceiverStream::new(stream);
        let answers = soon($catalog.ask(stream)).await.unwrap();
        let mut answers = answers.into_inner();
        for number in 0..5 {
            if number > 0 || !$asks_first {
                questions.send(question(number)).unwrap();
            }
            let answer = soon(answers.message()).await.unwrap().unwrap();
            assert_eq!(answer.title, format!("about {number}"));
        }
        drop(questions);
        assert!(soon(answers.message()).await.unwrap().is_none());
    }};
}

#[tokio::test]
async fn each_question_of_a_bidi_stream_may_wait_for_the_answer_to_the_one_before() {
    let client = client_with(layer()).await;
    let (server, _script) = pooled_server().await;
    for asks_first in [true, false] {
        let mut plain = CatalogClient::new(client.server.channel());
        ping_pong!(plain, asks_first: asks_first);
        ping_pong!(client.catalog(), asks_first: asks_first);
        let mut of_server = CatalogClient::new(server.channel());
        ping_pong!(of_server, asks_first: asks_first);
    }
    assert_eq!(client.pool.stats().solo, 2);
}

#[tokio::test]
async fn a_bidi_stream_of_questions_that_are_there_is_answered_in_order() {
    let client = client_with(layer()).await;
    let questions = stream::iter((0..500).map(question));
    let answers = soon(client.catalog().ask(questions)).await.unwrap();
    let titles = answers.into_inner().map(|answer| answer.unwrap().title);
    let titles: Vec<_> = soon(titles.collect()).await;
    let expected: Vec<_> = (0..500).map(|number| format!("about {number}")).collect();
    assert_eq!(titles, expected);
}

/// The price of naming all methods: nothing tells such a stream from a message.
#[tokio::test]
async fn a_stream_of_one_message_is_shared_as_a_message_is() {
    let client = client_with(layer().collect_timeout(Duration::from_secs(30))).await;
    let upload = soon(client.catalog().upload(stream::iter(items(1)))).await;
    assert_eq!(upload.unwrap().into_inner(), uploaded(1));
    assert_eq!((client.pool.stats().led, client.pool.stats().solo), (1, 0));
}

fn large(bytes: usize) -> Request<ItemRequest> {
    Request::new(ItemRequest {
        id: "tea".into(),
        detail: (0..bytes).map(|byte| byte as u8).collect(),
    })
}

/// Sends two of this size, and has all calls that come answered.
async fn two_large(client: &mut Client, bytes: usize) -> usize {
    let sent = client.meet(2, || large(bytes)).await;
    let calls = client.pool.stats().led + client.pool.stats().solo;
    for _ in 0..calls {
        let call = client.script.get().await;
        assert_eq!(call.request.get_ref(), large(bytes).get_ref());
        call.sell("Darjeeling");
    }
    assert_all_got(&all(sent).await, "Darjeeling");
    client.script.assert_no_more();
    calls as usize
}

#[tokio::test]
async fn a_unary_call_over_the_limit_goes_through_whole() {
    let layer = PoolLayer::grpc().service(CATALOG);
    let mut client = client_with(layer).await;
    assert_eq!(two_large(&mut client, 1 << 20).await, 2);
}

#[tokio::test]
async fn a_large_unary_call_within_the_limit_is_shared_whole() {
    let layer = PoolLayer::grpc().service(CATALOG).max_message(2 << 20);
    let mut client = client_with(layer).await;
    assert_eq!(two_large(&mut client, 1 << 20).await, 1);
}

/// Where it comes in many frames, as they come.
#[tokio::test]
async fn a_server_collects_a_large_message_and_hands_it_on_whole() {
    let (server, mut script) = pooled_server().await;
    for bytes in [0, 100_000, 1 << 20] {
        let mut catalog = CatalogClient::<Channel>::new(server.channel());
        let sent = tokio::spawn(async move { catalog.get(large(bytes)).await });
        let call = script.get().await;
        assert_eq!(call.request.get_ref(), large(bytes).get_ref());
        call.sell("Darjeeling");
        assert_all_got(&all(vec![sent]).await, "Darjeeling");
    }
}
