//! Many callers.

use std::sync::{
    Barrier,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, service_fn};
use tower_pool::PoolLayer;

use crate::support::{BOILER, Failure, assert_empty, held, layer, pool};

#[tokio::test]
async fn a_hundred_thousand_callers_of_one_key_make_one_call_and_are_all_answered() {
    const CALLERS: usize = 100_000;
    let (pool, mut script) = pool();
    let mut callers: Vec<_> = (0..CALLERS).map(|_| held(pool.request(BOILER))).collect();
    for caller in &mut callers {
        assert_pending!(caller.poll());
    }
    script.call().await.answer("aye");
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "aye");
    }
    assert_eq!(script.count(), 1);
    let stats = pool.stats();
    assert_eq!(
        (stats.led, stats.joined, stats.shared),
        (1, CALLERS as u64 - 1, CALLERS as u64 - 1)
    );
    assert_empty(&pool);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_thousand_tasks_on_four_threads_are_all_answered() {
    const CALLERS: usize = 100_000;
    let (pool, mut script) = pool();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(pool.request(BOILER)))
        .collect();
    script.call().await.answer("aye");
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap(), "aye");
    }
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

/// Callers who wait in a linked list would be dropped one inside the other.
#[test]
fn the_drop_of_a_hundred_thousand_callers_takes_no_deep_stack() {
    const CALLERS: usize = 100_000;
    const STACK: usize = 128 * 1024; // a frame for each caller would not fit
    let drops = |answered: bool, first: usize| {
        let (pool, mut script) = pool();
        let mut callers: Vec<_> = (0..CALLERS).map(|_| held(pool.request(BOILER))).collect();
        for caller in &mut callers {
            assert_pending!(caller.poll());
        }
        let call = script.called();
        if answered {
            call.answer("aye");
            assert_ready!(callers.swap_remove(0).poll()).unwrap();
        }
        drop(pool);
        callers.drain(first..);
        drop(callers);
    };
    for answered in [false, true] {
        for first in [0, CALLERS / 2] {
            let thread = std::thread::Builder::new().stack_size(STACK);
            let dropped = thread.spawn(move || drops(answered, first)).unwrap();
            dropped.join().unwrap();
        }
    }
}

/// Callers of a few keys come, wait, and are dropped on four threads, while the
/// calls answer at once, later, with errors and with panics.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_crowd_of_drops_errors_and_panics_every_caller_ends_and_nothing_is_left() {
    const CALLERS: usize = 20_000;
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let pool = PoolLayer::new(|place: &usize| Some(place % 7))
        .policy(|outcome: Result<&usize, &Failure>| match outcome {
            Ok(_) => tower_pool::Verdict::Share,
            Err(Failure("retry")) => tower_pool::Verdict::Retry,
            Err(_) => tower_pool::Verdict::Solo,
        })
        .layer(service_fn(|place: usize| async move {
            let call = CALLS.fetch_add(1, SeqCst);
            for _ in 0..call % 4 {
                tokio::task::yield_now().await;
            }
            match call % 11 {
                3 => Err(Failure("solo")),
                5 => Err(Failure("retry")),
                7 => std::panic::resume_unwind(Box::new("burst")),
                _ => Ok(place % 7),
            }
        }));
    let callers: Vec<_> = (0..CALLERS)
        .map(|index| {
            let call = pool.request(index);
            tokio::spawn(async move {
                if index % 5 == 0 {
                    let mut call = held(call);
                    let _ = call.poll(); // and drop it
                    return;
                }
                if let Ok(place) = call.await {
                    assert_eq!(place, index % 7, "the answer to another question");
                }
            })
        })
        .collect();
    for caller in callers {
        if let Err(error) = caller.await {
            let payload = error.into_panic();
            assert_eq!(payload.downcast_ref(), Some(&"burst"));
        }
    }
    assert_empty(&pool);
    let stats = pool.stats();
    assert_eq!(stats.solo, 0);
    assert!(
        CALLS.load(SeqCst) as u64 <= stats.led + stats.released,
        "{stats:?}"
    );
}

/// Callers on two threads meet at every point of a call's short life. Nobody
/// may find its flight over and its answer not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shared_answer_reaches_a_caller_that_looks_just_as_the_flight_lands() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let pool = layer().layer(service_fn(|place: &'static str| async move {
        CALLS.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
        Ok::<_, Failure>(place)
    }));
    for _ in 0..5_000 {
        let callers: [_; 4] = std::array::from_fn(|_| tokio::spawn(pool.request(BOILER)));
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Ok(BOILER));
        }
    }
    let stats = pool.stats();
    assert_eq!((stats.released, stats.panicked), (0, 0), "{stats:?}");
    assert_eq!(stats.led, CALLS.load(SeqCst) as u64);
    assert_empty(&pool);
}

#[test]
fn of_threads_that_call_at_the_same_moment_one_leads_and_the_others_join() {
    const THREADS: usize = 4;
    const ROUNDS: u64 = 2_000;
    let (pool, _script) = pool();
    let moment = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    moment.wait();
                    let caller = pool.request(BOILER);
                    moment.wait(); // all are aboard
                    drop(caller);
                }
            });
        }
    });
    let stats = pool.stats();
    assert_eq!(
        (stats.led, stats.joined),
        (ROUNDS, ROUNDS * (THREADS as u64 - 1))
    );
    assert_eq!(stats.cancelled, ROUNDS);
    assert_empty(&pool);
}
