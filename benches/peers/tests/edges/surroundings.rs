//! What a call can have around it: no runtime, a task's locals, a borrow.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use peers::{
    AsyncSingleflight, Moka, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap,
    SingleflightAsync, TowerPool, TowerResilience, Uniflight,
};
use tokio_test::{assert_ready, task};

use crate::support::{Caller, End, Script, Seen, runtime, settle};

/// A leader and a follower, polled where there is no runtime.
fn outside<P: Peer<u64, Script>>() -> [Seen; 2] {
    let script = Script::default();
    let peer = P::new(script.clone());
    let mut callers = [0; 2].map(|_| Caller::polled(&peer));
    callers.iter_mut().for_each(Caller::poll_if_woken);
    script.end(0, End::Ok);
    for _ in 0..3 {
        callers.iter_mut().for_each(Caller::poll_if_woken);
    }
    assert_eq!(script.begun(), 1, "{}", P::NAME);
    callers.map(|caller| caller.seen)
}

#[test]
fn calls_are_shared_outside_of_a_runtime_by_all() {
    let answers = [Seen::Answer(0), Seen::Answer(0)];
    assert_eq!(outside::<TowerPool<_, _>>(), answers);
    assert_eq!(outside::<TowerResilience<_, _>>(), answers);
    assert_eq!(outside::<Uniflight<_, _>>(), answers);
    assert_eq!(outside::<RsSingleflight<_, _>>(), answers);
    assert_eq!(outside::<SingleflightAsync<_, _>>(), answers);
    assert_eq!(outside::<AsyncSingleflight<_, _>>(), answers);
    assert_eq!(outside::<Moka<_, _>>(), answers);
    assert_eq!(outside::<QuickCache<_, _>>(), answers);
    assert_eq!(outside::<SharedMap<_, _>>(), answers);
    assert_eq!(outside::<OnceCellMap<_, _>>(), answers);
}

tokio::task_local! {
    static OF_THE_LEADER: ();
}

/// Does the call see the locals of its leader's task when it is polled again,
/// alone or with a follower? The follower is the first to be polled then.
fn sees_locals<P: Peer<u64, Script>>(followed: bool) -> bool {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let mut callers = vec![Caller::by(OF_THE_LEADER.scope((), peer.call(1)))];
        callers[0].poll();
        if followed {
            callers.insert(0, Caller::polled(&peer));
        }
        settle(&mut callers).await;
        let seen = Arc::new(AtomicBool::new(false));
        let sees = Arc::clone(&seen);
        script.meanwhile(move || sees.store(OF_THE_LEADER.try_get().is_ok(), SeqCst));
        script.end(0, End::Ok);
        settle(&mut callers).await;
        assert!(callers.iter().all(|caller| caller.seen == Seen::Answer(0)));
        seen.load(SeqCst)
    })
}

#[test]
fn locals_of_the_leader_are_seen_until_its_call_is_shared_with_tower_pool() {
    assert!(sees_locals::<TowerPool<_, _>>(false));
    assert!(!sees_locals::<TowerPool<_, _>>(true));
}

#[test]
fn locals_of_the_leader_are_seen_by_a_shared_call_of_the_peers() {
    assert!(sees_locals::<TowerResilience<_, _>>(true));
    assert!(sees_locals::<Uniflight<_, _>>(true));
    assert!(sees_locals::<RsSingleflight<_, _>>(true));
    assert!(sees_locals::<SingleflightAsync<_, _>>(true));
    assert!(sees_locals::<AsyncSingleflight<_, _>>(true));
    assert!(sees_locals::<Moka<_, _>>(true));
    assert!(sees_locals::<QuickCache<_, _>>(true));
    assert!(sees_locals::<OnceCellMap<_, _>>(true));
}

#[test]
fn locals_are_those_of_whoever_is_polled_first_with_futures_shared() {
    assert!(sees_locals::<SharedMap<_, _>>(false));
    assert!(!sees_locals::<SharedMap<_, _>>(true));
}

/// That this compiles is the test: none of them asks for `'static` work.
#[test]
fn work_may_borrow_with_the_peers_that_are_no_layers() {
    let text = "borrowed".to_owned();
    let length = || async { text.len() };
    let tried = || async { Ok::<_, ()>(text.len()) };

    let merger = uniflight::Merger::<u64, usize>::new();
    assert_eq!(now(merger.execute(&1, length)), Ok(8));
    let group = rs_singleflight::Group::<u64, usize, ()>::new();
    assert_eq!(now(group.do_call(1, tried)), Ok(8));
    let flight = singleflight_async::SingleFlight::<u64, usize>::new();
    assert_eq!(now(flight.work(1, length)), 8);
    let group = async_singleflight::Group::<u64, usize, ()>::new();
    assert_eq!(now(group.work(&1, tried())), Ok(8));
    let cache = moka::future::Cache::<u64, usize>::new(0);
    assert_eq!(now(cache.get_with(1, length())), 8);
    let cache = quick_cache::sync::Cache::<u64, usize>::new(10);
    assert_eq!(now(cache.get_or_insert_async(&1, tried())), Ok(8));
}

fn now<T>(call: impl Future<Output = T>) -> T {
    assert_ready!(task::spawn(call).poll())
}
