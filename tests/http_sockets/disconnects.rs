//! Clients that go away.

use http::Response;
use tower_pool::{OnAbandon, PoolLayer};

use crate::{
    client::{Opened, ask, get, open_h2},
    origin::Feed,
    support::{App, all, app},
};

async fn opened(app: &mut App, number: usize) -> (Vec<Opened>, Feed) {
    let sent = app.meet_open(number, || ask(get("/report"))).await;
    let feed = app.script.call().await.stream(Response::builder());
    (all(sent).await, feed)
}

#[tokio::test]
async fn one_that_leaves_in_the_middle_of_the_body_hurts_nobody() {
    for who in 0..3 {
        let mut app = app(PoolLayer::http()).await;
        let (mut readers, feed) = opened(&mut app, 3).await;
        feed.data("before ");
        for reader in &mut readers {
            assert_eq!(reader.data().await, "before ");
        }
        drop(readers.remove(who)); // the leader is the first
        feed.data("after");
        drop(feed);
        for reader in readers {
            assert_eq!(reader.rest().await.unwrap().text(), "after");
        }
        assert_eq!(app.script.count(), 1);
        app.watch.emptied().await;
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_hurts_nobody() {
    let mut app = app(PoolLayer::http()).await;
    let leader = tokio::spawn(open_h2(app.addr(), ask(get("/report"))));
    app.watch.entered(1).await;
    let follower = tokio::spawn(open_h2(app.addr(), ask(get("/report"))));
    app.watch.entered(2).await;
    let feed = app.script.call().await.stream(Response::builder());
    let (leader, mut follower) = (leader.await.unwrap(), follower.await.unwrap());
    feed.data("before ");
    assert_eq!(follower.data().await, "before ");
    drop(leader);
    feed.data("after");
    drop(feed);
    assert_eq!(follower.rest().await.unwrap().text(), "after");
}

#[tokio::test]
async fn the_origins_body_is_dropped_when_all_have_left_and_not_before() {
    let mut app = app(PoolLayer::http()).await;
    let (mut readers, feed) = opened(&mut app, 3).await;
    feed.data("before ");
    for reader in &mut readers {
        reader.data().await;
    }
    let last = readers.pop().unwrap();
    drop(readers);
    // The last one can still read, so it is there.
    let mut last = last;
    feed.data("still here");
    assert_eq!(last.data().await, "still here");
    assert!(!feed.is_dropped());
    drop(last);
    feed.dropped().await;
    app.watch.emptied().await;
}

#[tokio::test]
async fn one_that_leaves_before_the_head_hurts_nobody() {
    for who in 0..3 {
        let mut app = app(PoolLayer::http()).await;
        let mut sent = app.meet_open(3, || ask(get("/report"))).await;
        sent.remove(who).abort();
        let feed = app.script.call().await.stream(Response::builder());
        feed.data("for the others");
        drop(feed);
        for reader in all(sent).await {
            assert_eq!(reader.rest().await.unwrap().text(), "for the others");
        }
        assert_eq!(app.script.count(), 1);
    }
}

#[tokio::test]
async fn the_call_is_dropped_when_all_have_left_before_the_head() {
    let mut app = app(PoolLayer::http()).await;
    let sent = app.meet_open(3, || ask(get("/report"))).await;
    let mut call = app.script.call().await;
    sent.iter().for_each(|sent| sent.abort());
    call.dropped().await;
    app.watch.emptied().await;

    // And the next one is served as if nothing had been.
    let next = app.meet(1, || ask(get("/report"))).await;
    app.script.call().await.text("afresh");
    assert_eq!(all(next).await[0].text(), "afresh");
}

#[tokio::test]
async fn with_finish_the_call_goes_on_when_all_have_left_and_takes_no_newcomers() {
    let mut app = app(PoolLayer::http().on_abandon(OnAbandon::Finish)).await;
    let sent = app.meet_open(2, || ask(get("/report"))).await;
    let call = app.script.call().await;
    sent.iter().for_each(|sent| sent.abort());
    app.watch.emptied().await;
    let next = app.meet(1, || ask(get("/report"))).await;
    app.script.call().await.text("afresh");
    assert_eq!(all(next).await.remove(0).text(), "afresh");
    let feed = call.stream(Response::builder()); // it was not dropped
    feed.dropped().await;
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_callers_connections_and_leaves_no_key() {
    let mut app = app(PoolLayer::http()).await;
    let sent = app.meet_open(3, || ask(get("/report"))).await;
    drop(app.script.call().await); // the origin panics
    for sent in sent {
        let ended = sent.await.err();
        let panicked = ended.is_some_and(|error| error.is_panic());
        assert!(panicked, "`open` was sent a response");
    }
    app.watch.emptied().await;
    let next = app.meet(2, || ask(get("/report"))).await;
    app.script.call().await.text("afresh");
    assert!(
        all(next)
            .await
            .iter()
            .all(|answer| answer.text() == "afresh")
    );
}
