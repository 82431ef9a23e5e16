//! A limit of calls at a time inside of the layer.

use std::convert::Infallible;

use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_pool::PoolLayer;
use tower_resilience_coalesce::CoalesceLayer;

/// Never answers.
fn limited(
    calls: usize,
) -> impl Service<u64, Response = (), Error = Infallible, Future: Send> + Clone + Send + 'static {
    ServiceBuilder::new()
        .concurrency_limit(calls)
        .service(service_fn(|_: u64| std::future::pending()))
}

#[tokio::test]
async fn a_follower_needs_no_permit_with_tower_pool() {
    let mut pool = PoolLayer::new(|key: &u64| Some(*key)).layer(limited(1));
    let mut leader = task::spawn(pool.call(1));
    assert_pending!(leader.poll());

    let mut second = pool.clone();
    assert!(assert_ready!(task::spawn(second.ready()).poll()).is_ok());
    let mut follower = task::spawn(second.call(1));
    assert_pending!(follower.poll());
    assert_eq!(pool.stats().joined, 1);
}

/// Is the service ready, here and now?
fn is_ready(service: &mut impl Service<u64>) -> bool {
    task::spawn(service.ready()).poll().is_ready()
}

#[tokio::test]
async fn nobody_can_follow_while_the_leader_has_the_permit_with_tower_resilience() {
    let key: fn(&u64) -> u64 = |key| *key;
    let mut first = CoalesceLayer::new(key).layer(limited(1));
    let mut second = first.clone();
    assert!(is_ready(&mut first));
    let mut leader = task::spawn(first.call(1));
    assert!(leader.poll().is_pending());

    assert!(!is_ready(&mut second));
}

#[tokio::test]
async fn a_follower_keeps_a_permit_that_it_does_not_use_with_tower_resilience() {
    let key: fn(&u64) -> u64 = |key| *key;
    let mut first = CoalesceLayer::new(key).layer(limited(2));
    let (mut second, mut third) = (first.clone(), first.clone());
    assert!(is_ready(&mut first));
    let mut leader = task::spawn(first.call(1));
    assert!(leader.poll().is_pending());
    assert!(is_ready(&mut second));
    let mut follower = task::spawn(second.call(1));
    assert!(follower.poll().is_pending());

    // One call is under way, of two that may be.
    assert!(!is_ready(&mut third));
    drop((follower, second));
    assert!(is_ready(&mut third));
}
