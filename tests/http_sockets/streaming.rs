//! Bodies that are read while they arrive.

use bytes::Bytes;
use http::{HeaderMap, Response};
use tower_pool::PoolLayer;

use crate::{
    client::{Opened, ask, get, open, open_h2},
    support::{App, all, app},
};

/// A leader and so many followers, to all of whom the head has come.
async fn opened(app: &mut App, number: usize) -> (Vec<Opened>, crate::origin::Feed) {
    let sent = app.meet_open(number, || ask(get("/report"))).await;
    let feed = app.script.call().await.stream(Response::builder());
    (all(sent).await, feed)
}

#[tokio::test]
async fn each_piece_reaches_all_before_the_next_is_there() {
    let mut app = app(PoolLayer::http()).await;
    let (mut readers, feed) = opened(&mut app, 3).await;
    let roles: Vec<_> = readers.iter().map(Opened::role).collect();
    assert_eq!(roles, ["leader", "follower", "follower"]);
    for piece in ["first ", "second "] {
        feed.data(piece);
        for reader in &mut readers {
            assert_eq!(reader.data().await, piece);
        }
    }
    feed.data("last");
    drop(feed);
    for reader in readers {
        assert_eq!(reader.rest().await.unwrap().text(), "last");
    }
    app.watch.emptied().await;
}

#[tokio::test]
async fn the_head_reaches_all_before_there_is_any_body() {
    let mut app = app(PoolLayer::http()).await;
    let (readers, feed) = opened(&mut app, 3).await;
    assert_eq!(app.watch.in_flight(), 0, "the flight is over with its head");
    drop(feed);
    for reader in readers {
        assert_eq!(reader.rest().await.unwrap().text(), "");
    }
}

const PIECE: usize = 1 << 20;

/// More than a connection holds between a server and a client that reads nothing.
const PIECES: usize = 48;

fn piece() -> Bytes {
    Bytes::from(vec![7; PIECE])
}

#[tokio::test]
async fn a_follower_that_stops_reading_does_not_stop_the_others() {
    let mut app = app(PoolLayer::http().max_lag(u64::MAX)).await;
    let (mut readers, feed) = opened(&mut app, 3).await;
    let stopped = readers.remove(1);
    let piece = piece();
    for _ in 0..PIECES {
        feed.data(piece.clone());
        for reader in &mut readers {
            reader.read(PIECE).await;
        }
    }
    drop(feed);
    for reader in readers {
        assert_eq!(reader.rest().await.unwrap().text(), "");
    }
    // When it goes on, all of it is there.
    assert_eq!(stopped.rest().await.unwrap().body.len(), PIECE * PIECES);
}

#[tokio::test]
async fn a_leader_that_stops_reading_does_not_stop_the_others() {
    let mut app = app(PoolLayer::http().max_lag(u64::MAX)).await;
    let (mut readers, feed) = opened(&mut app, 2).await;
    let leader = readers.remove(0);
    assert_eq!(leader.role(), "leader");
    let mut follower = readers.remove(0);
    let piece = piece();
    for _ in 0..PIECES {
        feed.data(piece.clone());
        follower.read(PIECE).await;
    }
    drop(feed);
    assert_eq!(leader.rest().await.unwrap().body.len(), PIECE * PIECES);
}

/// It is cut off, which its client can tell from an end; by either version.
#[tokio::test]
async fn a_laggard_is_cut_off_with_an_error_and_the_others_go_on() {
    for laggard_leads in [false, true] {
        for h2 in [false, true] {
            let mut app = app(PoolLayer::http().max_lag(1 << 20)).await;
            let addr = app.addr();
            let laggard = || async move {
                let request = ask(get("/report"));
                if h2 {
                    open_h2(addr, request).await
                } else {
                    open(addr, request).await
                }
            };
            let fast = || async move { open(addr, ask(get("/report"))).await };
            let (laggard, fast) = if laggard_leads {
                let laggard = tokio::spawn(laggard());
                app.watch.entered(1).await;
                (laggard, tokio::spawn(fast()))
            } else {
                let fast = tokio::spawn(fast());
                app.watch.entered(1).await;
                (tokio::spawn(laggard()), fast)
            };
            app.watch.entered(2).await;
            let feed = app.script.call().await.stream(Response::builder());
            let (laggard, mut fast) = (laggard.await.unwrap(), fast.await.unwrap());
            let piece = piece();
            for _ in 0..PIECES {
                feed.data(piece.clone());
                fast.read(PIECE).await;
            }
            drop(feed);
            assert_eq!(fast.rest().await.unwrap().text(), "");
            assert!(laggard.rest().await.is_err(), "an end that is none");
        }
    }
}

#[tokio::test]
async fn an_error_in_the_middle_reaches_all_after_what_came_before() {
    let mut app = app(PoolLayer::http()).await;
    let sent = app.meet_open(2, || ask(get("/report"))).await;
    let h2 = tokio::spawn(open_h2(app.addr(), ask(get("/report"))));
    app.watch.entered(3).await;
    let feed = app.script.call().await.stream(Response::builder());
    let mut readers = all(sent).await;
    readers.push(h2.await.unwrap());
    feed.data("as far as ");
    for reader in &mut readers {
        assert_eq!(reader.data().await, "as far as ");
    }
    feed.fail("the boiler is out");
    for reader in readers {
        assert!(reader.rest().await.is_err());
    }
    app.watch.emptied().await;
}

fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "4711".parse().unwrap());
    trailers
}

#[tokio::test]
async fn trailers_reach_clients_of_http_1_and_http_2() {
    let mut app = app(PoolLayer::http()).await;
    let asking = || ask(get("/report").header("te", "trailers"));
    let sent = app.meet_open(2, asking).await;
    let h2 = tokio::spawn(open_h2(app.addr(), asking()));
    app.watch.entered(3).await;
    let head = Response::builder().header("trailer", "x-checksum");
    let feed = app.script.call().await.stream(head);
    let mut readers = all(sent).await;
    readers.push(h2.await.unwrap());
    feed.data("all of it");
    feed.trailers(trailers());
    for reader in readers {
        let answer = reader.rest().await.unwrap();
        assert_eq!(answer.text(), "all of it");
        assert_eq!(answer.trailers, Some(trailers()));
    }
    assert_eq!(app.script.count(), 1);
}

/// By HTTP/1, only those who say that they take trailers are sent any.
#[tokio::test]
async fn a_follower_that_takes_no_trailers_has_the_body_without() {
    let mut app = app(PoolLayer::http()).await;
    let taking = tokio::spawn(open(
        app.addr(),
        ask(get("/report").header("te", "trailers")),
    ));
    app.watch.entered(1).await;
    let not = tokio::spawn(open(app.addr(), ask(get("/report"))));
    app.watch.entered(2).await;
    let head = Response::builder().header("trailer", "x-checksum");
    let feed = app.script.call().await.stream(head);
    feed.data("all of it");
    feed.trailers(trailers());
    let taking = taking.await.unwrap().rest().await.unwrap();
    assert_eq!(taking.trailers, Some(trailers()));
    let not = not.await.unwrap().rest().await.unwrap();
    assert_eq!((not.text(), &not.trailers), ("all of it", &None));
}
