//! `Join::UntilBody`: what is out of date is not joined. In the process, as
//! `forget` is of the pool itself.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::time::advance;
use tokio_test::{assert_pending, task::spawn};
use tower::Layer;
use tower_pool::{
    PoolLayer,
    http::{HttpPool, HttpPoolLayer, Join, Role, SharedBody},
};

use crate::origin::{Origin, Script, origin};

fn layer() -> HttpPoolLayer<Body> {
    PoolLayer::http().join(Join::UntilBody)
}

fn pool(layer: HttpPoolLayer<Body>) -> (HttpPool<Origin, Body>, Script) {
    let (origin, script) = origin();
    (layer.layer(origin), script)
}

fn get() -> Request<Body> {
    Request::get("/report").body(Body::empty()).unwrap()
}

fn role(response: &Response<SharedBody>) -> Role {
    *response.extensions().get().unwrap()
}

async fn text(response: Response<SharedBody>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.into()).unwrap()
}

#[tokio::test]
async fn forget_while_the_body_arrives_sends_newcomers_on_and_serves_those_aboard() {
    let (pool, mut script) = pool(layer());
    let (first, feed) = tokio::join!(pool.request(get()), async {
        let call = script.call().await;
        call.stream(Response::builder())
    });
    feed.data("old");
    let (old, joined) = (first.unwrap(), pool.request(get()).await.unwrap());
    assert!(pool.forget(&get()));
    assert!(!pool.forget(&get()), "there is none any more");
    assert_eq!(pool.in_flight(), 0);

    let (fresh, ()) = tokio::join!(pool.request(get()), async {
        script.call().await.text("fresh");
    });
    drop(feed);
    for (response, expected) in [(old, "old"), (joined, "old"), (fresh.unwrap(), "fresh")] {
        assert_eq!(text(response).await, expected);
    }
    assert_eq!((script.count(), pool.in_flight()), (2, 0));
}

#[tokio::test]
async fn forget_before_the_head_has_come_keeps_newcomers_from_its_body_too() {
    let (pool, mut script) = pool(layer());
    let mut old = spawn(pool.request(get()));
    assert_pending!(old.poll());
    assert!(pool.forget(&get()));
    let feed = script.call().await.stream(Response::builder());
    let old = old.await.unwrap();
    assert_eq!(pool.in_flight(), 0, "nobody could join that");

    let mut newcomer = spawn(pool.request(get()));
    assert_pending!(newcomer.poll(), "it joined what is out of date");
    script.call().await.text("fresh");
    assert_eq!(text(newcomer.await.unwrap()).await, "fresh");
    feed.data("old");
    drop(feed);
    assert_eq!(text(old).await, "old");
}

#[tokio::test]
async fn what_was_forgotten_does_not_take_the_place_of_what_came_after_it() {
    let (pool, mut script) = pool(layer());
    let mut old = spawn(pool.request(get()));
    assert_pending!(old.poll());
    let old_call = script.call().await;
    assert!(pool.forget(&get()));
    let mut fresh = spawn(pool.request(get()));
    assert_pending!(fresh.poll());
    let fresh_feed = script.call().await.stream(Response::builder());
    let fresh = fresh.await.unwrap();
    let old_feed = old_call.stream(Response::builder());
    let _old = old.await.unwrap();

    let newcomer = pool.request(get()).await.unwrap();
    fresh_feed.data("fresh");
    old_feed.data("old");
    drop((fresh_feed, old_feed));
    assert_eq!(role(&newcomer), Role::Follower);
    assert_eq!(text(newcomer).await, "fresh");
    assert_eq!(text(fresh).await, "fresh");
}

/// The first call is so slow that a second one is made, which is the faster.
#[tokio::test(start_paused = true)]
async fn what_is_too_old_does_not_take_the_place_of_what_came_after_it() {
    let (pool, mut script) = pool(layer().max_age(Duration::from_secs(5)));
    let mut old = spawn(pool.request(get()));
    assert_pending!(old.poll());
    let old_call = script.call().await;
    advance(Duration::from_secs(5)).await;
    let mut fresh = spawn(pool.request(get()));
    assert_pending!(fresh.poll());
    let _fresh_feed = script.call().await.stream(Response::builder());
    let _fresh = fresh.await.unwrap();
    let _old_feed = old_call.stream(Response::builder());
    let _old = old.await.unwrap();

    let mut newcomer = spawn(pool.request(get()));
    let newcomer = tokio_test::assert_ready!(newcomer.poll(), "the fresh one can be joined");
    assert_eq!(role(&newcomer.unwrap()), Role::Follower);
    assert_eq!(script.count(), 2);
}

/// The first response takes so long that a second call is made.
#[tokio::test(start_paused = true)]
async fn what_still_arrives_when_it_is_too_old_gives_its_place_to_what_comes_after_it() {
    let (pool, mut script) = pool(layer().max_age(Duration::from_secs(5)));
    let arriving = async |script: &mut Script| {
        let mut caller = spawn(pool.request(get()));
        assert_pending!(caller.poll());
        let feed = script.call().await.stream(Response::builder());
        (caller.await.unwrap(), feed)
    };
    let _old = arriving(&mut script).await;
    advance(Duration::from_secs(5)).await;
    let (fresh, feed) = arriving(&mut script).await;
    assert_eq!(role(&fresh), Role::Leader);
    assert_eq!(pool.in_flight(), 1, "nobody joins the old one");

    let newcomer = pool.request(get()).await.unwrap();
    assert_eq!(role(&newcomer), Role::Follower);
    feed.data("fresh");
    drop(feed);
    assert_eq!(text(newcomer).await, "fresh");
    assert_eq!(script.count(), 2);
}
