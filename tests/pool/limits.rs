//! `max_callers`, `max_age`, `forget`, and requests without a key.

use std::time::Duration;

use tokio_test::assert_pending;
use tower_pool::Verdict;

use crate::support::{BOILER, Failure, assert_empty, held, layer, pool, pool_of, waiting};

#[tokio::test]
async fn requests_without_a_key_pass_straight_through() {
    let (pool, mut script) = pool();
    let (mut a, mut b) = (held(pool.request("!a")), held(pool.request("!a")));
    assert_pending!(a.poll());
    assert_pending!(b.poll());
    assert_eq!(script.count(), 2);
    assert_empty(&pool);
    assert_eq!((pool.stats().solo, pool.stats().led), (2, 0));

    script.called().answer("first");
    script.called().answer("second");
    assert_eq!(b.await.unwrap(), "second");
    assert_eq!(a.await.unwrap(), "first");
}

#[tokio::test]
async fn one_caller_more_than_max_callers_goes_solo() {
    let (pool, mut script) = pool_of(layer().max_callers(3));
    let mut callers = Vec::from(waiting::<_, 5>(|| pool.request(BOILER)));
    let stats = pool.stats();
    assert_eq!((stats.led, stats.joined, stats.solo), (1, 2, 2));
    tokio::task::yield_now().await;
    assert_eq!(script.count(), 3, "one flight, and two on their own");
    assert_eq!(pool.in_flight(), 1);

    // A place that becomes free is given away again.
    drop(callers.remove(1));
    let joined = pool.request(BOILER);
    assert_eq!(pool.stats().joined, 3);
    drop(joined);
    drop(script.called());
}

#[tokio::test]
async fn with_max_callers_of_one_nobody_shares() {
    for max_callers in [0, 1] {
        let (pool, script) = pool_of(layer().max_callers(max_callers));
        let [a, b] = waiting(|| pool.request(BOILER));
        assert_eq!(script.count(), 2);
        drop((a, b));
        assert_empty(&pool);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flight_older_than_max_age_takes_no_newcomers_and_the_next_one_leads_a_fresh_flight() {
    let (pool, mut script) = pool_of(layer().max_age(Duration::from_secs(5)));
    let (mut leader, mut follower) = (held(pool.request(BOILER)), held(pool.request(BOILER)));
    assert_pending!(leader.poll());
    tokio::time::advance(Duration::from_millis(4_999)).await;
    assert_pending!(follower.poll());
    let mut in_time = held(pool.request(BOILER));
    assert_pending!(in_time.poll());
    assert_eq!(pool.stats().led, 1);

    tokio::time::advance(Duration::from_millis(1)).await;
    let [late, later] = waiting(|| pool.request(BOILER));
    assert_eq!((pool.stats().led, pool.in_flight()), (2, 1));

    let (old, fresh) = (script.call().await, script.call().await);
    old.answer("old");
    for caller in [leader, follower, in_time] {
        assert_eq!(
            caller.await.unwrap(),
            "old",
            "those aboard are not affected"
        );
    }
    assert_eq!(
        pool.in_flight(),
        1,
        "the old flight does not remove its successor"
    );
    fresh.answer("fresh");
    assert_eq!(
        [late.await.unwrap(), later.await.unwrap()],
        ["fresh", "fresh"]
    );
    assert_eq!(script.count(), 2);
    assert_empty(&pool);
}

#[tokio::test(start_paused = true)]
async fn after_a_retry_max_age_counts_from_the_new_leader() {
    let policy = |_: Result<&String, &Failure>| Verdict::Retry;
    let layer = layer().policy(policy).max_age(Duration::from_secs(5));
    let (pool, mut script) = pool_of(layer);
    let [leader, mut follower] = waiting(|| pool.request(BOILER));
    tokio::time::advance(Duration::from_secs(4)).await;
    script.call().await.fail("again");
    assert!(leader.await.is_err());
    assert_pending!(follower.poll()); // leads
    tokio::time::advance(Duration::from_secs(4)).await;
    let in_time = pool.request(BOILER);
    assert_eq!((pool.stats().led, pool.stats().joined), (2, 2));
    tokio::time::advance(Duration::from_secs(1)).await;
    let late = pool.request(BOILER);
    assert_eq!(pool.stats().led, 3);
    drop((in_time, late));
}

#[tokio::test(start_paused = true)]
async fn a_lone_call_that_is_too_old_takes_no_newcomers_begun_or_not() {
    let (pool, mut script) = pool_of(layer().max_age(Duration::from_secs(5)));
    let mut begun = held(pool.request("begun"));
    assert_pending!(begun.poll());
    let unbegun = pool.request("unbegun");
    tokio::time::advance(Duration::from_secs(5)).await;

    let late = ["begun", "unbegun"].map(|place| held(pool.request(place)));
    assert_eq!((pool.stats().led, pool.stats().joined), (4, 0));
    script.call().await.answer("old");
    assert_eq!(begun.await.unwrap(), "old");
    drop((unbegun, late));
    assert_empty(&pool);
}

#[tokio::test]
async fn after_forget_the_old_flight_answers_its_callers_and_later_ones_get_a_fresh_call() {
    let (pool, mut script) = pool();
    let [leader, follower] = waiting(|| pool.request(BOILER));
    assert!(pool.forget(&BOILER));
    assert_empty(&pool);
    assert!(!pool.forget(&BOILER), "there is none to forget");

    let [late, later] = waiting(|| pool.request(BOILER));
    let (old, fresh) = (script.call().await, script.call().await);

    old.answer("old");
    assert_eq!(
        [leader.await.unwrap(), follower.await.unwrap()],
        ["old", "old"]
    );
    assert_eq!(
        pool.in_flight(),
        1,
        "the old flight does not remove its successor"
    );
    let latest = pool.request(BOILER);
    assert_eq!(pool.stats().joined, 3);

    fresh.answer("fresh");
    let answers = [
        late.await.unwrap(),
        later.await.unwrap(),
        latest.await.unwrap(),
    ];
    assert_eq!(answers, ["fresh", "fresh", "fresh"]);
    assert_eq!(script.count(), 2);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_forgotten_flight_that_is_abandoned_does_not_remove_its_successor() {
    let (pool, mut script) = pool();
    let mut old = held(pool.request(BOILER));
    assert_pending!(old.poll());
    pool.forget(&BOILER);
    let mut fresh = held(pool.request(BOILER));
    assert_pending!(fresh.poll());

    drop(old);
    assert_eq!(pool.in_flight(), 1);
    let mut joins = held(pool.request(BOILER));
    assert_pending!(joins.poll());
    assert!(script.called().is_dropped());
    script.called().answer("fresh");
    assert_eq!(
        [fresh.await.unwrap(), joins.await.unwrap()],
        ["fresh", "fresh"]
    );
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn forget_of_another_key_changes_nothing() {
    let (pool, mut script) = pool();
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    assert!(!pool.forget(&"galley"));
    drop(pool.request(BOILER));
    assert_eq!(pool.stats().joined, 1);
    script.called().answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
}

#[tokio::test(start_paused = true)]
async fn an_old_flight_that_goes_round_again_takes_newcomers_until_somebody_leads() {
    let policy = |outcome: Result<&String, &Failure>| match outcome {
        Ok(_) => Verdict::Share,
        Err(_) => Verdict::Retry,
    };
    let layer = layer().policy(policy).max_age(Duration::from_secs(5));
    let (pool, mut script) = pool_of(layer);
    let [leader, mut follower] = waiting(|| pool.request(BOILER));
    tokio::time::advance(Duration::from_secs(6)).await;
    script.call().await.fail("again");
    assert!(leader.await.is_err());

    let mut newcomer = held(pool.request(BOILER));
    assert_pending!(newcomer.poll());
    assert_pending!(follower.poll());
    tokio::task::yield_now().await;
    assert_eq!(
        script.count(),
        2,
        "one call for the newcomer and the follower"
    );
}

#[tokio::test(start_paused = true)]
async fn the_age_of_a_flight_counts_from_the_call_that_made_it_however_late_that_is_polled() {
    for joined in [false, true] {
        let (pool, _script) = pool_of(layer().max_age(Duration::from_secs(5)));
        let mut made = held(pool.request(BOILER));
        let other = joined.then(|| pool.request(BOILER));
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_pending!(made.poll());
        tokio::time::advance(Duration::from_secs(2)).await;
        let late = pool.request(BOILER);
        assert_eq!(pool.stats().led, 2);
        drop((other, late));
    }
}
