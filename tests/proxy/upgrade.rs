//! Requests that switch protocols, that expect something, or that are refused.

use super::{
    message::Message,
    support::{MODES, Origin, POOLED, Peer, Proxy},
};

const UPGRADE: &[u8] = b"GET /a HTTP/1.1\r\nHost: site.test\r\n\
    Connection: upgrade\r\nUpgrade: chat/2, chat\r\n\r\n";

#[tokio::test]
async fn bytes_go_to_and_fro_after_the_switch() {
    for mode in MODES {
        let origin = Origin::bind().await;
        let proxy = Proxy::start(origin.address(), mode).await;
        let mut client = Peer::connect(proxy.address).await;
        client.send(UPGRADE).await;

        let mut server = origin.accept().await;
        let request = Message::read_head(&mut server).await;
        let fields = [
            "connection: upgrade",
            "host: site.test",
            "upgrade: chat/2, chat",
        ];
        assert_eq!(request.fields, fields);
        let switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
            Upgrade: chat\r\nX-A: 1\r\n\r\nwelcome";
        server.send(switch).await;

        let answer = Message::read_head(&mut client).await;
        assert_eq!(answer.start, "HTTP/1.1 101 Switching Protocols");
        assert_eq!(answer.field("upgrade"), Some("chat"));
        assert_eq!(answer.field("connection"), Some("upgrade"));
        assert_eq!(answer.field("x-a"), Some("1"));
        assert_eq!(client.read(7).await, b"welcome");
        client.send(b"\0thanks").await;
        assert_eq!(server.read(7).await, b"\0thanks");
        drop(client);
        assert!(server.read_all().await.is_empty());
    }
}

#[tokio::test]
async fn a_switch_that_is_declined_is_an_answer_like_any() {
    for mode in MODES {
        let origin = Origin::bind().await;
        let proxy = Proxy::start(origin.address(), mode).await;
        let mut client = Peer::connect(proxy.address).await;
        client.send(UPGRADE).await;
        let mut server = origin.accept().await;
        Message::read_head(&mut server).await;
        server
            .send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
            .await;
        let answer = Message::read(&mut client).await;
        assert_eq!(
            answer.to_string(),
            "HTTP/1.1 200 OK\ncontent-length: 2\n[no]"
        );
    }
}

#[tokio::test]
async fn a_switch_neither_joins_nor_is_joined() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let _plain = Peer::get(proxy.address, "/a").await;
    proxy.until("\"led\":1").await;
    let mut client = Peer::connect(proxy.address).await;
    client.send(UPGRADE).await;
    proxy.until("\"solo\":1").await;
    let _another = Peer::get(proxy.address, "/a").await;
    proxy.until("\"joined\":1").await;

    let mut upgrades = Vec::new();
    for _ in 0..2 {
        let mut server = origin.accept().await;
        let request = Message::read_head(&mut server).await;
        upgrades.push(request.field("upgrade").is_some());
    }
    upgrades.sort();
    assert_eq!(upgrades, [false, true]);
}

/// It would carry requests past the proxy. Without it, it is a plain request.
#[tokio::test]
async fn http2_is_not_switched_to() {
    for mode in MODES {
        let origin = Origin::bind().await;
        let proxy = Proxy::start(origin.address(), mode).await;
        let mut client = Peer::connect(proxy.address).await;
        let request = b"GET / HTTP/1.1\r\nHost: site.test\r\nUpgrade: h2c\r\n\
            Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
        client.send(request).await;
        let request = Message::read_head(&mut origin.accept().await).await;
        assert_eq!(request.fields, ["host: site.test"]);
    }
}

#[tokio::test]
async fn a_body_that_waits_for_leave_gets_it() {
    for mode in MODES {
        let origin = Origin::bind().await;
        let proxy = Proxy::start(origin.address(), mode).await;
        let mut client = Peer::connect(proxy.address).await;
        let head = b"PUT / HTTP/1.1\r\nHost: site.test\r\nExpect: 100-continue\r\n\
            Content-Length: 4\r\n\r\n";
        client.send(head).await;
        let mut server = origin.accept().await;
        let mut request = Message::read_head(&mut server).await;
        assert_eq!(request.field("expect"), Some("100-continue"));
        let leave = Message::read_head(&mut client).await;
        assert_eq!(leave.start, "HTTP/1.1 100 Continue");
        client.send(b"body").await;
        request.read_body(&mut server).await;
        assert_eq!(request.body, "body");
        // The origin may give its own leave, to nobody's harm.
        server.send(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        server
            .send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
        let answer = Message::read(&mut client).await;
        assert_eq!(answer.to_string(), "HTTP/1.1 200 OK\ncontent-length: 0\n[]");
    }
}

#[tokio::test]
async fn what_is_refused_never_reaches_the_origin() {
    let refusals: [(&[u8], &str, &str); 4] = [
        (
            b"GET / HTTP/1.1\r\n\r\n",
            "400 Bad Request",
            "there is no Host",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "400 Bad Request",
            "there is more than one Host",
        ),
        (
            b"GET a.test HTTP/1.1\r\nHost: a.test\r\n\r\n",
            "400 Bad Request",
            "the target of the request has no path",
        ),
        (
            b"CONNECT a.test:9 HTTP/1.1\r\nHost: a.test:9\r\n\r\n",
            "501 Not Implemented",
            "CONNECT is not supported",
        ),
    ];
    for mode in MODES {
        // It never answers: whoever reaches it waits.
        let origin = Origin::bind().await;
        let proxy = Proxy::start(origin.address(), mode).await;
        for (request, status, message) in refusals {
            let mut client = Peer::connect(proxy.address).await;
            client.send(request).await;
            let answer = Message::read(&mut client).await;
            assert_eq!(answer.start, format!("HTTP/1.1 {status}"));
            assert_eq!(answer.body, format!("{message}\\n"));
        }
    }
}
