//! Outside a tokio runtime there is no task to hand a flight over to: its
//! callers drive it in turn.

use std::{
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use futures::executor::block_on;
use tokio::runtime::Builder;
use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, service_fn};
use tower_pool::{OnAbandon, Verdict};

use crate::support::{
    BOILER, Failure, assert_empty, caught, held, layer, message, pool, pool_of, waiting,
};

#[test]
fn two_callers_still_make_one_call_and_both_are_woken() {
    let (pool, mut script) = pool();
    let [mut leader, mut follower] = waiting(|| pool.request(BOILER));
    script.called().answer("aye");
    assert!(leader.is_woken() && follower.is_woken());
    assert_eq!(assert_ready!(follower.poll()).unwrap(), "aye");
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "aye");
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

#[test]
fn a_leader_that_is_dropped_held_or_never_polled_stops_nobody() {
    for how in ["dropped", "held", "never polled"] {
        let (pool, mut script) = pool();
        let mut leader = Some(held(pool.request(BOILER)));
        let (mut a, mut b) = (held(pool.request(BOILER)), held(pool.request(BOILER)));
        match (how, &mut leader) {
            ("dropped", leader) => *leader = None,
            ("held", Some(leader)) => assert_pending!(leader.poll()),
            _ => {}
        }
        assert_pending!(a.poll());
        assert_pending!(b.poll());
        script.called().answer(how);
        assert!(a.is_woken() && b.is_woken());
        assert_eq!(assert_ready!(b.poll()).unwrap(), how);
        assert_eq!(assert_ready!(a.poll()).unwrap(), how);
        assert_eq!(script.count(), 1);
    }
}

#[test]
fn a_follower_that_drove_last_and_is_held_stops_nobody() {
    let (pool, mut script) = pool();
    let mut callers = Vec::from(waiting::<_, 3>(|| pool.request(BOILER)));
    let (first, rest) = callers.split_first_mut().unwrap();
    script.called().answer("aye");
    assert!(
        first.is_woken(),
        "though it was not the last to poll the call"
    );
    assert_eq!(assert_ready!(first.poll()).unwrap(), "aye");
    for caller in rest {
        assert!(caller.is_woken());
        assert_eq!(assert_ready!(caller.poll()).unwrap(), "aye");
    }
}

#[test]
fn a_wake_that_comes_while_the_call_is_polled_is_not_lost() {
    let (wakes, pool) = (5, |wakes: usize| {
        layer().layer(service_fn(move |place: &'static str| async move {
            for _ in 0..wakes {
                tokio::task::yield_now().await; // outside a runtime: wakes at once
            }
            Ok::<_, Failure>(place)
        }))
    });
    let pool = pool(wakes);
    let (a, b) = block_on(async { futures::join!(pool.request(BOILER), pool.request(BOILER)) });
    assert_eq!((a, b), (Ok(BOILER), Ok(BOILER)));
    assert_eq!(pool.stats().led, 1);
}

#[test]
fn callers_on_threads_of_their_own_share_one_call() {
    let (pool, mut script) = pool();
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let call = pool.request(BOILER);
                scope.spawn(move || block_on(call))
            })
            .collect();
        block_on(script.call()).answer("aye");
        for caller in callers {
            assert_eq!(caller.join().unwrap().unwrap(), "aye");
        }
    });
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

#[test]
fn panics_errors_and_verdicts_are_as_they_are_with_a_runtime() {
    let policy = |outcome: Result<&String, &Failure>| match outcome {
        Err(Failure("solo")) => Verdict::Solo,
        Err(Failure("retry")) => Verdict::Retry,
        _ => Verdict::Share,
    };
    let (pool, mut script) = pool_of(layer().policy(policy));
    let two = || {
        let [leader, follower] = waiting(|| pool.request(BOILER));
        (leader, follower)
    };

    let (leader, follower) = two();
    script.called().panic("burst");
    assert_eq!(message(&block_on(caught(leader))), "burst");
    assert_eq!(message(&block_on(caught(follower))), "burst");

    let (leader, follower) = two();
    script.called().fail("no steam");
    assert_eq!(block_on(follower), Err(Failure("no steam")));
    assert_eq!(block_on(leader), Err(Failure("no steam")));

    for verdict in ["solo", "retry"] {
        let (leader, mut follower) = two();
        script.called().fail(verdict);
        assert_pending!(follower.poll()); // it drives, and it is not for it
        script.called().answer("its own");
        assert_eq!(block_on(follower).unwrap(), "its own");
        assert_eq!(block_on(leader), Err(Failure(verdict)));
    }
    assert_empty(&pool);
}

#[test]
fn the_last_one_out_cancels_and_finish_cannot_be_had() {
    for on_abandon in [OnAbandon::Cancel, OnAbandon::Finish] {
        let (pool, mut script) = pool_of(layer().on_abandon(on_abandon));
        let [leader, follower] = waiting(|| pool.request(BOILER));
        let call = script.called();
        drop((leader, follower));
        assert!(call.is_dropped());
        assert_empty(&pool);
    }
}

#[test]
fn a_leader_outside_a_runtime_does_not_depend_on_the_runtime_of_a_follower() {
    let (pool, mut script) = pool();
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let mut followers = [held(pool.request(BOILER)), held(pool.request(BOILER))];
    runtime.block_on(async { followers.iter_mut().for_each(|f| assert_pending!(f.poll())) });
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    drop(runtime); // and the followers are held

    script.called().answer("aye");
    assert!(leader.is_woken());
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "aye");
    assert_eq!(script.count(), 1);
}

#[test]
fn once_a_leader_outside_a_runtime_has_gone_a_task_is_had_where_the_others_are() {
    let (pool, mut script) = pool();
    let [leader, mut a, b] = waiting(|| pool.request(BOILER));
    drop(leader);
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        assert_pending!(a.poll());
        assert_eq!(runtime.metrics().num_alive_tasks(), 1);
        script.called().answer("aye");
        assert_eq!(a.await.unwrap(), "aye");
    });
    assert!(b.is_woken());
    assert_eq!(block_on(b).unwrap(), "aye");
    assert_eq!(script.count(), 1);
}

#[test]
fn a_waker_that_the_call_left_behind_keeps_no_outcome() {
    let token = Arc::new(());
    let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let pool = layer().layer(service_fn({
        let (token, wakers) = (Arc::clone(&token), Arc::clone(&wakers));
        move |_: &'static str| {
            let (token, wakers) = (Arc::clone(&token), Arc::clone(&wakers));
            std::future::poll_fn(move |cx| {
                let mut wakers = wakers.lock().unwrap();
                wakers.push(cx.waker().clone()); // as a timer thread would
                if wakers.len() < 4 {
                    return Poll::Pending;
                }
                Poll::Ready(Ok::<_, Failure>(Arc::clone(&token)))
            })
        }
    }));
    let (a, b) = block_on(async {
        let polls = async {
            while wakers.lock().unwrap().len() < 4 {
                let waker = wakers.lock().unwrap().last().cloned();
                waker.inspect(|waker| waker.wake_by_ref());
                yield_once().await;
            }
        };
        let (a, b, ()) = futures::join!(pool.request(BOILER), pool.request(BOILER), polls);
        (a, b)
    });
    drop((a, b, pool));
    assert!(!wakers.lock().unwrap().is_empty());
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn a_call_may_wake_all_by_value_and_by_reference() {
    let left: Arc<Mutex<Option<Waker>>> = Arc::default();
    let pool = layer().layer(service_fn({
        let left = Arc::clone(&left);
        move |_: &'static str| {
            let left = Arc::clone(&left);
            std::future::poll_fn(move |cx| {
                *left.lock().unwrap() = Some(cx.waker().clone());
                Poll::<Result<(), Failure>>::Pending
            })
        }
    }));
    let mut callers = [held(pool.request(BOILER)), held(pool.request(BOILER))];
    let ways: [fn(Waker); 2] = [Waker::wake, |waker| waker.wake_by_ref()];
    for wake in ways {
        for caller in &mut callers {
            assert_pending!(caller.poll());
        }
        wake(left.lock().unwrap().take().expect("a waker"));
        assert!(callers.iter().all(|caller| caller.is_woken()));
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[test]
fn a_first_caller_that_called_outside_and_was_never_polled_puts_nobody_outside() {
    let (pool, mut script) = pool();
    let made = pool.request(BOILER);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut other = held(pool.request(BOILER));
        assert_pending!(other.poll());
        assert_eq!(runtime.metrics().num_alive_tasks(), 1);
        script.call().await.answer("aye");
        assert_eq!(other.await.unwrap(), "aye");
    });
    drop(made);
}
