//! A call is shared only while it is under way, and only while somebody waits.

use peers::{
    AsyncSingleflight, Moka, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap,
    SingleflightAsync, TowerPool, TowerResilience, Uniflight,
};

use crate::support::{Caller, End, Script, Seen, runtime, settle};

/// Calls once more when one of two callers has its answer, and the other has
/// not been polled since. Returns how many calls there are then.
fn late<P: Peer<u64, Script>>() -> usize {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let mut leader = [Caller::polled(&peer)];
        let mut follower = [Caller::polled(&peer)];
        settle(&mut leader).await;
        script.end(0, End::Ok);
        settle(&mut leader).await;
        assert_eq!(leader[0].seen, Seen::Answer(0));
        let late = Caller::polled(&peer);
        let begun = script.begun();
        if begun == 1 {
            assert_eq!(late.seen, Seen::Answer(0), "an answer of before");
        }
        settle(&mut follower).await;
        begun
    })
}

#[test]
fn a_caller_after_the_answer_makes_a_new_call() {
    assert_eq!(late::<TowerPool<_, _>>(), 2);
    assert_eq!(late::<TowerResilience<_, _>>(), 2);
    assert_eq!(late::<RsSingleflight<_, _>>(), 2);
    assert_eq!(late::<SingleflightAsync<_, _>>(), 2);
    assert_eq!(late::<AsyncSingleflight<_, _>>(), 2);
    assert_eq!(late::<Moka<_, _>>(), 2);
    assert_eq!(late::<SharedMap<_, _>>(), 2);
    assert_eq!(late::<OnceCellMap<_, _>>(), 2);
}

#[test]
fn a_caller_after_the_answer_gets_it_from_uniflight_while_a_follower_has_not_taken_it() {
    assert_eq!(late::<Uniflight<_, _>>(), 1);
}

#[test]
fn a_caller_after_the_answer_gets_it_from_quick_cache_which_keeps_it() {
    assert_eq!(late::<QuickCache<_, _>>(), 1);
}

/// All callers are dropped. Returns how many calls are still alive, and how
/// many were begun when the next caller was polled.
fn abandoned<P: Peer<u64, Script>>() -> (usize, usize) {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let mut callers = vec![Caller::polled(&peer), Caller::polled(&peer)];
        settle(&mut callers).await;
        drop(callers);
        let alive = script.alive();
        let _next = Caller::polled(&peer);
        (alive, script.begun())
    })
}

#[test]
fn the_last_caller_takes_the_call_with_it() {
    assert_eq!(abandoned::<TowerPool<_, _>>(), (0, 2));
    assert_eq!(abandoned::<TowerResilience<_, _>>(), (0, 2));
    assert_eq!(abandoned::<Uniflight<_, _>>(), (0, 2));
    assert_eq!(abandoned::<RsSingleflight<_, _>>(), (0, 2));
    assert_eq!(abandoned::<SingleflightAsync<_, _>>(), (0, 2));
    assert_eq!(abandoned::<AsyncSingleflight<_, _>>(), (0, 2));
    assert_eq!(abandoned::<Moka<_, _>>(), (0, 2));
    assert_eq!(abandoned::<QuickCache<_, _>>(), (0, 2));
    assert_eq!(abandoned::<OnceCellMap<_, _>>(), (0, 2));
}

#[test]
fn the_map_of_futures_shared_keeps_a_call_that_nobody_waits_for() {
    assert_eq!(abandoned::<SharedMap<_, _>>(), (1, 1));
}
