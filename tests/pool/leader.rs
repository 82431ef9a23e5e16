//! Nobody depends on the leader.

use std::{future::pending, time::Duration};

use tokio_test::assert_pending;
use tower::{Layer, Service, ServiceExt, timeout::TimeoutLayer};

use crate::support::{BOILER, assert_empty, held, pool, waiting};

#[tokio::test]
async fn a_leader_that_is_dropped_leaves_its_call_to_the_followers() {
    let (pool, mut script) = pool();
    let [leader, follower] = waiting(|| pool.request(BOILER));
    drop(leader);

    let call = script.call().await;
    assert!(!call.is_dropped());
    call.answer("aye");
    assert_eq!(follower.await.unwrap(), "aye");
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_leader_that_is_dropped_before_its_follower_was_polled_leaves_its_call_as_well() {
    let (pool, mut script) = pool();
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let call = script.called();
    let follower = pool.request(BOILER);
    drop(leader);
    assert!(!call.is_dropped());

    call.answer("aye");
    assert_eq!(follower.await.unwrap(), "aye");
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_times_out_outside_the_pool_does_not_fail_its_followers() {
    let (pool, mut script) = pool();
    let mut hasty = TimeoutLayer::new(Duration::from_millis(20)).layer(pool.clone());
    let mut leader = held(hasty.ready().await.unwrap().call(BOILER));
    let mut follower = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    assert_pending!(follower.poll());

    let error = leader.await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>());

    script.call().await.answer("late, but in time");
    assert_eq!(follower.await.unwrap(), "late, but in time");
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_leader_that_is_polled_once_and_then_held_stops_nobody() {
    let (pool, mut script) = pool();
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let call = script.called();

    let followers = (pool.request(BOILER), pool.request(BOILER));
    let answering = async {
        call.answer("aye");
        std::future::ready(()).await;
    };
    let ((), a, b) = tokio::join!(answering, followers.0, followers.1);

    assert_eq!([a.unwrap(), b.unwrap()], ["aye", "aye"]);
    assert_eq!(script.count(), 1);
    assert!(
        leader.is_woken(),
        "its answer is there, should it ever look"
    );
    assert_eq!(leader.await.unwrap(), "aye");
}

#[tokio::test]
async fn a_leader_that_is_never_polled_at_all_stops_nobody() {
    let (pool, mut script) = pool();
    let leader = pool.request(BOILER);
    let answering = async { script.call().await.answer("aye") };
    let ((), a, b) = tokio::join!(answering, pool.request(BOILER), pool.request(BOILER));

    assert_eq!([a.unwrap(), b.unwrap()], ["aye", "aye"]);
    assert_eq!(script.count(), 1);
    assert_eq!(
        leader.await.unwrap(),
        "aye",
        "it was of that flight, and gets its answer"
    );
    assert_eq!(script.count(), 1);
}

/// The call is handed over while the leader polls it: the follower is polled by
/// another thread in the middle of that poll, and only leaves its waker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_comes_while_the_leader_polls_is_served_though_the_leader_is_then_held() {
    use std::sync::{Arc, Barrier};
    use tower::service_fn;

    let (in_poll, follower_waits) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (release, released) = tokio::sync::watch::channel(false);
    let pool = {
        let (in_poll, follower_waits) = (Arc::clone(&in_poll), Arc::clone(&follower_waits));
        crate::support::layer().layer(service_fn(move |message: &'static str| {
            let (in_poll, follower_waits) = (Arc::clone(&in_poll), Arc::clone(&follower_waits));
            let mut released = released.clone();
            async move {
                in_poll.wait();
                follower_waits.wait();
                released.wait_for(|released| *released).await.unwrap();
                Ok::<_, crate::support::Failure>(message)
            }
        }))
    };
    let handle = tokio::runtime::Handle::current();
    let leader = std::thread::spawn({
        let pool = pool.clone();
        move || {
            let _context = handle.enter();
            let mut leader = held(pool.request(BOILER));
            assert_pending!(leader.poll());
            leader // held from here on
        }
    });
    in_poll.wait();
    let mut follower = held(pool.request(BOILER));
    assert_pending!(follower.poll());
    follower_waits.wait();
    let mut leader = leader.join().unwrap();

    release.send(true).unwrap();
    assert_eq!(follower.await, Ok(BOILER));
    assert!(leader.is_woken(), "its waker was kept from its last poll");
    assert_eq!(tokio_test::assert_ready!(leader.poll()), Ok(BOILER));
    assert_eq!((pool.stats().led, pool.stats().joined), (1, 1));
}

#[tokio::test]
async fn no_number_of_callers_that_come_and_go_harms_the_one_who_is_left() {
    let (pool, mut script) = pool();
    let mut last = held(pool.request(BOILER));
    assert_pending!(last.poll());
    for _ in 0..300 {
        let mut next = held(pool.request(BOILER));
        assert_pending!(next.poll());
        last = next; // the one before goes
    }
    script.call().await.answer("aye");
    assert_eq!(last.await.unwrap(), "aye");
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_follower_that_is_dropped_disturbs_nobody() {
    let (pool, mut script) = pool();
    let [leader, follower] = waiting(|| pool.request(BOILER));
    drop(follower);
    drop(pool.request(BOILER));

    script.call().await.answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn the_inner_future_is_not_polled_on_behalf_of_a_held_leader_but_of_the_task() {
    let (pool, mut script) = pool();
    let [mut leader, mut follower] = waiting(|| pool.request(BOILER));
    let mut call = script.call().await;
    call.polled().await;
    for _ in 0..10 {
        assert_pending!(leader.poll());
        assert_pending!(follower.poll());
    }
    assert_eq!(call.polls(), 0, "after the hand-over callers only wait");
    call.answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
    tokio::select! {
        answer = follower => assert_eq!(answer.unwrap(), "aye"),
        () = pending() => unreachable!(),
    }
}
