//! `Join::UntilBody`: newcomers join while the body is arriving.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use tokio::time::advance;
use tower::Layer;
use tower_pool::{
    PoolLayer,
    http::{HttpPoolLayer, Join, Role},
};

use crate::{
    client::{Opened, ask, get, open, send},
    origin::{Feed, Known, feed, origin},
    support::{App, app},
};

fn layer() -> HttpPoolLayer<Body> {
    PoolLayer::http().join(Join::UntilBody)
}

/// A leader that has read the first piece of a body.
async fn leader(app: &mut App, piece: &'static str) -> (Opened, Feed) {
    let mut sent = app.meet_open(1, || ask(get("/report"))).await;
    let feed = app.script.call().await.stream(Response::builder());
    let mut leader = sent.remove(0).await.unwrap();
    feed.data(piece);
    assert_eq!(leader.data().await, piece);
    (leader, feed)
}

async fn newcomer(app: &App) -> Opened {
    open(app.addr(), ask(get("/report"))).await
}

#[tokio::test]
async fn a_newcomer_joins_while_the_body_arrives_and_gets_all_of_it() {
    let mut app = app(layer().cache_status(true)).await;
    let (leader, feed) = leader(&mut app, "from the start ").await;
    let newcomer = newcomer(&app).await;
    assert_eq!(newcomer.role(), "follower");
    let cache_status = &newcomer.response.headers()["cache-status"];
    assert_eq!(cache_status, "tower-pool; fwd=miss; collapsed");
    feed.data("to the end");
    drop(feed);
    assert_eq!(leader.rest().await.unwrap().text(), "to the end");
    let got = newcomer.rest().await.unwrap();
    assert_eq!(got.text(), "from the start to the end");
    assert_eq!((app.script.count(), app.watch.joined()), (1, 1));
    app.watch.emptied().await;
}

#[tokio::test]
async fn a_newcomer_of_another_key_does_not_join() {
    let mut app = app(layer()).await;
    let (_leader, _feed) = leader(&mut app, "a piece").await;
    let other = send(app.addr(), ask(get("/report?id=2")));
    app.script.call().await.text("another");
    assert_eq!(other.await.unwrap().text(), "another");
    let head = send(app.addr(), ask(Request::head("/report")));
    app.script.call().await.text("");
    assert_eq!(head.await.unwrap().role(), "leader");
}

#[tokio::test]
async fn by_default_a_newcomer_does_not_join_once_the_head_has_come() {
    let mut app = app(PoolLayer::http()).await;
    let (_leader, _feed) = leader(&mut app, "a piece").await;
    let newcomer = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("afresh");
    assert_eq!(newcomer.await.unwrap().role(), "leader");
}

#[tokio::test]
async fn past_max_body_a_newcomer_is_a_call_of_its_own() {
    let mut app = app(layer().max_body(8)).await;
    let (mut leader, feed) = leader(&mut app, "12345678").await;
    let in_time = newcomer(&app).await;
    assert_eq!(in_time.role(), "follower");
    feed.data("9");
    assert_eq!(leader.data().await, "9");

    let late = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("afresh");
    let late = late.await.unwrap();
    assert_eq!((late.role(), late.text()), ("leader", "afresh"));
    drop(feed);
    assert_eq!(in_time.rest().await.unwrap().text(), "123456789");
}

#[tokio::test]
async fn after_the_end_a_newcomer_is_a_call_of_its_own() {
    let mut app = app(layer()).await;
    let (leader, feed) = leader(&mut app, "all").await;
    drop(feed);
    leader.rest().await.unwrap();
    app.watch.emptied().await;
    let late = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("afresh");
    assert_eq!(late.await.unwrap().text(), "afresh");
}

#[tokio::test]
async fn max_callers_holds_for_those_who_join_late() {
    let mut app = app(layer().max_callers(2)).await;
    let (leader, feed) = leader(&mut app, "a piece").await;
    let second = newcomer(&app).await;
    assert_eq!(second.role(), "follower");
    let third = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("afresh");
    assert_ne!(third.await.unwrap().role(), "follower");
    drop(feed);
    assert_eq!(leader.rest().await.unwrap().text(), "");
    assert_eq!(second.rest().await.unwrap().text(), "a piece");
}

#[tokio::test]
async fn no_more_is_kept_for_newcomers_than_a_reader_may_be_behind() {
    let mut app = app(layer().max_lag(8).max_body(100)).await;
    let (_leader, _feed) = leader(&mut app, "123456789").await;
    let late = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("afresh");
    assert_eq!(late.await.unwrap().text(), "afresh");
}

#[tokio::test]
async fn a_newcomer_has_the_length_of_all_of_the_body() {
    let mut app = app(layer()).await;
    let mut sent = app.meet_open(1, || ask(get("/report"))).await;
    let (feed, body) = feed();
    let response = Response::new(Body::new(Known { body, left: 8 }));
    app.script.call().await.answer(response);
    let mut leader = sent.remove(0).await.unwrap();
    feed.data("four");
    assert_eq!(leader.data().await, "four");
    let newcomer = newcomer(&app).await;
    assert_eq!(newcomer.role(), "follower");
    feed.data("more");
    for (reader, text) in [(leader, "more"), (newcomer, "fourmore")] {
        let answer = reader.rest().await.unwrap();
        assert_eq!(
            (answer.header("content-length"), answer.text()),
            ("8", text)
        );
    }
}

/// An age of nothing: whoever comes later is too late.
#[tokio::test]
async fn max_age_holds_for_those_who_join_late() {
    let mut app = app(layer().max_age(Duration::ZERO)).await;
    let (_leader, _feed) = leader(&mut app, "a piece").await;
    let late = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("afresh");
    assert_eq!(late.await.unwrap().text(), "afresh");
}

#[tokio::test(start_paused = true)]
async fn the_age_counts_from_when_the_leader_asked() {
    let (origin, mut script) = origin();
    let layer = layer().max_age(Duration::from_secs(5));
    let pool = layer.layer(origin);
    let get = || Request::get("/report").body(Body::empty()).unwrap();
    let answering = async {
        let call = script.call().await;
        advance(Duration::from_secs(3)).await;
        call.stream(Response::builder())
    };
    let (leader, _feed) = tokio::join!(pool.request(get()), answering);
    advance(Duration::from_millis(1_999)).await;
    let in_time = pool.request(get()).await.unwrap();
    assert_eq!(in_time.extensions().get(), Some(&Role::Follower));
    advance(Duration::from_millis(1)).await;
    let answering = async { script.call().await.text("afresh") };
    let (late, ()) = tokio::join!(pool.request(get()), answering);
    assert_eq!(late.unwrap().extensions().get(), Some(&Role::Leader));
    drop(leader);
}

#[tokio::test]
async fn what_may_not_be_shared_is_not_joined_late_either() {
    let mut app = app(layer()).await;
    let mut sent = app.meet_open(1, || ask(get("/report"))).await;
    let head = Response::builder().header("cache-control", "private");
    let feed = app.script.call().await.stream(head);
    let mut leader = sent.remove(0).await.unwrap();
    feed.data("for your eyes only");
    leader.data().await;
    assert_eq!(app.watch.in_flight(), 0);
    let late = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("for mine");
    assert_eq!(late.await.unwrap().text(), "for mine");
}

#[tokio::test]
async fn the_latest_of_two_is_joined() {
    let mut app = app(layer().max_body(8)).await;
    let (mut leader, feed) = leader(&mut app, "the old").await;
    feed.data(" one");
    leader.data().await; // past the limit
    let second = tokio::spawn(open(app.addr(), ask(get("/report"))));
    let newer = app.script.call().await.stream(Response::builder());
    let second = second.await.unwrap();
    newer.data("new");
    drop((leader, feed)); // which ends the old one, and not the new
    let third = newcomer(&app).await;
    assert_eq!(third.role(), "follower");
    drop(newer);
    assert_eq!(second.rest().await.unwrap().text(), "new");
    assert_eq!(third.rest().await.unwrap().text(), "new");
    app.watch.emptied().await;
}
