//! How many keys are left in a peer when nobody calls any more, to the key.
//!
//! Not in moka, for the reason that `leaks` gives.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use peers::{
    AsyncSingleflight, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap, SingleflightAsync,
    TowerPool, TowerResilience, Uniflight,
};

use crate::support::{Caller, End, Script, runtime, settle};

const KEYS: usize = 10;

/// A key whose copies can be counted, wherever a peer has put them.
#[derive(Clone, Debug)]
struct Counted {
    number: usize,
    _copies: Arc<()>,
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Counted {}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// How two callers of a key come to their end.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Both are dropped.
    Cancelled,
    /// The leader is dropped, and the follower gets an answer or an error.
    TakenOver,
    /// The leader gets its answer; the follower is woken, and dropped.
    FollowerLast,
    /// Both see the call end so.
    Ended(End),
}

/// How many of ten keys the peer still has when all their callers are gone.
fn left<P: Peer<Counted, Script>>(way: Way) -> usize {
    let copies = Arc::new(());
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        for number in 0..KEYS {
            let key = Counted {
                number,
                _copies: Arc::clone(&copies),
            };
            let leader = Caller::of(&peer, key.clone());
            let follower = Caller::of(&peer, key);
            run(way, &script, leader, follower).await;
        }
        // The peer holds nothing but keys that count, and the test this one.
        let left = Arc::strong_count(&copies) - 1;
        drop(peer);
        assert_eq!(Arc::strong_count(&copies), 1, "the rest was in the peer");
        left
    })
}

async fn run(way: Way, script: &Script, leader: Caller, follower: Caller) {
    let mut callers = vec![leader, follower];
    callers.iter_mut().for_each(Caller::poll);
    settle(&mut callers).await;
    let present = script.begun() - 1;
    match way {
        Way::Cancelled => {}
        Way::TakenOver => {
            drop(callers.remove(0));
            settle(&mut callers).await;
            script.end_all(&mut callers).await;
        }
        Way::FollowerLast => {
            script.end(present, End::Ok);
            settle(&mut callers[..1]).await;
            drop(callers.remove(0));
        }
        Way::Ended(end) => {
            let mut number = present;
            // Those who call again have their calls end in the same way.
            while number < script.begun() {
                script.end(number, end);
                settle(&mut callers).await;
                number += 1;
            }
        }
    }
    drop(callers);
    // What a peer's task has to drop is dropped.
    settle(&mut []).await;
}

/// Of ten keys, how many are left after each way to end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Left {
    cancelled: usize,
    taken_over: usize,
    follower_last: usize,
    answered: usize,
    failed: usize,
    panicked: usize,
}

fn left_in<P: Peer<Counted, Script>>() -> Left {
    Left {
        cancelled: left::<P>(Way::Cancelled),
        taken_over: left::<P>(Way::TakenOver),
        follower_last: left::<P>(Way::FollowerLast),
        answered: left::<P>(Way::Ended(End::Ok)),
        failed: left::<P>(Way::Ended(End::Err)),
        panicked: left::<P>(Way::Ended(End::Panic)),
    }
}

#[test]
fn no_key_is_left_in_tower_pool() {
    assert_eq!(left_in::<TowerPool<_, _>>(), Left::default());
}

#[test]
fn no_key_is_left_in_tower_resilience_and_rs_singleflight() {
    assert_eq!(left_in::<TowerResilience<_, _>>(), Left::default());
    assert_eq!(left_in::<RsSingleflight<_, _>>(), Left::default());
}

#[test]
fn a_key_stays_in_uniflight_if_the_last_caller_was_dropped() {
    let left = Left {
        cancelled: KEYS,
        follower_last: KEYS,
        ..Left::default()
    };
    assert_eq!(left_in::<Uniflight<_, _>>(), left);
}

#[test]
fn a_key_stays_in_singleflight_async_if_no_caller_was_answered() {
    let left = Left {
        cancelled: KEYS,
        panicked: KEYS,
        ..Left::default()
    };
    assert_eq!(left_in::<SingleflightAsync<_, _>>(), left);
}

#[test]
fn a_key_stays_in_async_singleflight_if_its_first_leader_was_not_answered() {
    let left = Left {
        cancelled: KEYS,
        taken_over: KEYS,
        panicked: KEYS,
        ..Left::default()
    };
    assert_eq!(left_in::<AsyncSingleflight<_, _>>(), left);
}

#[test]
fn a_key_stays_in_quick_cache_with_its_answer_and_for_nothing_else() {
    let left = Left {
        taken_over: KEYS,
        follower_last: KEYS,
        answered: KEYS,
        ..Left::default()
    };
    assert_eq!(left_in::<QuickCache<_, _>>(), left);
}

#[test]
fn a_key_stays_in_the_maps_by_hand_if_no_caller_was_answered() {
    let left = || Left {
        cancelled: KEYS,
        panicked: KEYS,
        ..Left::default()
    };
    assert_eq!(left_in::<SharedMap<_, _>>(), left());
    assert_eq!(left_in::<OnceCellMap<_, _>>(), left());
}
