//! The leader is dropped, or held, while two others wait.

use peers::{
    AsyncSingleflight, Moka, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap,
    SingleflightAsync, TowerPool, TowerResilience, Uniflight,
};

use crate::support::{Caller, End, Script, Seen, runtime, seen, settle};

/// What became of the followers of a leader.
#[derive(Debug, PartialEq, Eq)]
struct Followers {
    seen: Vec<Seen>,
    calls: usize,
    at_once: usize,
    /// What one sees who calls when all that is over.
    later: Seen,
}

/// The leader is dropped; then every call that is alive comes to its end.
fn dropped<P: Peer<u64, Script>>(followers: usize) -> Followers {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let leader = Caller::polled(&peer);
        let mut followers: Vec<_> = (0..followers).map(|_| Caller::polled(&peer)).collect();
        settle(&mut followers).await;
        drop(leader);
        settle(&mut followers).await;
        script.end_all(&mut followers).await;
        let calls = script.begun();
        let mut later = [Caller::polled(&peer)];
        script.end_all(&mut later).await;
        Followers {
            seen: seen(&followers),
            calls,
            at_once: script.most_alive(),
            later: later[0].seen.clone(),
        }
    })
}

#[track_caller]
fn the_call_goes_on<P: Peer<u64, Script>>() {
    let went_on = Followers {
        seen: vec![Seen::Answer(0); 2],
        calls: 1,
        at_once: 1,
        later: Seen::Answer(1),
    };
    assert_eq!(dropped::<P>(2), went_on);
}

#[track_caller]
fn a_follower_calls_again<P: Peer<u64, Script>>() {
    let later = if P::KEEPS_ANSWERS { 1 } else { 2 };
    let again = Followers {
        seen: vec![Seen::Answer(1); 2],
        calls: 2,
        at_once: 1,
        later: Seen::Answer(later),
    };
    assert_eq!(dropped::<P>(2), again);
}

#[test]
fn the_call_of_a_dropped_leader_goes_on_with_tower_pool() {
    the_call_goes_on::<TowerPool<_, _>>();
}

#[test]
fn the_call_of_a_dropped_leader_goes_on_with_futures_shared() {
    the_call_goes_on::<SharedMap<_, _>>();
}

#[test]
fn the_followers_of_a_dropped_leader_get_an_error_from_tower_resilience() {
    let failed = Followers {
        seen: vec![Seen::PeerFailed; 2],
        calls: 1,
        at_once: 1,
        later: Seen::Answer(1),
    };
    assert_eq!(dropped::<TowerResilience<_, _>>(2), failed);
}

#[test]
fn a_follower_calls_again_when_the_leader_is_dropped_with_uniflight() {
    a_follower_calls_again::<Uniflight<_, _>>();
}

#[test]
fn a_follower_calls_again_when_the_leader_is_dropped_with_rs_singleflight() {
    a_follower_calls_again::<RsSingleflight<_, _>>();
}

#[test]
fn a_follower_calls_again_when_the_leader_is_dropped_with_singleflight_async() {
    a_follower_calls_again::<SingleflightAsync<_, _>>();
}

#[test]
fn a_follower_calls_again_when_the_leader_is_dropped_with_moka() {
    a_follower_calls_again::<Moka<_, _>>();
}

#[test]
fn a_follower_calls_again_when_the_leader_is_dropped_with_quick_cache() {
    a_follower_calls_again::<QuickCache<_, _>>();
}

#[test]
fn a_follower_calls_again_when_the_leader_is_dropped_with_once_cell() {
    a_follower_calls_again::<OnceCellMap<_, _>>();
}

#[test]
fn a_follower_calls_again_when_the_leader_is_dropped_with_async_singleflight() {
    a_follower_calls_again::<AsyncSingleflight<_, _>>();
}

/// The leader is polled once and then left alone, while its call comes to an
/// end. Returns what its followers see, and the most that one of them was polled.
fn held<P: Peer<u64, Script>>() -> (Vec<Seen>, usize) {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let _leader = Caller::polled(&peer);
        let mut followers = [Caller::polled(&peer), Caller::polled(&peer)];
        settle(&mut followers).await;
        script.end(0, End::Ok);
        settle(&mut followers).await;
        let most = followers.iter().map(|follower| follower.polls).max();
        (seen(&followers), most.unwrap_or(0))
    })
}

#[track_caller]
fn the_followers_of_a_held_leader_hang<P: Peer<u64, Script>>() {
    let (seen, polls) = held::<P>();
    assert_eq!(seen, [Seen::Waits, Seen::Waits]);
    assert!(polls < 10, "{polls} polls: it does not spin");
}

#[test]
fn the_followers_of_a_held_leader_get_their_answer_with_tower_pool() {
    // One poll to join, one to take the answer.
    assert_eq!(held::<TowerPool<_, _>>(), (vec![Seen::Answer(0); 2], 2));
}

#[test]
fn the_followers_of_a_held_leader_get_their_answer_with_futures_shared() {
    assert_eq!(
        held::<SharedMap<_, _>>().0,
        [Seen::Answer(0), Seen::Answer(0)]
    );
}

#[test]
fn the_followers_of_a_held_leader_hang_and_spin_with_tower_resilience() {
    let (seen, polls) = held::<TowerResilience<_, _>>();
    assert_eq!(seen, [Seen::Waits, Seen::Waits]);
    assert_eq!(polls, 401, "as often as they could be");
}

#[test]
fn the_followers_of_a_held_leader_hang_with_uniflight() {
    the_followers_of_a_held_leader_hang::<Uniflight<_, _>>();
}

#[test]
fn the_followers_of_a_held_leader_hang_with_rs_singleflight() {
    the_followers_of_a_held_leader_hang::<RsSingleflight<_, _>>();
}

#[test]
fn the_followers_of_a_held_leader_hang_with_singleflight_async() {
    the_followers_of_a_held_leader_hang::<SingleflightAsync<_, _>>();
}

#[test]
fn the_followers_of_a_held_leader_hang_with_async_singleflight() {
    the_followers_of_a_held_leader_hang::<AsyncSingleflight<_, _>>();
}

#[test]
fn the_followers_of_a_held_leader_hang_with_moka() {
    the_followers_of_a_held_leader_hang::<Moka<_, _>>();
}

#[test]
fn the_followers_of_a_held_leader_hang_with_quick_cache() {
    the_followers_of_a_held_leader_hang::<QuickCache<_, _>>();
}

#[test]
fn the_followers_of_a_held_leader_hang_with_once_cell() {
    the_followers_of_a_held_leader_hang::<OnceCellMap<_, _>>();
}

/// Leaders are dropped, one after another, with others waiting. Returns what a
/// follower saw first, and after how many drops; at most so many are dropped.
fn dropped_again_and_again<P: Peer<u64, Script>>(most: usize) -> (Seen, usize) {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let mut callers: Vec<_> = (0..most + 2).map(|_| Caller::polled(&peer)).collect();
        for drops in 1..=most {
            drop(callers.remove(0));
            callers.iter_mut().for_each(Caller::poll_if_woken);
            if let Some(ended) = callers.iter().find(|caller| caller.seen != Seen::Waits) {
                return (ended.seen.clone(), drops);
            }
        }
        (Seen::Waits, most)
    })
}

#[test]
fn a_follower_of_moka_panics_when_two_hundred_leaders_were_dropped() {
    assert_eq!(
        dropped_again_and_again::<Moka<_, _>>(300),
        (Seen::Panicked, 200)
    );
}

#[test]
fn no_number_of_dropped_leaders_harms_a_follower_of_tower_pool() {
    assert_eq!(
        dropped_again_and_again::<TowerPool<_, _>>(300),
        (Seen::Waits, 300)
    );
}
