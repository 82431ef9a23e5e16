//! An origin that fails, in every way there is. Those who share an answer share
//! its failure; and the next who asks gets a new one.

use std::sync::Arc;

use futures::FutureExt;
use tokio::{sync::Barrier, task::JoinSet};

use super::{
    honest::{Outcome, Version},
    peer::{Peer, until, within},
    stage::Stage,
    target::{Ask, Manner},
    vitals::MIB,
};

const HERD: u64 = 12;

/// All who wait for one answer fail alike, and the origin is asked once. Then it
/// behaves, and the same question is answered.
async fn fails(manner: Manner, allowed: &[Outcome]) {
    let stage = Stage::new("").await;
    let ask = Ask::gated(manner, "all", 50_000);
    let herd = stage.herd(&ask, HERD).await;
    stage.origin.open_gate();
    if allowed == BROKEN {
        until("all have some of it", async || {
            stage.ledger.started() as u64 == HERD
        })
        .await;
        stage.origin.break_off();
    }
    for outcome in herd.outcomes().await {
        assert!(allowed.contains(&outcome), "{outcome:?}");
    }
    assert_eq!(stage.origin.asked(&ask), 1);

    stage.origin.heal();
    for version in [Version::Http1, Version::Http2] {
        assert_eq!(stage.honest(version).ask(&ask).await, Outcome::Whole);
    }
    stage.end().await;
}

/// The refusal of a HEAD has no body either, which hyper sees to over HTTP/1 alone.
#[tokio::test]
async fn who_asks_for_a_head_is_refused_with_one() {
    let stage = Stage::new("").await;
    for version in [Version::Http1, Version::Http2] {
        let mut ask = Ask::new(Manner::HangsUp, "head", 0);
        ask.method = http::Method::HEAD;
        assert_eq!(stage.honest(version).ask(&ask).await, Outcome::Refused);
    }
    stage.end().await;
}

/// Without a head there is nothing but to say so.
const NO_HEAD: &[Outcome] = &[Outcome::Refused];
/// What is there of the answer is handed on, and does not look complete.
const BROKEN: &[Outcome] = &[Outcome::Broken];

#[tokio::test]
async fn it_hangs_up_instead_of_an_answer() {
    fails(Manner::HangsUp, NO_HEAD).await;
}

#[tokio::test]
async fn it_dies_in_the_head() {
    fails(Manner::HalfAHead, NO_HEAD).await;
}

#[tokio::test]
async fn its_head_has_no_end() {
    fails(Manner::EndlessHead, NO_HEAD).await;
}

#[tokio::test]
async fn it_speaks_no_http() {
    fails(Manner::Garbage, NO_HEAD).await;
}

#[tokio::test]
async fn it_sends_less_than_it_says() {
    fails(Manner::TooLittle, BROKEN).await;
}

#[tokio::test]
async fn it_dies_between_chunks() {
    fails(Manner::CutChunks, BROKEN).await;
}

#[tokio::test]
async fn its_chunks_are_none() {
    fails(Manner::BadChunks, BROKEN).await;
}

#[tokio::test]
async fn its_trailers_have_no_end() {
    fails(Manner::HugeTrailers, BROKEN).await;
}

#[tokio::test]
async fn it_says_two_lengths() {
    fails(Manner::TwoLengths, NO_HEAD).await;
}

/// A reset may overtake the head, and whatever is there of the answer.
#[tokio::test]
async fn it_resets_in_the_body() {
    let allowed = [Outcome::Broken, Outcome::Lost, Outcome::Refused];
    fails(Manner::ResetInBody, &allowed).await;
}

/// What is beyond the length is another answer, that nobody asked for. It must
/// not go to whoever asks next on that connection.
async fn sends_more(manner: Manner) {
    let stage = Stage::new("").await;
    let (mut first, mut second) = (stage.honest(Version::Http1), stage.honest(Version::Http2));
    for round in 0..50 {
        let ask = Ask::new(manner, format!("more-{round}"), 700);
        assert_eq!(first.ask(&ask).await, Outcome::Whole);
        let ask = Ask::new(Manner::Plain, format!("next-{round}"), 700);
        assert_eq!(second.ask(&ask).await, Outcome::Whole);
        std::mem::swap(&mut first, &mut second);
    }
    drop((first, second));
    stage.end().await;
}

#[tokio::test]
async fn it_sends_more_than_it_says() {
    sends_more(Manner::TooMuch).await;
}

#[tokio::test]
async fn it_sends_a_body_with_a_204() {
    sends_more(Manner::NoContent).await;
}

/// The client has yet to send most of the request, and gets its answer.
#[tokio::test]
async fn it_answers_before_it_has_the_request() {
    let stage = Stage::new("").await;
    let mut ask = Ask::new(Manner::Early, "early", 5000);
    ask.method = http::Method::PUT;
    for _ in 0..10 {
        let mut peer = Peer::connect(stage.proxy.address).await;
        peer.send(ask.head("Content-Length: 10000000\r\n")).await;
        peer.send([b'x'; 100_000]).await;
        let head = within("a head", peer.read_until(b"\r\n\r\n")).await;
        let head = String::from_utf8(head.unwrap()).unwrap();
        assert!(
            head.contains(&format!("\r\nx-for: {}\r\n", ask.name())),
            "{head}"
        );
        let body = within("a body", peer.read(5000)).await.unwrap();
        assert!(ask.content().is_at(0, &body));
    }
    stage.end().await;
}

#[tokio::test]
async fn it_sends_a_byte_at_a_time() {
    let stage = Stage::new("").await;
    let ask = Ask::gated(Manner::Trickle, "slowly", 3000);
    let herd = stage.herd(&ask, 12).await;
    stage.origin.open_gate();
    herd.are_answered().await;
    assert_eq!(stage.origin.asked(&ask), 1);
    stage.end().await;
}

#[tokio::test]
async fn it_closes_connections_as_soon_as_they_are_there() {
    let stage = Stage::new("").await;
    stage.origin.slam(20);
    let mut honest = stage.honest(Version::Http1);
    let mut asked = 0;
    while stage.origin.slams_left() > 0 {
        let ask = Ask::new(Manner::Plain, format!("slam-{asked}"), 1000);
        assert_eq!(honest.ask(&ask).await, Outcome::Refused);
        asked += 1;
    }
    // Each was told of its own, and nobody tried on and on in the dark.
    assert_eq!(asked, 20);
    let ask = Ask::new(Manner::Plain, "at-last", 1000);
    assert_eq!(honest.ask(&ask).await, Outcome::Whole);
    drop(honest);
    stage.end().await;
}

/// Such an answer may be the one to a request that is just on its way: nobody
/// can tell. But it is not kept for whoever comes next.
#[tokio::test]
async fn it_answers_before_it_is_asked() {
    let stage = Stage::new("").await;
    stage.origin.answer_unasked(10);
    let mut honest = stage.honest(Version::Http1);
    for round in 0..10 {
        let ask = Ask::new(Manner::Plain, format!("unasked-{round}"), 1000);
        let outcome = honest.ask(&ask).await;
        let allowed = [Outcome::Refused, Outcome::Unasked];
        assert!(allowed.contains(&outcome), "{outcome:?}");
    }
    let ask = Ask::new(Manner::Plain, "at-last", 1000);
    assert_eq!(honest.ask(&ask).await, Outcome::Whole);
    drop(honest);
    stage.end().await;
}

/// None of them is the answer, and none is kept.
#[tokio::test]
async fn its_hints_have_no_end() {
    let stage = Stage::new("").await;
    let before = stage.proxy.memory();
    let ask = Ask::new(Manner::EndlessHints, "hints", 0);
    let mut peer = Peer::connect(stage.proxy.address).await;
    peer.send(ask.head("")).await;
    until("there are many", async || stage.origin.sent() > 8 * MIB).await;
    let taken = stage.proxy.peak() - before;
    assert!(taken < 4 * MIB, "{} KiB", taken / 1024);
    peer.reset();
    stage.origin.let_go().await;
    stage.end().await;
}

/// The origin has as much time as it takes. When all have lost patience, nothing
/// is left of it.
#[tokio::test]
async fn it_never_goes_on() {
    for manner in [Manner::Silent, Manner::EndlessHints, Manner::Stalls] {
        let stage = Stage::new("").await;
        let ask = Ask::new(manner, "never", 50_000);
        let leave = Arc::new(Barrier::new(11));
        let mut clients = JoinSet::new();
        for _ in 0..10 {
            let mut honest = stage.honest(Version::Http1);
            let (ask, leave) = (ask.clone(), Arc::clone(&leave));
            clients.spawn(async move {
                let leave = leave.wait().map(|_| ());
                assert_eq!(honest.ask_until(&ask, leave).await, None);
            });
        }
        stage.until_aboard(10).await;
        leave.wait().await;
        clients.join_all().await;
        stage.until_no_flight().await;
        stage.origin.let_go().await;
        stage.end().await;
    }
}
