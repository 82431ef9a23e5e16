//! Clients that reset their connections, half-close them, or send half a request
//! and no more, among honest ones in the same flight.

use tokio::task::JoinSet;

use super::{
    honest::{Outcome, Version},
    peer::{Peer, until, within},
    stage::Stage,
    target::{Ask, Manner},
};

/// So many who have asked, and not read anything yet. The first of them leads.
async fn hostile(stage: &Stage, ask: &Ask, number: u64) -> Vec<Peer> {
    let before = stage.proxy.stats().await;
    let mut peers = Vec::new();
    for _ in 0..number {
        let mut peer = Peer::connect_narrow(stage.proxy.address).await;
        peer.send(ask.head("")).await;
        peers.push(peer);
        let aboard = before.led + before.joined + peers.len() as u64;
        stage.until_aboard(aboard).await;
    }
    peers
}

#[tokio::test]
async fn a_reset_before_the_answer_hurts_nobody_else() {
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Plain, "before", 100_000);
    let peers = hostile(&stage, &ask, 10).await;
    let herd = stage.herd(&ask, 10).await;
    for peer in peers {
        peer.reset();
    }
    stage.origin.open_gate();
    herd.are_answered().await;
    assert_eq!(stage.origin.asked(&ask), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_reset_in_the_body_hurts_nobody_else() {
    // More than all sockets on the way have room for, and less than anybody may lag.
    const SIZE: usize = 12_000_000;
    for manner in [Manner::Chunked, Manner::Closing] {
        let stage = Stage::new("--max-lag 16000000").await;
        let ask = Ask::gated(manner, "within", SIZE);
        let peers = hostile(&stage, &ask, 6).await;
        let herd = stage.herd(&ask, 4).await;
        stage.origin.open_gate();
        for mut peer in peers {
            let read = within("the first bytes", peer.read(10_000)).await;
            assert!(read.is_some());
            peer.reset();
        }
        herd.are_answered().await;
        assert_eq!(stage.origin.asked(&ask), 1);
        stage.end().await;
    }
}

#[tokio::test]
async fn a_reset_after_the_answer_hurts_nobody_else() {
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Plain, "after", 1000);
    let peers = hostile(&stage, &ask, 10).await;
    let herd = stage.herd(&ask, 10).await;
    stage.origin.open_gate();
    for mut peer in peers {
        within("the head", peer.read_until(b"\r\n\r\n")).await;
        assert!(within("the body", peer.read(1000)).await.is_some());
        peer.reset();
    }
    herd.are_answered().await;
    stage.end().await;
}

/// Whatever there is of them when they go.
#[tokio::test]
async fn a_reset_in_the_request_leaves_nothing() {
    let stage = Stage::new("").await;
    let mut honest = stage.honest(Version::Http1);
    let head = Ask::new(Manner::Plain, "request", 100).head("X-A: 1\r\n");
    for length in 0..head.len() {
        let mut peer = Peer::connect(stage.proxy.address).await;
        peer.send(&head[..length]).await;
        peer.reset();
        if length % 10 == 0 {
            let ask = Ask::new(Manner::Plain, format!("between-{length}"), 100);
            assert_eq!(honest.ask(&ask).await, Outcome::Whole);
        }
    }
    drop(honest);
    let names = stage.origin.seen().into_iter().map(|seen| seen.name);
    assert_eq!(names.filter(|name| name.contains("request")).count(), 0);
    stage.end().await;
}

/// A body that never ends is given up when nobody is left, and not before.
#[tokio::test]
async fn the_last_to_leave_takes_the_answer_along() {
    for options in ["", "--join until-body"] {
        let stage = Stage::new(options).await;
        let ask = Ask::gated(Manner::Endless, "endless", 0);
        let mut peers = hostile(&stage, &ask, 6).await;
        stage.origin.open_gate();
        for peer in &mut peers {
            let read = within("the first bytes", peer.read(100_000)).await;
            assert!(read.is_some());
        }
        let mut last = peers.pop().unwrap();
        for peer in peers {
            peer.reset();
        }
        let read = within("the last one's bytes", last.read(20_000_000)).await;
        assert!(read.is_some());
        assert_eq!(stage.origin.busy(), 1);
        last.reset();
        stage.origin.let_go().await;
        stage.end().await;
    }
}

/// hyper takes it for a client that has gone, which is its right. If it gives an
/// answer, then the right one.
#[tokio::test]
async fn a_half_closed_connection_hurts_nobody() {
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Plain, "half", 1000);
    let mut peers = hostile(&stage, &ask, 10).await;
    let herd = stage.herd(&ask, 10).await;
    for peer in &mut peers {
        peer.half_close().await;
    }
    stage.origin.open_gate();
    for mut peer in peers {
        let answer = within("the end", peer.read_all()).await;
        let answer = String::from_utf8(answer).unwrap();
        let is_right = answer.contains(&format!("x-for: {}\r\n", ask.name()))
            && answer.ends_with(&String::from_utf8(ask.content().take(1000)).unwrap());
        assert!(answer.is_empty() || is_right, "{answer}");
    }
    herd.are_answered().await;
    stage.end().await;
}

/// Heads and bodies that do not go on, while others come and go.
#[tokio::test]
async fn half_a_request_keeps_nobody_waiting() {
    let stage = Stage::new("").await;
    let head = Ask::new(Manner::Plain, "stalled", 100).head("X-A: 1\r\n");
    let mut put = Ask::new(Manner::Plain, "stalled-body", 100);
    put.method = http::Method::PUT;
    let mut peers = Vec::new();
    for number in 0..100 {
        let mut peer = Peer::connect(stage.proxy.address).await;
        peer.send(&head[..number % head.len()]).await;
        peers.push(peer);
        let mut peer = Peer::connect(stage.proxy.address).await;
        peer.send(put.head("Content-Length: 9\r\n") + "half").await;
        peers.push(peer);
    }
    until("the halves arrive", async || {
        stage.origin.asked(&put) == 100
    })
    .await;
    let mut clients = JoinSet::new();
    for version in [Version::Http1, Version::Http2] {
        let mut honest = stage.honest(version);
        clients.spawn(async move {
            for round in 0..50 {
                let ask = Ask::new(Manner::Chunked, format!("meanwhile-{round}"), 5000);
                assert_eq!(honest.ask(&ask).await, Outcome::Whole);
            }
        });
    }
    clients.join_all().await;
    drop(peers);
    stage.origin.let_go().await;
    let mut halves = stage.origin.seen();
    halves.retain(|seen| seen.name == put.name());
    assert!(halves.iter().all(|seen| !seen.has_whole_body));
    stage.end().await;
}
