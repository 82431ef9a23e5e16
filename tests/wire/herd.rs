//! Honest clients and an honest origin: what is shared, and what is not.

use http::Method;
use tokio::task::JoinSet;

use super::{
    honest::{Outcome, Version},
    peer::until,
    stage::Stage,
    target::{Ask, Manner, USERS},
};

#[tokio::test]
async fn equal_requests_are_one_at_the_origin() {
    for manner in [Manner::Plain, Manner::Chunked, Manner::Closing] {
        let stage = Stage::new("").await;
        let ask = Ask::gated(manner, "all", 100_000);
        let herd = stage.herd(&ask, 60).await;
        stage.origin.open_gate();
        herd.are_answered().await;
        assert_eq!(stage.origin.asked(&ask), 1);
        assert_eq!(stage.ledger.count(), (1, 60));
        let stats = stage.proxy.stats().await;
        assert_eq!((stats.led, stats.joined, stats.shared), (1, 59, 59));
        stage.end().await;
    }
}

/// All at once, and each gets its own.
#[tokio::test]
async fn requests_that_differ_are_not_mixed_up() {
    let stage = Stage::new("").await;
    let plain = Ask::gated(Manner::Plain, "a", 5000);
    let other = |change: fn(&mut Ask)| {
        let mut ask = plain.clone();
        change(&mut ask);
        ask
    };
    let asks = [
        plain.clone(),
        other(|ask| ask.token += "b"),
        other(|ask| ask.size += 1),
        other(|ask| ask.host = "other.test".to_owned()),
        other(|ask| ask.host += ":8080"),
        other(|ask| ask.method = Method::HEAD),
        other(|ask| ask.manner = Manner::Chunked),
    ];
    let mut clients = JoinSet::new();
    for ask in asks.iter().cycle().take(10 * asks.len()) {
        for version in [Version::Http1, Version::Http2] {
            let (mut honest, ask) = (stage.honest(version), ask.clone());
            clients.spawn(async move { honest.ask(&ask).await });
        }
    }
    stage.until_aboard(20 * asks.len() as u64).await;
    stage.origin.open_gate();
    for outcome in clients.join_all().await {
        assert_eq!(outcome, Outcome::Whole);
    }
    for ask in &asks {
        assert_eq!(stage.origin.asked(ask), 1, "{}", ask.name());
    }
    stage.end().await;
}

/// Who says who it is asks for itself alone, beside a herd that does not; and gets
/// no answer but its own.
#[tokio::test]
async fn who_says_who_it_is_shares_with_nobody() {
    const OF_EACH: usize = 6;
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Plain, "whose", 5000);
    let herd = stage.herd(&ask, 10).await;
    let asks = USERS.map(|user| ask.clone().by(user));
    let mut clients = JoinSet::new();
    for ask in asks.iter().cycle().take(OF_EACH * asks.len()) {
        for version in [Version::Http1, Version::Http2] {
            let (mut honest, ask) = (stage.honest(version), ask.clone());
            clients.spawn(async move { honest.ask(&ask).await });
        }
    }
    let all = 10 + (2 * OF_EACH * USERS.len()) as u64;
    until("all have asked", async || {
        let stats = stage.proxy.stats().await;
        stats.led + stats.joined + stats.solo == all
    })
    .await;
    stage.origin.open_gate();
    herd.are_answered().await;
    for outcome in clients.join_all().await {
        assert_eq!(outcome, Outcome::Whole);
    }
    assert_eq!(stage.origin.asked(&ask), 1);
    for ask in &asks {
        assert_eq!(stage.origin.asked(ask), 2 * OF_EACH, "{}", ask.name());
    }
    stage.end().await;
}

#[tokio::test]
async fn an_answer_for_one_goes_to_one() {
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Private, "mine", 3000);
    let herd = stage.herd(&ask, 20).await;
    stage.origin.open_gate();
    herd.are_answered().await;
    assert_eq!(stage.origin.asked(&ask), 20);
    assert_eq!(stage.ledger.count(), (20, 20));
    stage.end().await;
}

/// The check is in the ledger: nobody gets an answer that somebody had read when
/// it was asked for.
#[tokio::test]
async fn no_answer_is_older_than_its_question() {
    for options in ["", "--join until-body"] {
        let stage = Stage::new(options).await;
        let mut clients = JoinSet::new();
        for client in 0..16 {
            let version = match client % 2 {
                0 => Version::Http1,
                _ => Version::Http2,
            };
            let mut honest = stage.honest(version);
            clients.spawn(async move {
                for round in 0..60 {
                    let manner = match round % 3 {
                        0 => Manner::Chunked,
                        _ => Manner::Plain,
                    };
                    let ask = Ask::new(manner, "again", 20_000);
                    assert_eq!(honest.ask(&ask).await, Outcome::Whole);
                }
            });
        }
        clients.join_all().await;
        let (answers, clients) = stage.ledger.count();
        assert_eq!(clients, 16 * 60);
        assert!(answers < clients, "nothing was shared");
        stage.end().await;
    }
}
