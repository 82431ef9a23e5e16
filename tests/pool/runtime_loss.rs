//! A flight whose runtime shuts down is flown anew by one of the callers left.

use tokio::runtime::{Builder, Runtime};
use tokio_test::{assert_pending, assert_ready};
use tower_pool::Verdict;

use crate::support::{
    BOILER, Failure, assert_empty, caught, held, layer, message, pool, pool_of, waiting,
};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn when_the_leaders_runtime_shuts_down_the_others_finish_by_one_fresh_call() {
    let (pool, mut script) = pool();
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
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
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
    let mut follower = held(pool.request(BOILER));
    ours.block_on(async { assert_pending!(follower.poll()) });
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
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
    let mut follower = held(pool.request(BOILER));
    ours.block_on(async { assert_pending!(follower.poll()) });
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
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
    let mut follower = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(follower.poll()) });
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
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
    let mut follower = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(follower.poll()) });
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
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
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
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
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
fn callers_in_the_context_of_a_runtime_that_is_gone_drive_their_call_in_turn() {
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
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

#[test]
fn a_retry_that_only_a_leader_without_a_request_waits_for_ends_it_and_leaves_no_key() {
    let policy = |_: Result<&String, &Failure>| Verdict::Retry;
    let (pool, mut script) = pool_of(layer().policy(policy));
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
    let mut follower = held(pool.request(BOILER));
    ours.block_on(async { assert_pending!(follower.poll()) });
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
