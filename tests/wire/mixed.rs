//! All of it at once, in rounds, at random: `WIRE_SEED` makes a run begin like one
//! that has failed. Time is not part of the seed, and decides who meets whom.

use std::time::Duration;

use clap::ValueEnum;
use fastrand::Rng;
use http::Method;
use tokio::{task::JoinSet, time::sleep};

use super::{
    abuse::abuse,
    honest::{Honest, Outcome, Version},
    peer::within,
    stage::Stage,
    target::{Ask, Manner, USERS},
    vitals::MIB,
};

const ROUNDS: usize = 12;
const CLIENTS: u64 = 16;
const ASKS: usize = 8;
const LAG: usize = MIB as usize;

/// Something that many ask for. Some of it is longer than anybody may lag.
fn any(rng: &mut Rng) -> Ask {
    let manners = Manner::value_variants();
    let manner = manners[rng.usize(..manners.len())];
    let token = rng.usize(..3);
    let size = match manner {
        Manner::Trickle => 100,
        // In one piece with what is too much: else that may come when the connection
        // has another request, which nobody can tell from an answer to that.
        Manner::TooMuch | Manner::NoContent => 3000,
        Manner::Chunked if token == 0 => 3 * LAG,
        // Half of it is at least one byte.
        _ => [2, 3000, 90_000][token],
    };
    Ask::new(manner, format!("hot-{token}"), size)
}

/// What an honest client asks for: as often as not, it is answered.
fn honest(rng: &mut Rng) -> Ask {
    let mut ask = any(rng);
    if rng.bool() && !ask.manner.is_whole() {
        ask = Ask::new(Manner::Plain, format!("hottest-{}", rng.usize(..2)), 9000);
    }
    if rng.u8(..4) == 0 {
        ask.size += 1;
    }
    if rng.u8(..4) == 0 {
        ask.host = "other.test:8080".to_owned();
    }
    if rng.u8(..4) == 0 {
        ask = ask.by(USERS[rng.usize(..USERS.len())]);
    }
    if ask.manner.is_whole() && rng.u8(..4) == 0 {
        ask.method = Method::HEAD;
    }
    ask
}

/// Is it what the origin's behaviour explains?
fn check(ask: &Ask, outcome: Outcome, slams: bool) {
    let is_explained = match outcome {
        Outcome::Whole => ask.manner.is_whole(),
        Outcome::Broken | Outcome::Lost => ask.manner.breaks_off() || ask.size > LAG,
        Outcome::Refused => ask.manner.has_no_head() || ask.manner == Manner::ResetInBody || slams,
        Outcome::Unasked => false,
    };
    assert!(is_explained, "{}: {outcome:?}", ask.name());
}

async fn behave(mut client: Honest, mut rng: Rng, slams: bool) {
    for _ in 0..ASKS {
        let ask = honest(&mut rng);
        if ask.manner.never_ends() {
            let patience = sleep(Duration::from_millis(rng.u64(..30)));
            if let Some(outcome) = client.ask_until(&ask, patience).await {
                check(&ask, outcome, slams);
            }
            continue;
        }
        check(&ask, client.ask(&ask).await, slams);
    }
}

/// One round of honest and hostile clients, until all are gone.
async fn round(stage: &Stage, rng: &mut Rng, slams: bool) {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let version = match number % 2 {
            0 => Version::Http1,
            _ => Version::Http2,
        };
        clients.spawn(behave(stage.honest(version), rng.fork(), slams));
        let (address, mut rng) = (stage.proxy.address, rng.fork());
        clients.spawn(async move {
            for _ in 0..ASKS {
                abuse(address, &any(&mut rng), &mut rng).await;
            }
        });
    }
    within("a round", clients.join_all()).await;
    stage.until_no_flight().await;
}

async fn all_at_once(options: &str) {
    let seed = match std::env::var("WIRE_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => fastrand::u64(..),
    };
    println!("WIRE_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let stage = Stage::new(format!("--max-lag {LAG} {options}").trim_end()).await;
    let mut memory = Vec::new();
    for number in 0..ROUNDS {
        let slams = number % 3 == 2;
        stage.origin.slam(if slams { 5 } else { 0 });
        round(&stage, &mut rng, slams).await;
        memory.push(stage.proxy.memory());
    }
    stage.origin.slam(0);

    // The first rounds are those in which the allocator learns what is needed.
    let third = ROUNDS / 3;
    let early = *memory[third..2 * third].iter().max().unwrap();
    let late = *memory[2 * third..].iter().max().unwrap();
    assert!(late < early + 8 * MIB, "it grows: {memory:?}");

    let stats = stage.proxy.stats().await;
    let asked = stage.origin.seen().len() as u64;
    println!("{memory:?}, {stats:?}, {asked} at the origin");
    assert!(stats.shared > 0);
    assert!(asked < stats.led + stats.joined + stats.solo);
    let (answers, answered) = stage.ledger.count();
    assert!(answers < answered);
    stage.end().await;
}

#[tokio::test]
async fn all_at_once_until_the_head() {
    all_at_once("").await;
}

#[tokio::test]
async fn all_at_once_until_the_body() {
    all_at_once("--join until-body").await;
}
