//! The call fails, or panics, while others wait.

use peers::{
    AsyncSingleflight, Moka, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap,
    SingleflightAsync, TowerPool, TowerResilience, Uniflight,
};

use crate::support::{Caller, End, Script, Seen, runtime, seen, settle};

/// What three callers saw, the leader first, of calls that all end so; and how
/// many calls that took. `later` is what a call after that sees, which ends well.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    seen: Vec<Seen>,
    calls: usize,
    later: Seen,
}

fn ended<P: Peer<u64, Script>>(end: End) -> Ended {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let mut callers = [0; 3].map(|_| Caller::polled(&peer));
        settle(&mut callers).await;
        let mut calls = 0;
        while calls < script.begun() {
            (calls..script.begun()).for_each(|number| script.end(number, end));
            calls = script.begun();
            settle(&mut callers).await;
        }
        let seen = seen(&callers);
        let mut later = [Caller::polled(&peer)];
        if script.begun() > calls {
            script.end(calls, End::Ok);
        }
        settle(&mut later).await;
        let [later] = later;
        Ended {
            seen,
            calls,
            later: later.seen,
        }
    })
}

#[track_caller]
fn one_error_for_all<P: Peer<u64, Script>>() {
    let one = Ended {
        seen: vec![Seen::WorkFailed; 3],
        calls: 1,
        later: Seen::Answer(1),
    };
    assert_eq!(ended::<P>(End::Err), one);
}

#[test]
fn an_error_is_cloned_to_all_by_tower_pool() {
    one_error_for_all::<TowerPool<_, _>>();
}

#[test]
fn an_error_is_cloned_to_all_by_tower_resilience() {
    one_error_for_all::<TowerResilience<_, _>>();
}

#[test]
fn an_error_is_cloned_to_all_by_rs_singleflight() {
    one_error_for_all::<RsSingleflight<_, _>>();
}

#[test]
fn an_error_is_cloned_to_all_by_futures_shared() {
    one_error_for_all::<SharedMap<_, _>>();
}

#[test]
fn an_error_is_an_answer_like_any_other_to_uniflight_singleflight_async_moka_and_once_cell() {
    one_error_for_all::<Uniflight<_, _>>();
    one_error_for_all::<SingleflightAsync<_, _>>();
    one_error_for_all::<Moka<_, _>>();
    one_error_for_all::<OnceCellMap<_, _>>();
}

#[test]
fn the_followers_of_async_singleflight_do_not_get_the_error() {
    let lost = Ended {
        seen: vec![Seen::WorkFailed, Seen::PeerFailed, Seen::PeerFailed],
        calls: 1,
        later: Seen::Answer(1),
    };
    assert_eq!(ended::<AsyncSingleflight<_, _>>(End::Err), lost);
}

#[test]
fn the_callers_of_quick_cache_try_again_one_after_another() {
    let serial = Ended {
        seen: vec![Seen::WorkFailed; 3],
        calls: 3,
        later: Seen::Answer(3),
    };
    assert_eq!(ended::<QuickCache<_, _>>(End::Err), serial);
}

#[test]
fn a_panic_unwinds_in_every_caller_of_tower_pool() {
    let panicked = Ended {
        seen: vec![Seen::Panicked; 3],
        calls: 1,
        later: Seen::Answer(1),
    };
    assert_eq!(ended::<TowerPool<_, _>>(End::Panic), panicked);
}

#[test]
fn a_panic_is_an_error_to_the_callers_of_uniflight() {
    let failed = Ended {
        seen: vec![Seen::PeerFailed; 3],
        calls: 1,
        later: Seen::Answer(1),
    };
    assert_eq!(ended::<Uniflight<_, _>>(End::Panic), failed);
}

#[test]
fn a_panic_unwinds_in_the_leader_and_is_an_error_to_the_followers_of_tower_resilience() {
    let mixed = Ended {
        seen: vec![Seen::Panicked, Seen::PeerFailed, Seen::PeerFailed],
        calls: 1,
        later: Seen::Answer(1),
    };
    assert_eq!(ended::<TowerResilience<_, _>>(End::Panic), mixed);
}

/// Each follower becomes the leader of a call of its own, which panics too.
#[track_caller]
fn each_calls_again<P: Peer<u64, Script>>() {
    let again = Ended {
        seen: vec![Seen::Panicked; 3],
        calls: 3,
        later: Seen::Answer(3),
    };
    assert_eq!(ended::<P>(End::Panic), again);
}

#[test]
fn the_followers_of_a_panicked_leader_call_again_with_rs_singleflight() {
    each_calls_again::<RsSingleflight<_, _>>();
}

#[test]
fn the_followers_of_a_panicked_leader_call_again_with_singleflight_async() {
    each_calls_again::<SingleflightAsync<_, _>>();
}

#[test]
fn the_followers_of_a_panicked_leader_call_again_with_async_singleflight() {
    each_calls_again::<AsyncSingleflight<_, _>>();
}

#[test]
fn the_followers_of_a_panicked_leader_call_again_with_moka() {
    each_calls_again::<Moka<_, _>>();
}

#[test]
fn the_followers_of_a_panicked_leader_call_again_with_quick_cache() {
    each_calls_again::<QuickCache<_, _>>();
}

#[test]
fn the_followers_of_a_panicked_leader_call_again_with_once_cell() {
    each_calls_again::<OnceCellMap<_, _>>();
}

#[test]
fn a_panic_poisons_the_key_of_futures_shared() {
    let poisoned = Ended {
        seen: vec![Seen::Panicked; 3],
        calls: 1,
        later: Seen::Panicked,
    };
    assert_eq!(ended::<SharedMap<_, _>>(End::Panic), poisoned);
}

/// The call panics in a poll during which a second caller comes. Returns what
/// leader and follower see.
fn joined_in_the_poll_that_panics<P: Peer<u64, Script>>() -> Vec<Seen> {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let mut leader = Caller::polled(&peer);
        let (send, joined) = std::sync::mpsc::channel();
        script.meanwhile(move || {
            let _ = send.send(Caller::polled(&peer));
        });
        script.end(0, End::Panic);
        leader.poll_if_woken();
        let mut callers = [leader, joined.recv().expect("the call was polled")];
        settle(&mut callers).await;
        seen(&callers)
    })
}

#[test]
fn who_joins_in_the_poll_that_panics_unwinds_too_with_tower_pool() {
    let seen = joined_in_the_poll_that_panics::<TowerPool<_, _>>();
    assert_eq!(seen, [Seen::Panicked, Seen::Panicked]);
}

#[test]
fn who_joins_in_the_poll_that_panics_hangs_with_futures_shared() {
    let seen = joined_in_the_poll_that_panics::<SharedMap<_, _>>();
    assert_eq!(seen, [Seen::Panicked, Seen::Waits]);
}
