//! The last one out cancels, or lets the call finish.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use tokio_test::assert_pending;
use tower_pool::OnAbandon;

use crate::support::{BOILER, assert_empty, held, layer, pool, pool_of, waiting};

#[tokio::test]
async fn a_lone_leader_that_is_dropped_drops_the_inner_future_before_its_drop_returns() {
    let (pool, mut script) = pool();
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let call = script.called();
    assert!(!call.is_dropped());

    drop(leader);
    assert!(call.is_dropped());
    assert_empty(&pool);
    assert_eq!(pool.stats().cancelled, 1);
}

#[tokio::test]
async fn the_last_of_many_callers_drops_the_inner_future_before_its_drop_returns() {
    let (pool, mut script) = pool();
    let mut callers = Vec::from(waiting::<_, 5>(|| pool.request(BOILER)));
    let mut call = script.call().await;
    call.polled().await; // by the task

    for remaining in (1..callers.len()).rev() {
        drop(callers.remove(0));
        assert!(!call.is_dropped(), "{remaining} callers are left");
    }
    drop(callers);
    assert!(call.is_dropped());
    assert_empty(&pool);
    assert_eq!(pool.stats().cancelled, 1);
}

#[tokio::test]
async fn the_task_of_an_abandoned_flight_ends() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let (pool, mut script) = pool();
    let callers = (held(pool.request(BOILER)), held(pool.request(BOILER)));
    let (mut leader, mut follower) = callers;
    assert_pending!(leader.poll());
    assert_pending!(follower.poll());
    script.call().await.polled().await;
    assert_eq!(tasks(), 1);

    drop((leader, follower));
    while tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_newcomer_after_the_last_drop_gets_a_fresh_call() {
    let (pool, mut script) = pool();
    let [leader, follower] = waiting(|| pool.request(BOILER));
    let old = script.call().await;
    drop((leader, follower));
    assert!(old.is_dropped());

    let mut newcomer = held(pool.request(BOILER));
    assert_pending!(newcomer.poll());
    script.called().answer("fresh");
    assert_eq!(newcomer.await.unwrap(), "fresh");
    assert_eq!(script.count(), 2);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_flight_that_nobody_polled_is_dropped_without_a_call() {
    for on_abandon in [OnAbandon::Cancel, OnAbandon::Finish] {
        let (pool, script) = pool_of(layer().on_abandon(on_abandon));
        drop((pool.request(BOILER), pool.request(BOILER)));
        assert_eq!(script.count(), 0);
        assert_empty(&pool);
    }
}

/// The inner future's drop calls the pool: it runs with no lock held, after the
/// key is free.
#[tokio::test]
async fn the_drop_of_an_abandoned_call_may_call_the_pool_with_the_same_key() {
    use tower::{Layer, service_fn};

    struct Redials(Box<dyn Fn() + Send + Sync>);
    impl Drop for Redials {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let redialled = Arc::new(AtomicBool::new(false));
    let slot: Arc<std::sync::OnceLock<Box<dyn Fn() + Send + Sync>>> = Arc::default();
    let pool = layer().layer(service_fn({
        let slot = Arc::clone(&slot);
        move |_: &'static str| {
            let slot = Arc::clone(&slot);
            let redials = Redials(Box::new(move || slot.get().unwrap()()));
            async move {
                let _redials = redials;
                std::future::pending::<Result<(), crate::support::Failure>>().await
            }
        }
    }));
    let redial: Box<dyn Fn() + Send + Sync> = {
        let (pool, redialled) = (std::sync::Mutex::new(pool.clone()), Arc::clone(&redialled));
        Box::new(move || {
            let fresh = pool.lock().unwrap().request(BOILER);
            redialled.store(true, SeqCst);
            drop(fresh); // never polled: nothing begun, nothing to drop again
        })
    };
    assert!(slot.set(redial).is_ok());

    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    drop(leader);
    assert!(redialled.load(SeqCst));
    assert_eq!(pool.stats().led, 2);
    assert_empty(&pool);
}

#[tokio::test]
async fn with_finish_the_call_of_a_dropped_lone_leader_runs_to_its_end() {
    let (pool, mut script) = pool_of(layer().on_abandon(OnAbandon::Finish));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let mut call = script.called();
    assert_eq!(call.polls(), 1);
    drop(leader);
    assert!(!call.is_dropped());
    assert_empty(&pool);

    call.polled().await; // in a task
    call.answer("to nobody");
    while tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
        > 0
    {
        tokio::task::yield_now().await;
    }
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.shared), (0, 0));
}

#[tokio::test]
async fn with_finish_a_shared_call_runs_to_its_end_after_its_last_caller() {
    let (pool, mut script) = pool_of(layer().on_abandon(OnAbandon::Finish));
    let [leader, follower] = waiting(|| pool.request(BOILER));
    let mut call = script.call().await;
    call.polled().await;
    drop((leader, follower));
    assert!(!call.is_dropped());

    call.answer("to nobody");
    while tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
        > 0
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_newcomer_never_joins_a_call_that_finishes_for_nobody() {
    let (pool, mut script) = pool_of(layer().on_abandon(OnAbandon::Finish));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let old = script.called();
    drop(leader);

    let mut newcomer = held(pool.request(BOILER));
    assert_pending!(newcomer.poll());
    assert_eq!(script.count(), 2);
    old.answer("old");
    script.called().answer("fresh");
    assert_eq!(newcomer.await.unwrap(), "fresh");
    assert_empty(&pool);
}
