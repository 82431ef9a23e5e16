//! A lone caller sees what it would see without the pool, and a waiting caller
//! is polled for a reason.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, service_fn};

use crate::support::{BOILER, Failure, held, layer, pool};

/// A response that counts its clones.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, SeqCst);
        Self(Arc::clone(&self.0))
    }
}

tokio::task_local!(static WATCH: &'static str);

#[tokio::test]
async fn a_lone_caller_is_served_in_its_own_task_and_without_a_clone() {
    let pool = layer().layer(service_fn(|_: &'static str| async {
        tokio::task::yield_now().await;
        Ok::<_, Failure>((tokio::task::id(), WATCH.get(), Counted(Arc::default())))
    }));
    let handle = tokio::spawn(WATCH.scope("dog watch", pool.request(BOILER)));
    let id = handle.id();
    let (served_in, watch, answer) = handle.await.unwrap().unwrap();
    assert_eq!((served_in, watch), (id, "dog watch"));
    assert_eq!(answer.0.load(SeqCst), 0);
}

#[tokio::test]
async fn n_callers_make_n_minus_one_clones_and_the_last_takes_it_by_move() {
    let clones = Arc::new(AtomicUsize::new(0));
    let pool = layer().layer(service_fn({
        let clones = Arc::clone(&clones);
        move |_: &'static str| {
            let answer = Counted(Arc::clone(&clones));
            async move {
                tokio::task::yield_now().await;
                Ok::<_, Failure>(answer)
            }
        }
    }));
    for callers in [1, 2, 8] {
        clones.store(0, SeqCst);
        let calls = (0..callers).map(|_| pool.request(BOILER));
        for answer in futures::future::join_all(calls).await {
            answer.unwrap();
        }
        assert_eq!(clones.load(SeqCst), callers - 1);
    }
}

#[tokio::test]
async fn a_lone_caller_is_woken_by_the_inner_future_and_by_nothing_else() {
    let (pool, mut script) = pool();
    let mut caller = held(pool.request(BOILER));
    assert_pending!(caller.poll());
    let call = script.called();
    assert!(!caller.is_woken());
    call.answer("aye");
    assert!(caller.is_woken());
    assert_eq!(assert_ready!(caller.poll()).unwrap(), "aye");
}

#[tokio::test]
async fn a_waiting_caller_is_woken_once_by_completion_however_often_the_inner_future_is_polled() {
    const WAKES: usize = 100;
    let pool = layer().layer(service_fn(|place: &'static str| async move {
        for _ in 0..WAKES {
            tokio::task::yield_now().await;
        }
        Ok::<_, Failure>(place)
    }));
    let polls = Arc::new(AtomicUsize::new(0));
    let followers: Vec<_> = (0..1_000)
        .map(|_| {
            let (mut call, polls) = (Box::pin(pool.request(BOILER)), Arc::clone(&polls));
            tokio::spawn(std::future::poll_fn(move |cx| {
                polls.fetch_add(1, SeqCst);
                call.as_mut().poll(cx)
            }))
        })
        .collect();
    for follower in followers {
        assert_eq!(follower.await.unwrap(), Ok(BOILER));
    }
    assert_eq!(
        polls.load(SeqCst),
        2 * 1_000,
        "one to join, and one for the answer"
    );
}

#[tokio::test]
async fn a_caller_that_is_polled_with_another_waker_is_woken_through_the_last() {
    let (pool, mut script) = pool();
    let mut callers = [
        Box::pin(pool.request(BOILER)),
        Box::pin(pool.request(BOILER)),
    ];
    let mut old = held(());
    let mut new = held(());
    for caller in &mut callers {
        old.enter(|cx, _| assert!(caller.as_mut().poll(cx).is_pending()));
        new.enter(|cx, _| assert!(caller.as_mut().poll(cx).is_pending()));
    }
    script.call().await.answer("aye");
    while !new.is_woken() {
        tokio::task::yield_now().await;
    }
    assert!(!old.is_woken());
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "aye");
    }
}

#[tokio::test]
async fn a_leader_that_was_polled_with_several_wakers_is_woken_through_the_last_after_hand_over() {
    let (pool, mut script) = pool();
    let (mut leader, mut follower) = (Box::pin(pool.request(BOILER)), held(pool.request(BOILER)));
    let mut old = held(());
    let mut new = held(());
    old.enter(|cx, _| assert!(leader.as_mut().poll(cx).is_pending()));
    new.enter(|cx, _| assert!(leader.as_mut().poll(cx).is_pending()));
    assert_pending!(follower.poll());
    script.call().await.answer("aye");
    assert_eq!(follower.await.unwrap(), "aye");
    assert!(new.is_woken() && !old.is_woken());
}

#[tokio::test]
#[should_panic(expected = "polled after completion")]
async fn a_future_that_is_polled_after_it_was_done_panics_as_futures_do() {
    let (pool, mut script) = pool();
    let mut caller = held(pool.request(BOILER));
    assert_pending!(caller.poll());
    script.called().answer("aye");
    assert!(assert_ready!(caller.poll()).is_ok());
    let _ = caller.poll();
}

#[tokio::test]
async fn a_follower_lets_go_of_its_request_when_it_has_its_answer() {
    let requests = Arc::new(());
    let pool =
        tower_pool::PoolLayer::new(|_: &Arc<()>| Some(0)).layer(service_fn(|_: Arc<()>| async {
            tokio::task::yield_now().await;
            Ok::<_, Failure>(())
        }));
    let (mut leader, mut follower) = (
        held(pool.request(Arc::clone(&requests))),
        held(pool.request(Arc::clone(&requests))),
    );
    assert_pending!(leader.poll());
    assert_pending!(follower.poll());
    (&mut leader).await.unwrap();
    (&mut follower).await.unwrap();
    assert_eq!(
        Arc::strong_count(&requests),
        1,
        "though both futures are still there"
    );
}
