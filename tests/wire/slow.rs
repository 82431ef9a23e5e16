//! Clients that stop reading, before bodies that do not say how long they are.
//! What is kept for them is bounded by `--max-lag`.

use tokio::time::{Duration, sleep};

use super::{
    peer::{Peer, within},
    stage::Stage,
    target::{Ask, Manner},
    vitals::MIB,
};

/// What the proxy has for a connection besides what is kept for who lags: hyper's
/// buffers of either side, and the frame that is the newest.
const FOR_A_CONNECTION: u64 = MIB;
/// What its allocator may keep for itself.
const SLACK: u64 = 8 * MIB;

/// The body of an answer in chunks that broke off: it has no end.
fn is_cut(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 200") && !answer.ends_with(b"0\r\n\r\n")
}

/// Several large bodies. One client of each reads it all, and gets it all; two do
/// not read, until they are cut off.
///
/// Those get ahead of the one that reads by as much as sockets have room for, if
/// they are served first: 4 MiB, if Linux is left as it is. It is less than the lag,
/// lest they cut off the reader.
async fn keeps_no_more_than_the_lag(options: &str) {
    const BODIES: u64 = 3;
    const LAG: u64 = 8 * MIB;
    const SIZE: usize = 32 * MIB as usize;
    let stage = Stage::new(format!("--max-lag {LAG} {options}").trim_end()).await;
    let before = stage.proxy.memory();
    let mut slow = Vec::new();
    let mut herds = Vec::new();
    for body in 0..BODIES {
        let ask = Ask::gated(Manner::Chunked, &format!("slow-{body}"), SIZE);
        for _ in 0..2 {
            let mut peer = Peer::connect_narrow(stage.proxy.address).await;
            peer.send(ask.head("")).await;
            slow.push(peer);
        }
        stage.until_aboard(3 * body + 2).await;
        herds.push(stage.herd(&ask, 1).await);
    }
    stage.origin.open_gate();
    for herd in herds {
        herd.are_answered().await;
    }
    assert_eq!(stage.origin.seen().len() as u64, BODIES);
    let taken = stage.proxy.peak() - before;
    let connections = 4 * BODIES;
    let bound = BODIES * LAG + connections * FOR_A_CONNECTION + SLACK;
    assert!(taken < bound, "{} KiB", taken / 1024);

    for mut peer in slow {
        let answer = within("the end of what is there", peer.read_all()).await;
        assert!(
            is_cut(&answer),
            "{} bytes, as if they were all",
            answer.len()
        );
    }
    stage.end().await;
}

#[tokio::test]
async fn who_stops_reading_costs_no_more_than_the_lag() {
    keeps_no_more_than_the_lag("").await;
}

#[tokio::test]
async fn who_stops_reading_costs_no_more_if_bodies_can_be_joined() {
    keeps_no_more_than_the_lag("--join until-body").await;
}

/// If nobody reads, the origin has to wait: there is nobody it could be read for.
#[tokio::test]
async fn if_all_stop_reading_the_origin_waits() {
    let stage = Stage::new(&format!("--max-lag {MIB}")).await;
    let before = stage.proxy.memory();
    let ask = Ask::new(Manner::Endless, "nobody", 0);
    let mut peers = Vec::new();
    for _ in 0..10 {
        let mut peer = Peer::connect_narrow(stage.proxy.address).await;
        peer.send(ask.head("")).await;
        assert!(within("the first bytes", peer.read(1000)).await.is_some());
        peers.push(peer);
    }
    // When it could send nothing more for a while, then it waits.
    within("the origin waits", async {
        let mut sent = 0;
        while sent != stage.origin.sent() {
            sent = stage.origin.sent();
            sleep(Duration::from_millis(500)).await;
        }
    })
    .await;
    let taken = stage.proxy.peak() - before;
    let bound = 10 * (MIB + 2 * FOR_A_CONNECTION) + SLACK;
    assert!(taken < bound, "{} KiB", taken / 1024);
    for peer in peers {
        peer.reset();
    }
    stage.end().await;
}

/// What says that it is longer than the lag is not shared at all, so that nothing
/// is kept of it for anybody, and nobody is cut off.
#[tokio::test]
async fn who_stops_reading_what_says_its_length_may_go_on() {
    const SIZE: usize = 12 * MIB as usize;
    let stage = Stage::new(&format!("--max-lag {MIB}")).await;
    let before = stage.proxy.memory();
    let ask = Ask::gated(Manner::Plain, "long", SIZE);
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut peer = Peer::connect_narrow(stage.proxy.address).await;
        peer.send(ask.head("")).await;
        slow.push(peer);
    }
    stage.until_aboard(3).await;
    let herd = stage.herd(&ask, 3).await;
    stage.origin.open_gate();
    herd.are_answered().await;
    let taken = stage.proxy.peak() - before;
    let bound = 2 * 6 * FOR_A_CONNECTION + SLACK;
    assert!(taken < bound, "{} KiB", taken / 1024);
    for mut peer in slow {
        assert!(
            within("a head", peer.read_until(b"\r\n\r\n"))
                .await
                .is_some()
        );
        let body = within("all of it", peer.read(SIZE)).await.unwrap();
        assert!(ask.content().is_at(0, &body));
    }
    assert_eq!(stage.origin.asked(&ask), 6);
    stage.end().await;
}

/// Who is cut off and does not notice, as it does not read, holds nothing: when
/// the last one is gone who could read on, the origin is let go.
#[tokio::test]
async fn who_is_cut_off_does_not_keep_the_origin() {
    let stage = Stage::new(&format!("--max-lag {}", 8 * MIB)).await;
    let ask = Ask::gated(Manner::Endless, "cut-off", 0);
    let mut slow = Peer::connect_narrow(stage.proxy.address).await;
    slow.send(ask.head("")).await;
    let mut fast = Peer::connect(stage.proxy.address).await;
    fast.send(ask.head("")).await;
    stage.until_aboard(2).await;
    stage.origin.open_gate();
    let read = within("a lot", fast.read(32 * MIB as usize)).await;
    assert!(read.is_some());
    assert_eq!(stage.origin.busy(), 1);
    fast.reset();
    stage.origin.let_go().await;
    let answer = within("the end of what is there", slow.read_all()).await;
    assert!(is_cut(&answer));
    drop(slow);
    stage.end().await;
}
