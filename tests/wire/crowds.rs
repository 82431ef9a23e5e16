//! More connections than anybody needs.

use tokio::net::TcpStream;

use super::{
    honest::{Outcome, Version},
    peer::{Peer, until, within},
    stage::Stage,
    target::{Ask, Manner},
    vitals::MIB,
};

/// Of a process that may have 1024 files, as this one may. The other ends are the
/// proxy's.
const CROWD: u64 = 400;

#[tokio::test]
async fn a_crowd_is_answered_with_one_request() {
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Plain, "crowd", 10_000);
    let herd = stage.herd(&ask, CROWD).await;
    stage.origin.open_gate();
    herd.are_answered().await;
    assert_eq!(stage.origin.asked(&ask), 1);
    assert_eq!(stage.ledger.count(), (1, CROWD as usize));
    assert_eq!(stage.proxy.stats().await.shared, CROWD - 1);
    stage.end().await;
}

#[tokio::test]
async fn connections_that_say_nothing_are_in_nobodys_way() {
    let stage = Stage::new("").await;
    let mut silent = Vec::new();
    for _ in 0..CROWD {
        silent.push(TcpStream::connect(stage.proxy.address).await.unwrap());
    }
    for version in [Version::Http1, Version::Http2] {
        let mut honest = stage.honest(version);
        for round in 0..20 {
            let ask = Ask::new(Manner::Chunked, format!("{version:?}-{round}"), 10_000);
            assert_eq!(honest.ask(&ask).await, Outcome::Whole);
        }
    }
    drop(silent);
    stage.end().await;
}

/// Rounds of clients who come and go, each with a connection and a target of its
/// own: half of them get their answer, half of them leave in the middle of it. There
/// are 2000 between the rounds compared: 262 bytes kept for each are too much.
#[tokio::test]
async fn those_who_have_gone_leave_no_memory() {
    const CLIENTS: usize = 200;
    const ROUNDS: usize = 20;
    let stage = Stage::new("").await;
    let mut memory = Vec::new();
    for round in 0..ROUNDS {
        for client in 0..CLIENTS / 2 {
            let ask = Ask::new(Manner::Chunked, format!("{round}-{client}"), 10_000);
            let mut honest = stage.honest(Version::Http1);
            assert_eq!(honest.ask(&ask).await, Outcome::Whole);
            let mut peer = Peer::connect(stage.proxy.address).await;
            let ask = Ask::new(Manner::Stalls, format!("{round}-{client}"), 10_000);
            peer.send(ask.head("")).await;
            assert!(within("the first bytes", peer.read(500)).await.is_some());
            peer.reset();
        }
        stage.let_go().await;
        memory.push(stage.proxy.memory());
    }
    let grown = memory[ROUNDS - 1].saturating_sub(memory[ROUNDS / 2 - 1]);
    assert!(grown < MIB / 2, "{memory:?}");
    stage.end().await;
}

/// When it may not open another file it waits until it may. Whoever is connected
/// by then is served, if the origin is too, and nobody is forgotten.
#[tokio::test]
async fn without_files_it_waits_for_some() {
    const FILES: u32 = 60;
    let stage = Stage::with_files("", Some(FILES)).await;
    let ask = Ask::new(Manner::Plain, "early", 1000);
    let mut early = stage.honest(Version::Http1);
    assert_eq!(early.ask(&ask).await, Outcome::Whole);

    let mut crowd = Vec::new();
    for _ in 0..150 {
        crowd.push(Peer::connect(stage.proxy.address).await);
    }
    until("there are no files left", async || {
        !stage.proxy.may_open_files(FILES)
    })
    .await;
    // Over the connection to the origin that there is, if that is free already;
    // another cannot be had.
    for round in 0..20 {
        let ask = Ask::new(Manner::Plain, format!("early-{round}"), 1000);
        let outcome = early.ask(&ask).await;
        let allowed = [Outcome::Whole, Outcome::Refused];
        assert!(allowed.contains(&outcome), "{outcome:?}");
    }
    let late = Ask::new(Manner::Plain, "late", 1000);
    let mut clients = tokio::task::JoinSet::new();
    for version in [Version::Http1, Version::Http2] {
        let (mut honest, late) = (stage.honest(version), late.clone());
        clients.spawn(async move { honest.ask(&late).await });
    }
    while let Some(peer) = crowd.pop() {
        peer.reset();
    }
    for outcome in clients.join_all().await {
        assert_eq!(outcome, Outcome::Whole);
    }
    drop(early);
    stage.end().await;
}
