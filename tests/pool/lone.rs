//! A flight stands in the table itself until a second caller asks for it.

use std::convert::Infallible;

use tokio_test::assert_pending;
use tower::{Layer, service_fn};
use tower_pool::{OnAbandon, PoolLayer, Verdict};

use crate::support::{
    BOILER, Failure, assert_empty, caught, held, layer, message, pool, pool_of, waiting,
};

#[tokio::test]
async fn whoever_is_polled_first_leads_a_flight_that_nobody_has_begun() {
    let (pool, mut script) = pool_of(PoolLayer::new(|request: &&str| {
        request.split(' ').next().map(str::to_owned)
    }));
    let made = held(pool.request("report of the first"));
    let mut polled = held(pool.request("report of the second"));
    assert_pending!(polled.poll());
    let call = script.call().await;
    assert_eq!(call.request, "report of the second");

    call.answer("aye");
    assert_eq!([polled.await.unwrap(), made.await.unwrap()], ["aye", "aye"]);
    assert_eq!(script.count(), 1);
    assert_eq!(
        (pool.stats().led, pool.stats().joined, pool.stats().shared),
        (1, 1, 1)
    );
    assert_empty(&pool);
}

#[tokio::test]
async fn a_caller_that_others_were_polled_before_can_be_dropped_without_a_trace() {
    let (pool, mut script) = pool();
    let made = held(pool.request(BOILER));
    let mut polled = held(pool.request(BOILER));
    assert_pending!(polled.poll());
    drop(made);
    script.call().await.answer("aye");
    assert_eq!(polled.await.unwrap(), "aye");
    assert_eq!((script.count(), pool.stats().cancelled), (1, 0));
    assert_empty(&pool);
}

#[tokio::test]
async fn a_caller_that_others_were_polled_before_does_not_take_the_lead_away_when_it_is_dropped() {
    let solo = layer().policy(|_: Result<&String, &Failure>| Verdict::Solo);
    let (pool, mut script) = pool_of(solo);
    let made = held(pool.request(BOILER));
    let [leader, follower] = waiting(|| pool.request(BOILER));
    drop(made);
    script.call().await.answer("of the leader");
    assert_eq!(leader.await.unwrap(), "of the leader");
    let answering = async { script.call().await.answer("of its own") };
    assert_eq!(tokio::join!(follower, answering).0.unwrap(), "of its own");
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn a_flight_that_nobody_has_begun_is_cancelled_by_its_last_caller() {
    let (pool, script) = pool();
    let (made, joined) = (pool.request(BOILER), pool.request(BOILER));
    drop(made);
    assert_eq!((pool.in_flight(), pool.stats().cancelled), (1, 0));
    drop(joined);
    assert_eq!((script.count(), pool.stats().cancelled), (0, 1));
    assert_empty(&pool);
}

#[tokio::test]
async fn a_lone_caller_that_is_dropped_takes_its_call_with_it_begun_or_not() {
    let (pool, mut script) = pool();
    drop(pool.request(BOILER));
    assert_empty(&pool);
    let mut lone = held(pool.request(BOILER));
    assert_pending!(lone.poll());
    let call = script.called();
    drop(lone);
    assert!(call.is_dropped());
    assert_eq!((pool.stats().led, pool.stats().cancelled), (2, 2));
    assert_empty(&pool);
}

#[tokio::test]
async fn a_lone_call_that_is_to_finish_does_so_in_a_task() {
    let (pool, mut script) = pool_of(layer().on_abandon(OnAbandon::Finish));
    let mut lone = held(pool.request(BOILER));
    assert_pending!(lone.poll());
    let call = script.called();
    drop(lone);
    assert_empty(&pool);
    assert!(!call.is_dropped());
    call.answer("to nobody");
    assert_eq!((pool.stats().led, pool.stats().cancelled), (1, 0));
}

#[tokio::test]
async fn a_lone_caller_goes_on_with_its_call_when_its_flight_was_forgotten() {
    let (pool, mut script) = pool();
    let mut begun = held(pool.request(BOILER));
    assert_pending!(begun.poll());
    assert!(pool.forget(&BOILER));
    let unbegun = pool.request(BOILER);
    assert!(pool.forget(&BOILER));
    assert_empty(&pool);

    script.call().await.answer("old");
    assert_eq!(begun.await.unwrap(), "old");
    let answering = async { script.call().await.answer("fresh") };
    assert_eq!(tokio::join!(unbegun, answering).0.unwrap(), "fresh");
    assert_eq!((script.count(), pool.stats().led), (2, 2));
}

#[tokio::test]
async fn a_lone_call_that_panics_unwinds_in_its_caller_and_frees_the_key() {
    let (pool, mut script) = pool();
    let mut lone = held(pool.request(BOILER));
    assert_pending!(lone.poll());
    script.called().panic("a burst pipe".to_owned());
    assert_eq!(message(&caught(lone).await), "a burst pipe");
    assert_eq!(pool.stats().panicked, 1);
    assert_empty(&pool);
}

/// Each finds its place again, though the table has moved meanwhile.
#[tokio::test]
async fn lone_callers_are_found_again_in_a_table_that_has_grown_and_shrunk() {
    const CALLERS: usize = 10_000;
    let gate = tokio::sync::Notify::new();
    let gate: &'static _ = Box::leak(Box::new(gate));
    let pool = PoolLayer::new(|n: &usize| Some(*n)).layer(service_fn(move |n: usize| async move {
        gate.notified().await;
        Ok::<_, Infallible>(n)
    }));
    let mut callers: Vec<_> = (0..CALLERS).map(|n| Some(held(pool.request(n)))).collect();
    callers
        .iter_mut()
        .flatten()
        .for_each(|caller| assert_pending!(caller.poll()));
    assert_eq!(pool.in_flight(), CALLERS);
    // All but each hundredth go, so that the table gives memory back.
    for (n, caller) in callers.iter_mut().enumerate() {
        if n % 100 != 0 {
            *caller = None;
        }
    }
    assert_eq!(pool.in_flight(), CALLERS / 100);
    gate.notify_waiters();
    for (n, caller) in callers.into_iter().enumerate() {
        if let Some(caller) = caller {
            assert_eq!(caller.await, Ok(n));
        }
    }
    assert_eq!(pool.stats().cancelled as usize, CALLERS - CALLERS / 100);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_follower_that_is_dropped_without_having_looked_was_not_answered() {
    let (pool, mut script) = pool();
    let mut leader = held(pool.request(BOILER));
    let [mut looks, mut does_not] = [held(pool.request(BOILER)), held(pool.request(BOILER))];
    assert_pending!(leader.poll());
    assert_pending!(looks.poll());
    assert_pending!(does_not.poll());
    script.call().await.answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
    assert_eq!(looks.await.unwrap(), "aye");
    drop(does_not);
    assert_eq!((pool.stats().joined, pool.stats().shared), (2, 1));
}
