//! Wakers are code of others: they may panic, and may call the pool.

use std::{
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Wake, Waker},
};

use futures::future::BoxFuture;
use tokio_test::{assert_pending, assert_ready};
use tower_pool::Verdict;

use crate::{
    counted::Counted,
    support::{BOILER, Failure, Outcome, assert_empty, held, layer, pool, pool_of},
};

type Caller = BoxFuture<'static, Outcome>;

fn poll_pending(caller: &mut Caller, waker: &Waker) {
    assert!(
        caller
            .as_mut()
            .poll(&mut Context::from_waker(waker))
            .is_pending()
    );
}

/// Does something when it is woken, and something when its last clone is dropped.
#[derive(Default)]
struct Acts {
    when_woken: OnceLock<Box<dyn Fn() + Send + Sync>>,
    when_dropped: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Wake for Acts {
    fn wake(self: Arc<Self>) {
        self.when_woken.get().inspect(|act| act());
    }
}

impl Drop for Acts {
    fn drop(&mut self) {
        self.when_dropped.get().inspect(|act| act());
    }
}

#[tokio::test]
async fn wakers_that_panic_do_not_cost_the_others_their_wake() {
    let acts = Acts::default();
    assert!(
        acts.when_woken
            .set(Box::new(|| std::panic::resume_unwind(Box::new("no"))))
            .is_ok()
    );
    let panics = Waker::from(Arc::new(acts));
    let (pool, mut script) = pool();
    let mut leader: Caller = Box::pin(pool.request(BOILER));
    let mut follower: Caller = Box::pin(pool.request(BOILER));
    let mut last = held(pool.request(BOILER));
    poll_pending(&mut leader, &panics);
    poll_pending(&mut follower, &panics);
    assert_pending!(last.poll());

    script.call().await.answer("aye");
    assert_eq!(last.await.unwrap(), "aye");
    assert_eq!(leader.await.unwrap(), "aye");
    drop(follower);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_wake_may_call_the_pool_and_drop_callers_of_the_same_flight() {
    let (pool, mut script) = pool();
    let callers: Arc<Mutex<Vec<Caller>>> = Arc::default();
    let acts = Arc::new(Acts::default());
    let calls_back = {
        let (pool, callers) = (pool.clone(), Arc::clone(&callers));
        move || {
            drop(std::mem::take(&mut *callers.lock().unwrap()));
            pool.forget(&BOILER);
            assert_eq!(pool.in_flight(), 0);
            drop(pool.request(BOILER));
        }
    };
    assert!(acts.when_woken.set(Box::new(calls_back)).is_ok());
    let waker = Waker::from(Arc::clone(&acts));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    for _ in 0..3 {
        let mut follower: Caller = Box::pin(pool.request(BOILER));
        poll_pending(&mut follower, &waker);
        callers.lock().unwrap().push(follower);
    }

    script.call().await.answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
    assert!(callers.lock().unwrap().is_empty());
    assert_empty(&pool);
}

/// The leader's waker is dropped in the middle of a retry that nobody makes:
/// were it dropped under a lock, this test would not end.
#[tokio::test]
async fn the_drop_of_a_waker_may_call_the_pool() {
    let followers: Arc<Mutex<Vec<Caller>>> = Arc::default();
    let leaving = Arc::clone(&followers);
    let (pool, mut script) = pool_of(layer().policy(move |_: Result<&String, &Failure>| {
        drop(std::mem::take(&mut *leaving.lock().unwrap()));
        Verdict::Retry
    }));
    let mut leader = held(Box::pin(pool.request(BOILER)));
    let acts = Acts::default();
    let forgets = {
        let pool = pool.clone();
        move || assert!(!pool.forget(&BOILER))
    };
    assert!(acts.when_dropped.set(Box::new(forgets)).is_ok());
    let waker = Waker::from(Arc::new(acts));
    let polled = leader.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    drop(waker);
    let mut follower: Caller = Box::pin(pool.request(BOILER));
    poll_pending(&mut follower, Waker::noop());
    followers.lock().unwrap().push(follower);

    script.call().await.answer("mine");
    while pool.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "mine");
}

#[tokio::test]
async fn a_waker_is_not_cloned_again_while_it_is_the_same() {
    let (pool, mut script) = pool();
    let counted = Counted::new(Waker::noop().clone());
    let waker = counted.waker();
    let clones = |caller: &mut Caller| {
        let before = counted.clones();
        poll_pending(caller, &waker);
        counted.clones() - before
    };
    let mut leader: Caller = Box::pin(pool.request(BOILER));
    assert_eq!(clones(&mut leader), 2); // the pool's, and the call's own
    assert_eq!(clones(&mut leader), 0);

    let mut follower: Caller = Box::pin(pool.request(BOILER));
    assert_eq!(clones(&mut follower), 1);
    assert_eq!((clones(&mut follower), clones(&mut leader)), (0, 0));
    script.call().await.answer("aye");
    assert_eq!(follower.await.unwrap(), "aye");
}

#[test]
fn a_waker_that_does_not_recognise_its_own_clone_is_seated_as_well_as_any() {
    let mut task = held(());
    let waker = task.enter(|cx, _| Counted::new(cx.waker().clone()).moody_waker());
    assert!(!waker.will_wake(&waker.clone()));

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for inside_a_runtime in [true, false] {
        let _context = inside_a_runtime.then(|| runtime.enter());
        let (pool, mut script) = pool();
        let mut callers: [Caller; 3] = std::array::from_fn(|_| Box::pin(pool.request(BOILER)) as _);
        for _ in 0..2 {
            callers
                .iter_mut()
                .for_each(|caller| poll_pending(caller, &waker));
        }
        let call = if inside_a_runtime {
            runtime.block_on(script.call())
        } else {
            script.called()
        };
        call.answer("aye");
        if inside_a_runtime {
            runtime.block_on(tokio::task::yield_now());
        }
        assert!(task.is_woken());
        for mut caller in callers {
            let polled = caller.as_mut().poll(&mut Context::from_waker(&waker));
            assert_eq!(assert_ready!(polled).unwrap(), "aye");
        }
    }
}
