//! A proxy that is asked to stop finishes what is under way, and nothing else.

use tokio::net::TcpStream;

use super::{
    http2::{client, get},
    message::Message,
    support::{MODES, Origin, POOLED, Peer, Proxy, within},
};
use http_body_util::BodyExt;

#[tokio::test]
async fn flights_and_bodies_under_way_are_finished() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let address = proxy.address;
    let mut first = Peer::get(address, "/a").await;
    proxy.until("\"led\":1").await;
    let mut second = client(address).await;
    let second = tokio::spawn(second.send_request(get("/a")));
    proxy.until("\"joined\":1").await;
    let mut server = origin.accept().await;
    Message::read(&mut server).await;

    let stopping = proxy.stop();
    within(async { while TcpStream::connect(address).await.is_ok() {} }).await;
    assert!(!stopping.is_finished());
    server
        .send(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello")
        .await;
    let mut answer = Message::read_head(&mut first).await;
    assert_eq!(answer.field("connection"), Some("close"));
    let second = within(second).await.unwrap().unwrap();
    assert!(!stopping.is_finished());

    server.send(b" world").await;
    answer.read_body(&mut first).await;
    assert_eq!(answer.body, "hello world");
    let second = within(second.into_body().collect()).await.unwrap();
    assert_eq!(second.to_bytes(), "hello world");
    within(stopping).await.unwrap();
}

#[tokio::test]
async fn idle_connections_are_not_waited_for() {
    for mode in MODES {
        let origin = Origin::bind().await;
        let proxy = Proxy::start(origin.address(), mode).await;
        let mut idle = Peer::get(proxy.address, "/").await;
        let mut server = origin.accept().await;
        Message::read(&mut server).await;
        server.send(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        Message::read_head(&mut idle).await;
        let mut silent = Peer::connect(proxy.address).await;
        let idle_http2 = client(proxy.address).await;
        within(proxy.stop()).await.unwrap();
        assert!(idle.read_all().await.is_empty());
        assert!(silent.read_all().await.is_empty());
        drop(idle_http2);
    }
}
