//! Requests that are none: they are refused, the connection is closed, and the
//! origin hears nothing of it.

use tokio::time::{Duration, sleep};

use super::{
    honest::{Outcome, Version},
    peer::{Peer, within},
    stage::Stage,
    target::{Ask, Manner},
    vitals::MIB,
};

/// Sends it, and returns all that comes back.
async fn send(stage: &Stage, request: &[u8]) -> String {
    let mut peer = Peer::connect(stage.proxy.address).await;
    peer.send(request).await;
    let answer = within("the proxy closes", peer.read_all()).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Refuses them all, and answers an honest client in between.
async fn are_refused(requests: &[&[u8]]) {
    let stage = Stage::new("").await;
    let mut honest = stage.honest(Version::Http1);
    for (number, request) in requests.iter().enumerate() {
        let answer = send(&stage, request).await;
        let shown = request[..request.len().min(100)].escape_ascii();
        // A reset may take the refusal away from who has not read it yet.
        let is_refusal = answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 505");
        assert!(is_refusal || answer.is_empty(), "{shown}: {answer}");
        assert!(answer.matches("HTTP/1.").count() <= 1, "{shown}: {answer}");

        let ask = Ask::new(Manner::Plain, format!("between-{number}"), 100);
        assert_eq!(honest.ask(&ask).await, Outcome::Whole, "after {shown}");
    }
    drop(honest);
    assert_eq!(stage.origin.seen().len(), requests.len());
    stage.end().await;
}

/// A head in as many pieces as it has bytes is as good as another.
#[tokio::test]
async fn a_head_may_come_byte_by_byte() {
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Plain, "bytes", 3000);
    let herd = stage.herd(&ask, 6).await;
    let mut peers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let mut peer = Peer::connect(stage.proxy.address).await;
        let head = ask.head("X-A: 1\r\n");
        peers.spawn(async move {
            for byte in head.as_bytes() {
                peer.send([*byte]).await;
                sleep(Duration::from_millis(1)).await; // else they arrive together
            }
            peer
        });
    }
    let peers = peers.join_all().await;
    stage.until_aboard(10).await;
    stage.origin.open_gate();
    herd.are_answered().await;
    for mut peer in peers {
        let head = within("a head", peer.read_until(b"\r\n\r\n")).await;
        let head = String::from_utf8(head.unwrap()).unwrap();
        let is_mine = head.contains(&format!("\r\nx-for: {}\r\n", ask.name()));
        assert!(is_mine, "{head}");
        let body = within("a body", peer.read(3000)).await.unwrap();
        assert!(ask.content().is_at(0, &body));
    }
    assert_eq!(stage.origin.asked(&ask), 1);
    stage.end().await;
}

#[tokio::test]
async fn malformed_heads_are_refused() {
    are_refused(&[
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        b"GET / / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-A: \0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX A: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n X-A: folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        // What a client says that expects TLS.
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ])
    .await;
}

#[tokio::test]
async fn huge_heads_are_refused() {
    let start = "GET /plain/huge?1 HTTP/1.1\r\nHost: a\r\n";
    let long_value = format!("{start}X-A: {}\r\n\r\n", "a".repeat(1_000_000));
    let long_name = format!("{start}{}: a\r\n\r\n", "a".repeat(1_000_000));
    let many = format!("{start}{}\r\n", "X-A: 1\r\n".repeat(1000));
    let long_target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(100_000));
    let long_method = format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "A".repeat(1_000_000));
    are_refused(&[
        long_value.as_bytes(),
        long_name.as_bytes(),
        many.as_bytes(),
        long_target.as_bytes(),
        long_method.as_bytes(),
    ])
    .await;
}

/// Heads that go on until they are refused take no more memory than the limit
/// of hyper's, of less than half a MiB, for each: it reads no further.
#[tokio::test]
async fn endless_heads_take_no_memory() {
    const CLIENTS: usize = 20;
    let stage = Stage::new("").await;
    let before = stage.proxy.memory();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let mut peer = Peer::connect(stage.proxy.address).await;
        clients.spawn(async move {
            let mut sent = peer.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: ").await;
            while sent {
                sent = peer.send([b'a'; 100_000]).await;
            }
        });
    }
    within("all are refused", clients.join_all()).await;
    let taken = stage.proxy.peak() - before;
    assert!(taken < CLIENTS as u64 * 2 * MIB, "{} KiB", taken / 1024);
    stage.end().await;
}
