//! A flight whose runtime shuts down is flown anew by one of the callers left.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime::{Builder, Runtime};
use tokio_test::{assert_pending, assert_ready, task::Spawn};
use tower::{Layer, Service, service_fn};
use tower_pool::Verdict;

use crate::support::{
    BOILER, Failure, Pooled, assert_empty, caught, held, layer, message, pool, pool_of, waiting,
};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// A caller that was polled once in `runtime`.
fn polled_in<F: Future<Output: std::fmt::Debug>>(runtime: &Runtime, call: F) -> Spawn<F> {
    let mut caller = held(call);
    runtime.block_on(async { assert_pending!(caller.poll()) });
    caller
}

/// A caller that calls in `runtime`, and is not polled.
fn called_in(runtime: &Runtime, pool: &Pooled) -> <Pooled as Service<&'static str>>::Future {
    let _context = runtime.enter();
    pool.request(BOILER)
}

#[test]
fn when_the_leaders_runtime_shuts_down_the_others_finish_by_one_fresh_call() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let leader = polled_in(&theirs, pool.request(BOILER));
    let old = script.called();

    let mut followers: Vec<_> = (0..3).map(|_| held(pool.request(BOILER))).collect();
    ours.block_on(async { followers.iter_mut().for_each(|f| assert_pending!(f.poll())) });
    assert!(!old.is_dropped());
    drop(leader);
    drop(theirs);
    assert!(old.is_dropped());
    assert!(followers.iter().all(|follower| follower.is_woken()));

    ours.block_on(async {
        for follower in &mut followers {
            assert_pending!(follower.poll());
        }
        script.call().await.answer("fresh");
        for follower in followers {
            assert_eq!(follower.await.unwrap(), "fresh");
        }
    });
    assert_eq!(script.count(), 2, "one lost, one fresh");
    assert_eq!((pool.stats().led, pool.stats().retried), (2, 0));
    assert_empty(&pool);
}

#[test]
fn a_leader_that_outlives_its_runtime_joins_the_fresh_call() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = polled_in(&theirs, pool.request(BOILER));
    let mut follower = polled_in(&ours, pool.request(BOILER));
    drop(theirs);

    ours.block_on(async {
        assert_pending!(leader.poll());
        assert_pending!(follower.poll());
        drop(script.call().await); // the lost one
        script.call().await.answer("fresh");
        assert_eq!(leader.await.unwrap(), "fresh");
        assert_eq!(follower.await.unwrap(), "fresh");
    });
    assert_eq!(script.count(), 2);
}

#[test]
fn a_newcomer_can_lead_the_fresh_call_when_the_others_are_held() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let leader = polled_in(&theirs, pool.request(BOILER));
    let follower = polled_in(&ours, pool.request(BOILER));
    drop((leader, theirs));
    drop(script.called());

    ours.block_on(async {
        let answering = async { script.call().await.answer("fresh") };
        let ((), newcomer) = tokio::join!(answering, pool.request(BOILER));
        assert_eq!(newcomer.unwrap(), "fresh");
        assert_eq!(follower.await.unwrap(), "fresh");
    });
    assert_eq!(script.count(), 2);
}

#[test]
fn a_leader_left_alone_by_its_runtime_and_all_others_gets_its_own_call_back() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = polled_in(&theirs, pool.request(BOILER));
    let follower = polled_in(&theirs, pool.request(BOILER));
    let call = script.called();
    drop(follower);
    drop(theirs);
    assert!(
        !call.is_dropped(),
        "without the pool it would not be, either"
    );
    assert_empty(&pool);

    ours.block_on(async {
        assert_pending!(leader.poll());
        call.answer("still here");
        assert_eq!(leader.await.unwrap(), "still here");
    });
    assert_eq!(script.count(), 1);
}

#[test]
fn a_leader_whose_call_was_lost_and_that_nobody_can_replace_panics_and_does_not_hang() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = polled_in(&theirs, pool.request(BOILER));
    let follower = polled_in(&theirs, pool.request(BOILER));
    drop(script.called());
    drop(theirs);
    assert_pending!(leader.poll());
    drop(follower); // it could have made the call anew

    assert!(leader.is_woken());
    let payload = ours.block_on(caught(leader));
    assert!(message(&payload).contains("shut down"));
    assert_empty(&pool);
}

#[test]
fn a_flight_that_is_handed_to_a_runtime_already_shut_down_is_flown_anew() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = polled_in(&theirs, pool.request(BOILER));
    drop(theirs);

    ours.block_on(async {
        let mut follower = held(pool.request(BOILER));
        assert_pending!(follower.poll());
        drop(script.call().await);
        script.call().await.answer("fresh");
        assert_eq!(follower.await.unwrap(), "fresh");
    });
    assert_eq!(script.count(), 2);
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "fresh");
}

#[test]
fn callers_and_their_runtime_going_down_together_leave_nothing_behind() {
    let (pool, mut script) = pool_of(layer());
    let theirs = runtime();
    let callers: Vec<_> = (0..3).map(|_| theirs.spawn(pool.request(BOILER))).collect();
    theirs.block_on(async { script.call().await.polled().await });
    drop(theirs);
    assert_empty(&pool);

    runtime().block_on(async {
        for caller in callers {
            assert!(caller.await.unwrap_err().is_cancelled());
        }
        let answering = async { script.call().await.answer("aye") };
        let ((), answer) = tokio::join!(answering, pool.request(BOILER));
        assert_eq!(answer.unwrap(), "aye");
    });
}

#[test]
fn a_leader_that_moved_to_a_living_runtime_keeps_its_call_when_it_is_joined() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = polled_in(&theirs, pool.request(BOILER));
    drop(theirs);
    ours.block_on(async {
        assert_pending!(leader.poll()); // it drives its call here
        let mut follower = held(pool.request(BOILER));
        assert_pending!(follower.poll());
        script.call().await.answer("still here");
        assert_eq!(leader.await.unwrap(), "still here");
        assert_eq!(follower.await.unwrap(), "still here");
    });
    assert_eq!(script.count(), 1);
}

#[test]
fn callers_that_meet_in_the_context_of_a_runtime_that_is_gone_drive_their_call_in_turn() {
    let (pool, mut script) = pool();
    let theirs = runtime();
    let handle = theirs.handle().clone();
    drop(theirs);
    let _context = handle.enter();
    let [mut leader, mut follower] = waiting(|| pool.request(BOILER));
    script.called().answer("aye");
    assert!(leader.is_woken() && follower.is_woken());
    assert_eq!(assert_ready!(follower.poll()).unwrap(), "aye");
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "aye");
    assert_eq!((script.count(), pool.stats().led), (1, 1));
    assert_empty(&pool);
}

#[test]
fn a_retry_that_only_a_leader_without_a_request_waits_for_ends_it_and_leaves_no_key() {
    let policy = |_: Result<&String, &Failure>| Verdict::Retry;
    let (pool, mut script) = pool_of(layer().policy(policy));
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = polled_in(&theirs, pool.request(BOILER));
    let mut follower = polled_in(&ours, pool.request(BOILER));
    drop((script.called(), theirs));
    ours.block_on(async {
        assert_pending!(leader.poll());
        assert_pending!(follower.poll());
        script.call().await.answer("the follower's");
        assert_eq!(follower.await.unwrap(), "the follower's");
        assert!(leader.is_woken());
        assert!(message(&caught(leader).await).contains("shut down"));
    });
    assert_empty(&pool);
}

#[test]
fn a_call_that_only_the_task_has_begun_is_lost_with_its_runtime() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let first = called_in(&ours, &pool);
    let leader = polled_in(&theirs, pool.request(BOILER));
    let old = theirs.block_on(script.call());
    drop(theirs);
    assert!(old.is_dropped());
    ours.block_on(async {
        let answering = async { script.call().await.answer("fresh") };
        let ((), a, b) = tokio::join!(answering, first, leader);
        assert_eq!([a.unwrap(), b.unwrap()], ["fresh", "fresh"]);
    });
    assert_eq!(script.count(), 2);
}

/// A stampede in a runtime that goes, made by a caller in one that stays.
#[test]
fn a_caller_that_others_were_polled_before_is_not_harmed_by_their_runtime() {
    let (pool, mut script) = pool();
    let (healthy, dies) = (runtime(), runtime());
    let first = called_in(&healthy, &pool);
    for crowd in [1, 20] {
        (0..crowd).for_each(|_| drop(dies.spawn(pool.request(BOILER))));
        dies.block_on(tokio::task::yield_now());
    }
    let lost = script.called();
    drop(dies);
    assert!(lost.is_dropped());
    let answer = healthy.block_on(async {
        let answering = async { script.call().await.answer("aye") };
        tokio::join!(answering, first).1
    });
    assert_eq!(answer.unwrap(), "aye");
    assert_eq!(script.count(), 2);
}

#[test]
fn the_only_follower_of_a_dropped_leader_makes_a_fresh_call_when_the_leaders_runtime_goes() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let leader = polled_in(&theirs, pool.request(BOILER));
    let mut follower = held(pool.request(BOILER));
    drop(leader);
    let old = script.called();
    ours.block_on(async { assert_pending!(follower.poll()) });
    assert!(!old.is_dropped());
    drop(theirs);
    assert!(old.is_dropped());
    ours.block_on(async {
        let answering = async { script.call().await.answer("fresh") };
        assert_eq!(tokio::join!(answering, follower).1.unwrap(), "fresh");
    });
}

#[test]
fn a_call_without_callers_that_is_lost_with_its_runtime_is_counted_as_cancelled() {
    let (pool, mut script) = pool_of(layer().on_abandon(tower_pool::OnAbandon::Finish));
    let theirs = runtime();
    theirs.block_on(async { drop(waiting::<_, 1>(|| pool.request(BOILER))) });
    let call = script.called();
    assert!(!call.is_dropped());
    assert_eq!(pool.stats().cancelled, 0);
    drop(theirs);
    assert!(call.is_dropped());
    assert_eq!(pool.stats().cancelled, 1);
}

#[test]
fn a_call_whose_drop_panics_as_its_runtime_goes_does_not_cost_the_others_their_wake() {
    struct Bursts;
    impl Drop for Bursts {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("burst in drop"));
        }
    }
    let first = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let pool = layer().layer(service_fn(move |place: &'static str| {
        let bursts = first
            .swap(false, std::sync::atomic::Ordering::SeqCst)
            .then(|| Bursts);
        async move {
            if bursts.is_some() {
                std::future::pending::<()>().await;
            }
            Ok::<_, Failure>(place)
        }
    }));
    let (theirs, ours) = (runtime(), runtime());
    let leader = polled_in(&theirs, pool.request(BOILER));
    let follower = polled_in(&ours, pool.request(BOILER));
    drop(leader);
    let _ = catch_unwind(AssertUnwindSafe(|| drop(theirs)));
    assert!(follower.is_woken());
    assert_eq!(ours.block_on(follower), Ok(BOILER));
}

#[test]
fn after_a_retry_a_flight_that_was_driven_in_turn_is_handed_over_to_a_living_runtime() {
    let policy = |outcome: Result<&String, &Failure>| match outcome {
        Ok(_) => Verdict::Share,
        Err(_) => Verdict::Retry,
    };
    let (pool, mut script) = pool_of(layer().policy(policy));
    let (gone, ours) = (runtime(), runtime());
    let handle = gone.handle().clone();
    drop(gone);
    let [mut leader, mut a, mut b] = {
        let _context = handle.enter();
        let callers = waiting(|| pool.request(BOILER));
        script.called().fail("again");
        callers
    };
    assert_eq!(assert_ready!(leader.poll()), Err(Failure("again")));
    ours.block_on(async {
        assert_pending!(a.poll()); // leads
        assert_eq!(ours.metrics().num_alive_tasks(), 1);
        script.call().await.answer("aye");
        assert_eq!(a.await.unwrap(), "aye");
        assert!(b.is_woken());
        assert_eq!(assert_ready!(b.poll()).unwrap(), "aye");
    });
}
