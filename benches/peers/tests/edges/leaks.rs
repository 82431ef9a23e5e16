//! Bytes that are left of calls that were cancelled, each with a key of its own.
//!
//! Not in moka: it frees memory in its own time, and on other threads, so that
//! only the report, which runs nothing beside it, can tell.

use peers::{
    AsyncSingleflight, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap, SingleflightAsync,
    TowerPool, TowerResilience, Uniflight,
    cases::{Case, Memory},
    work::Ends,
};

/// Bytes left of 20,000 calls that were cancelled, all together.
fn bytes_left<P: Peer<u64, Ends>>() -> i64 {
    const CALLS: u64 = 20_000;
    std::panic::set_hook(Box::new(|_| {}));
    let memory = Memory {
        waiting: 10,
        ended: CALLS,
    };
    memory.run::<P>().left[0]
}

#[test]
fn a_cancelled_call_leaves_nothing_in_tower_pool() {
    assert_eq!(bytes_left::<TowerPool<_, _>>(), 0);
}

#[test]
fn a_cancelled_call_leaves_nothing_in_tower_resilience_and_quick_cache() {
    assert_eq!(bytes_left::<TowerResilience<_, _>>(), 0);
    assert_eq!(bytes_left::<QuickCache<_, _>>(), 0);
}

#[test]
fn the_key_of_a_cancelled_call_stays_in_uniflight() {
    assert!(bytes_left::<Uniflight<_, _>>() > 0);
}

#[test]
fn the_key_of_a_cancelled_call_stays_in_singleflight_async() {
    assert!(bytes_left::<SingleflightAsync<_, _>>() > 0);
}

#[test]
fn the_key_of_a_cancelled_call_stays_in_async_singleflight() {
    assert!(bytes_left::<AsyncSingleflight<_, _>>() > 0);
}

#[test]
fn the_key_of_a_cancelled_call_stays_in_the_maps_by_hand() {
    assert!(bytes_left::<SharedMap<_, _>>() > 0);
    assert!(bytes_left::<OnceCellMap<_, _>>() > 0);
}

#[test]
fn a_cancelled_call_leaves_nothing_in_rs_singleflight() {
    assert_eq!(bytes_left::<RsSingleflight<_, _>>(), 0);
}
