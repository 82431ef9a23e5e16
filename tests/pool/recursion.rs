//! An inner service that calls the pool while it is polled.

use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, service_fn};

use crate::support::{BOILER, Failure, assert_empty, held, layer, waiting};

pub(crate) type Ask =
    Box<dyn Fn(&'static str) -> BoxFuture<'static, Result<String, Failure>> + Send + Sync>;

/// The service asks `boiler` of the pool that it is in, whatever it is asked,
/// and answers other questions when it is told to.
macro_rules! recursive_pool {
    ($layer:expr, $go:expr) => {{
        let ask: Arc<OnceLock<Ask>> = Arc::default();
        let (inner_ask, go): (_, Arc<Notify>) = (Arc::clone(&ask), $go);
        let pool = $layer.layer(service_fn(move |place: &'static str| {
            let (ask, go) = (Arc::clone(&inner_ask), Arc::clone(&go));
            async move {
                if place == BOILER {
                    return ask.get().unwrap()(BOILER).await;
                }
                go.notified().await;
                Ok(place.to_owned())
            }
        }));
        let cloned = std::sync::Mutex::new(pool.clone());
        let asks: Ask = Box::new(move |place| Box::pin(cloned.lock().unwrap().request(place)));
        assert!(ask.set(asks).is_ok());
        pool
    }};
}

#[tokio::test]
async fn a_call_of_its_own_key_waits_on_itself_and_blocks_neither_its_thread_nor_other_keys() {
    let go = Arc::new(Notify::new());
    let pool = recursive_pool!(layer(), Arc::clone(&go));
    let mut stuck = held(pool.request(BOILER));
    assert_pending!(stuck.poll()); // and it returns

    let mut other = held(pool.request("galley"));
    assert_pending!(other.poll());
    go.notify_waiters();
    assert_eq!(assert_ready!(other.poll()).unwrap(), "galley");
    assert_pending!(stuck.poll());
    assert_eq!(pool.in_flight(), 1);
}

#[tokio::test]
async fn dropping_the_caller_of_a_call_that_waits_on_itself_ends_it() {
    let pool = recursive_pool!(layer(), Arc::default());
    let mut stuck = held(pool.request(BOILER));
    assert_pending!(stuck.poll());
    drop(stuck);
    assert_empty(&pool);
    assert_eq!(pool.stats().cancelled, 1);
}

#[tokio::test]
async fn dropping_all_callers_of_a_shared_call_that_waits_on_itself_ends_it() {
    let pool = recursive_pool!(layer(), Arc::default());
    let callers = Vec::from(waiting::<_, 3>(|| pool.request(BOILER)));
    tokio::task::yield_now().await; // the task polls it
    assert_eq!(pool.in_flight(), 1);
    drop(callers);
    assert_empty(&pool);

    while tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
        > 0
    {
        tokio::task::yield_now().await;
    }
}

#[test]
fn without_a_runtime_dropping_the_callers_of_a_call_that_waits_on_itself_ends_it() {
    let pool = recursive_pool!(layer(), Arc::default());
    let callers = Vec::from(waiting::<_, 3>(|| pool.request(BOILER)));
    drop(callers);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_call_that_gives_up_waiting_on_itself_answers_its_callers() {
    let ask: Arc<OnceLock<Ask>> = Arc::default();
    let inner_ask = Arc::clone(&ask);
    let pool = layer().layer(service_fn(move |place: &'static str| {
        let ask = Arc::clone(&inner_ask);
        async move {
            tokio::select! {
                biased;
                answer = ask.get().unwrap()(place) => answer,
                () = tokio::task::yield_now() => Ok("I will not wait for myself".to_owned()),
            }
        }
    }));
    let cloned = std::sync::Mutex::new(pool.clone());
    let asks: Ask = Box::new(move |place| Box::pin(cloned.lock().unwrap().request(place)));
    assert!(ask.set(asks).is_ok());

    let (a, b) = tokio::join!(pool.request(BOILER), pool.request(BOILER));
    assert_eq!(a.unwrap(), "I will not wait for myself");
    assert_eq!(b.unwrap(), "I will not wait for myself");
    assert_empty(&pool);
}

#[tokio::test]
async fn a_call_that_asks_for_another_key_is_answered() {
    let ask: Arc<OnceLock<Ask>> = Arc::default();
    let inner_ask = Arc::clone(&ask);
    let pool = layer().layer(service_fn(move |place: &'static str| {
        let ask = Arc::clone(&inner_ask);
        async move {
            match place {
                BOILER => ask.get().unwrap()("stokers").await,
                _ => Ok(format!("{place}: aye")),
            }
        }
    }));
    let cloned = std::sync::Mutex::new(pool.clone());
    let asks: Ask = Box::new(move |place| Box::pin(cloned.lock().unwrap().request(place)));
    assert!(ask.set(asks).is_ok());

    let (a, b) = tokio::join!(pool.request(BOILER), pool.request(BOILER));
    assert_eq!([a.unwrap(), b.unwrap()], ["stokers: aye", "stokers: aye"]);
    assert_eq!(pool.stats().led, 2);
}

#[tokio::test]
async fn a_caller_that_its_own_call_made_and_never_polled_does_not_keep_the_call() {
    let ask: Arc<OnceLock<Ask>> = Arc::default();
    let inner_ask = Arc::clone(&ask);
    let pool = layer().layer(service_fn(move |place: &'static str| {
        let ask = Arc::clone(&inner_ask);
        async move {
            let later = ask.get().unwrap()(place);
            std::future::pending::<()>().await;
            later.await
        }
    }));
    let cloned = std::sync::Mutex::new(pool.clone());
    let asks: Ask = Box::new(move |place| Box::pin(cloned.lock().unwrap().request(place)));
    assert!(ask.set(asks).is_ok());

    let mut caller = held(pool.request(BOILER));
    assert_pending!(caller.poll());
    drop(caller);
    assert_empty(&pool);
}

/// A call that runs other tasks while it is polled, as one that blocks on a
/// runtime of its own does.
macro_rules! hooked_pool {
    ($hook:expr) => {{
        let hook: Arc<std::sync::Mutex<Option<Box<dyn FnOnce() + Send>>>> = $hook;
        layer().layer(service_fn(move |place: &'static str| {
            let hook = Arc::clone(&hook);
            async move {
                let others = hook.lock().unwrap().take();
                if let Some(run) = others {
                    run();
                }
                Ok::<_, Failure>(place.to_owned())
            }
        }))
    }};
}

#[tokio::test]
async fn a_caller_that_is_made_and_polled_by_chance_during_the_poll_of_a_lone_call_is_woken() {
    let hook = Arc::default();
    let pool = hooked_pool!(Arc::clone(&hook));
    let slot = Arc::new(std::sync::Mutex::new(None));
    *hook.lock().unwrap() = Some(Box::new({
        let (pool, slot) = (pool.clone(), Arc::clone(&slot));
        move || {
            let mut other = held(pool.request(BOILER));
            assert_pending!(other.poll());
            *slot.lock().unwrap() = Some(other);
        }
    }));
    let mut leader = held(pool.request(BOILER));
    assert_eq!(assert_ready!(leader.poll()).unwrap(), BOILER);

    let mut other = slot.lock().unwrap().take().unwrap();
    assert!(other.is_woken());
    assert_eq!(
        assert_ready!(other.poll()).unwrap(),
        BOILER,
        "by a call of its own"
    );
    assert_empty(&pool);
}

#[tokio::test]
async fn a_waiting_caller_that_is_polled_by_chance_during_the_poll_of_its_call_still_counts() {
    let hook = Arc::default();
    let pool = hooked_pool!(Arc::clone(&hook));
    let mut leader = held(pool.request(BOILER));
    let follower = Arc::new(std::sync::Mutex::new(held(pool.request(BOILER))));
    assert_pending!(follower.lock().unwrap().poll());
    assert_pending!(leader.poll());
    *hook.lock().unwrap() = Some(Box::new({
        let follower = Arc::clone(&follower);
        move || assert_pending!(follower.lock().unwrap().poll())
    }));
    drop(leader);

    while !follower.lock().unwrap().is_woken() {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        assert_ready!(follower.lock().unwrap().poll()).unwrap(),
        BOILER
    );
    assert_eq!((pool.stats().led, pool.stats().cancelled), (1, 0));
    assert_empty(&pool);
}
