//! A limit of calls at a time inside of the layer, for the peers that are layers.

use std::{
    future::{Pending, pending},
    sync::Arc,
};

use peers::Failure;
use tokio::sync::Semaphore;
use tokio_test::task;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, util::ServiceFn};
use tower_pool::PoolLayer;
use tower_resilience_coalesce::CoalesceLayer;

/// Never answers.
type Limited = ConcurrencyLimit<ServiceFn<fn(u64) -> Pending<Result<(), Failure>>>>;

/// How many permits are free, of those that there are.
#[derive(Debug, PartialEq, Eq)]
struct Free {
    /// One call is under way.
    led: usize,
    /// Another caller follows, or cannot: its service is not ready.
    followed: Option<usize>,
    /// Both are dropped, and the services that they called are not.
    dropped: usize,
    /// Those services are dropped as well.
    gone: usize,
}

fn limited(permits: &Arc<Semaphore>) -> Limited {
    ConcurrencyLimit::with_semaphore(tower::service_fn(|_| pending()), Arc::clone(permits))
}

fn free<S: Service<u64> + Clone>(permits: &Semaphore, mut first: S) -> Free {
    let mut second = first.clone();
    assert!(is_ready(&mut first));
    let mut leader = task::spawn(first.call(1));
    assert!(leader.poll().is_pending());
    let led = permits.available_permits();

    let follower = is_ready(&mut second).then(|| {
        let mut follower = task::spawn(second.call(1));
        assert!(follower.poll().is_pending());
        follower
    });
    let followed = follower.is_some().then(|| permits.available_permits());

    drop((leader, follower));
    let dropped = permits.available_permits();
    drop((first, second));
    Free {
        led,
        followed,
        dropped,
        gone: permits.available_permits(),
    }
}

/// Is the service ready, here and now?
fn is_ready(service: &mut impl Service<u64>) -> bool {
    task::spawn(service.ready()).poll().is_ready()
}

fn free_in_tower_resilience(limit: usize) -> Free {
    let permits = Arc::new(Semaphore::new(limit));
    let key: fn(&u64) -> u64 = |key| *key;
    free(&permits, CoalesceLayer::new(key).layer(limited(&permits)))
}

#[tokio::test]
async fn a_follower_needs_no_permit_with_tower_pool() {
    for limit in [1, 2] {
        let permits = Arc::new(Semaphore::new(limit));
        let pool = PoolLayer::new(|key: &u64| Some(*key)).layer(limited(&permits));
        let unused = Free {
            led: limit - 1,
            followed: Some(limit - 1),
            dropped: limit,
            gone: limit,
        };
        assert_eq!(free(&permits, pool.clone()), unused);
        assert_eq!(pool.stats().joined, 1);
    }
}

#[test]
fn nobody_can_follow_while_the_leader_has_the_permit_with_tower_resilience() {
    assert_eq!(free_in_tower_resilience(1).followed, None);
}

#[test]
fn a_permit_of_a_follower_stays_in_its_service_when_it_is_gone_with_tower_resilience() {
    let kept = Free {
        led: 1,
        followed: Some(0),
        dropped: 1,
        gone: 2,
    };
    assert_eq!(free_in_tower_resilience(2), kept);
}
