//! Keys whose answers could not be shared are remembered for a while.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{future::BoxFuture, future::join_all};
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::{Instant, advance};
use tower::{Layer, Service};
use tower_pool::{
    PoolLayer,
    http::{HttpPool, HttpPoolLayer, Role},
};

use crate::{
    client::{ask, get},
    support::{all, app, assert_one_leads},
};

type Body = Full<Bytes>;

/// Takes 100 ms; `private` unless told otherwise.
#[derive(Clone, Default)]
struct Slow {
    calls: Arc<AtomicUsize>,
    public: Arc<AtomicBool>,
}

impl Service<Request<Body>> for Slow {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        self.calls.fetch_add(1, SeqCst);
        let public = self.public.load(SeqCst);
        let directive = if public { "public" } else { "private" };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let head = Response::builder().header("cache-control", directive);
            Ok(head.body(Body::default()).unwrap())
        })
    }
}

type Pool = HttpPool<Slow, Body>;

fn pool(layer: HttpPoolLayer<Body>) -> (Pool, Slow) {
    let slow = Slow::default();
    (layer.layer(slow.clone()), slow)
}

/// How many times 100 ms this many callers of a path take, and their roles.
async fn round(pool: &Pool, path: &str, callers: usize) -> (u128, Vec<Role>) {
    let start = Instant::now();
    let get = || Request::get(path).body(Body::default()).unwrap();
    let responses = join_all((0..callers).map(|_| pool.request(get()))).await;
    let roles = responses.into_iter().map(|response| {
        let Ok(response) = response;
        *response.extensions().get().unwrap()
    });
    (start.elapsed().as_millis() / 100, roles.collect())
}

#[tokio::test(start_paused = true)]
async fn the_second_round_takes_the_time_of_one_call() {
    let (pool, slow) = pool(PoolLayer::http());
    let (time, _) = round(&pool, "/", 5).await;
    assert_eq!((time, slow.calls.load(SeqCst)), (2, 5));
    let (time, roles) = round(&pool, "/", 5).await;
    assert_eq!((time, slow.calls.load(SeqCst)), (1, 10));
    assert_eq!(roles, [Role::Solo; 5]);
    assert_eq!((pool.stats().led, pool.stats().solo), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn only_the_key_itself_is_remembered() {
    let (pool, slow) = pool(PoolLayer::http());
    round(&pool, "/", 5).await;
    let (time, roles) = round(&pool, "/other", 5).await;
    assert_eq!((time, slow.calls.load(SeqCst)), (2, 10));
    assert_eq!(roles[0], Role::Leader);
}

#[tokio::test(start_paused = true)]
async fn a_lone_callers_answer_is_not_remembered() {
    let (pool, _) = pool(PoolLayer::http());
    round(&pool, "/", 1).await;
    let (_, roles) = round(&pool, "/", 2).await;
    assert_eq!(roles, [Role::Leader, Role::Solo]);
    assert_eq!(pool.stats().joined, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_may_be_shared_ends_it() {
    let (pool, slow) = pool(PoolLayer::http());
    round(&pool, "/", 2).await;
    slow.public.store(true, SeqCst);
    let (_, roles) = round(&pool, "/", 2).await;
    assert_eq!(roles, [Role::Solo; 2], "they were sent before it was known");
    let (time, roles) = round(&pool, "/", 2).await;
    assert_eq!(roles, [Role::Leader, Role::Follower]);
    assert_eq!((time, slow.calls.load(SeqCst)), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn it_ends_after_two_minutes() {
    let (pool, _) = pool(PoolLayer::http());
    round(&pool, "/", 2).await; // remembered after its first 100 ms of 200
    advance(Duration::from_secs(119)).await;
    let (_, roles) = round(&pool, "/", 2).await;
    assert_eq!(roles, [Role::Solo; 2]);
    advance(Duration::from_secs(1)).await;
    let (time, roles) = round(&pool, "/", 2).await;
    assert_eq!((time, roles), (2, vec![Role::Leader, Role::Solo]));
    assert_eq!(pool.stats().joined, 2);
}

#[tokio::test(start_paused = true)]
async fn it_ends_after_as_long_as_it_is_told() {
    let (pool, _) = pool(PoolLayer::http().remember_unshareable(Duration::from_secs(1)));
    round(&pool, "/", 2).await;
    let (_, roles) = round(&pool, "/", 2).await;
    assert_eq!(roles, [Role::Solo; 2]);
    advance(Duration::from_secs(1)).await;
    let (_, roles) = round(&pool, "/", 2).await;
    assert_eq!(roles[0], Role::Leader);
}

#[tokio::test(start_paused = true)]
async fn zero_turns_it_off() {
    let (pool, slow) = pool(PoolLayer::http().remember_unshareable(Duration::ZERO));
    for calls in [2, 4, 6] {
        let (time, roles) = round(&pool, "/", 2).await;
        assert_eq!((time, slow.calls.load(SeqCst)), (2, calls));
        assert_eq!(roles, [Role::Leader, Role::Solo]);
    }
}

/// Each key takes a round to be remembered: nothing is to expire meanwhile.
async fn remembering(keys: usize) -> Pool {
    let day = Duration::from_secs(24 * 60 * 60);
    let (pool, _) = pool(PoolLayer::http().remember_unshareable(day));
    for key in 0..keys {
        round(&pool, &format!("/{key}"), 2).await;
    }
    pool
}

#[tokio::test(start_paused = true)]
async fn so_many_as_4096_keys_are_remembered() {
    let pool = remembering(4096).await;
    let (_, roles) = round(&pool, "/0", 2).await;
    assert_eq!(roles, [Role::Solo; 2]);
}

#[tokio::test(start_paused = true)]
async fn of_4097_keys_the_oldest_is_forgotten() {
    let pool = remembering(4097).await;
    let (_, roles) = round(&pool, "/1", 2).await;
    assert_eq!(roles, [Role::Solo; 2]);
    let (_, roles) = round(&pool, "/0", 2).await;
    assert_eq!(roles, [Role::Leader, Role::Solo]);
}

#[tokio::test]
async fn over_sockets_the_second_round_is_in_the_handler_at_once() {
    let mut app = app(PoolLayer::http()).await;
    let answer = |directive: &str| {
        let head = Response::builder().header("cache-control", directive);
        head.body("").unwrap()
    };
    for round in 0..2 {
        let sent = app.meet(3, || ask(get("/report"))).await;
        if round == 0 {
            app.script.call().await.answer(answer("private"));
        }
        for call in app.script.calls(if round == 0 { 2 } else { 3 }).await {
            call.answer(answer(if round == 0 { "private" } else { "public" }));
        }
        all(sent).await;
    }
    assert_eq!((app.watch.led(), app.watch.solo()), (1, 3));

    let sent = app.meet(3, || ask(get("/report"))).await;
    app.script.call().await.answer(answer("public"));
    assert_one_leads(&all(sent).await);
}
