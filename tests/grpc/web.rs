//! gRPC-Web: on its way through tonic-web it becomes gRPC, and can be shared
//! behind that. Before, it goes through untouched.

use prost::Message;
use tokio::task::JoinHandle;
use tonic::{Code, transport::Server};
use tonic_web::GrpcWebLayer;
use tower_pool::PoolLayer;

use crate::{
    proto::{Item, ItemRequest, catalog_client::CatalogClient, catalog_server::CatalogServer},
    server::{Running, serve_by},
    shop::{Script, shop},
    support::{GET, all, assert_all_got, item, send},
    watch::Watch,
};

/// Asks over HTTP/1.1, as a browser would, and returns the item and the status.
fn ask(server: &Running, id: &str) -> JoinHandle<(Item, Code)> {
    let question = ItemRequest {
        id: id.to_owned(),
        ..ItemRequest::default()
    };
    let question = framed(0, &question.encode_to_vec());
    let request = web()
        .post(format!("http://{}{GET}", server.addr))
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .body(question);
    tokio::spawn(async move {
        let response = request.send().await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "application/grpc-web+proto"
        );
        let body = response.bytes().await.unwrap();
        let (message, trailers) = split(&body);
        (Item::decode(message).unwrap(), code_in(trailers))
    })
}

fn web() -> reqwest::Client {
    // The server is right here, whatever the environment says about proxies.
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// With what stands before a message: its kind, and its length.
fn framed(kind: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], message].concat()
}

/// The message of a body, and its trailers.
fn split(body: &[u8]) -> (&[u8], &[u8]) {
    let (prefix, rest) = body.split_first_chunk::<5>().unwrap();
    let [0, length @ ..] = prefix else {
        panic!("no message comes first: {body:?}");
    };
    let (message, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
    assert_eq!(rest[0], 0x80);
    (message, &rest[5..])
}

fn code_in(trailers: &[u8]) -> Code {
    let trailers = std::str::from_utf8(trailers).unwrap();
    let code = trailers
        .lines()
        .find_map(|line| line.strip_prefix("grpc-status:"));
    Code::from_bytes(code.expect("there is a status").trim().as_bytes())
}

/// A server that tonic-web is in, outside of the pool.
async fn outside() -> (Running, Watch, Script) {
    let (shop, script) = shop();
    let watch = Watch::default();
    let server = Server::builder()
        .accept_http1(true)
        .layer(GrpcWebLayer::new())
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    (server, watch, script)
}

#[tokio::test]
async fn what_tonic_web_has_made_grpc_is_shared() {
    let (server, watch, mut script) = outside().await;
    let sent = vec![
        ask(&server, "tea"),
        ask(&server, "tea"),
        ask(&server, "tea"),
    ];
    watch.entered(3).await;
    script.get().await.sell("Darjeeling");
    for (item, code) in all(sent).await {
        assert_eq!((&*item.title, code), ("Darjeeling", Code::Ok));
    }
    assert_eq!(watch.seen(), (1, 2, 0));
    script.assert_no_more();
}

#[tokio::test]
async fn what_comes_as_grpc_web_to_the_pool_goes_through_untouched() {
    let (shop, mut script) = shop();
    let watch = Watch::default();
    let server = Server::builder()
        .accept_http1(true)
        .layer(watch.on(PoolLayer::grpc().method(GET)))
        .layer(GrpcWebLayer::new())
        .add_service(CatalogServer::new(shop));
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    let sent = vec![ask(&server, "tea"), ask(&server, "tea")];
    for _ in 0..2 {
        script.get().await.sell("Darjeeling");
    }
    for (item, code) in all(sent).await {
        assert_eq!((&*item.title, code), ("Darjeeling", Code::Ok));
    }
    assert_eq!(watch.seen(), (0, 0, 2));
}

#[tokio::test]
async fn what_is_grpc_from_the_start_is_shared_behind_tonic_web() {
    let (server, watch, mut script) = outside().await;
    let sent = (0..3).map(|_| send(&CatalogClient::new(server.channel()), item("tea")));
    let sent = sent.collect();
    watch.entered(3).await;
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    assert_eq!(watch.seen(), (1, 2, 0));
    script.assert_no_more();
}
