//! What is counted when the last caller goes while the call is being polled.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
    task::Poll,
};

use tokio::task::yield_now;
use tower::{Layer, service_fn};
use tower_pool::PoolLayer;

use crate::support::{BOILER, held};

/// A call that has its last callers dropped by its own second poll, which then
/// comes to an end.
async fn left_in_its_last_poll(end: fn() -> u32) -> tower_pool::Stats {
    type Callers = Arc<Mutex<Vec<Box<dyn Send>>>>;
    let callers: Callers = Arc::default();
    let there = Arc::clone(&callers);
    let pool = PoolLayer::new(|n: &u32| Some(*n)).layer(service_fn(move |_: u32| {
        let there = Arc::clone(&there);
        poll_fn(move |cx| {
            let gone = std::mem::take(&mut *there.lock().unwrap());
            if gone.is_empty() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            drop(gone);
            Poll::Ready(Ok::<_, std::convert::Infallible>(end()))
        })
    }));
    let mut both = [held(pool.request(1)), held(pool.request(1))];
    for caller in &mut both {
        assert!(caller.poll().is_pending());
    }
    callers
        .lock()
        .unwrap()
        .extend(both.map(|caller| Box::new(caller) as Box<dyn Send>));
    while !callers.lock().unwrap().is_empty() {
        yield_now().await; // to the task that drives the call
    }
    assert_eq!(pool.in_flight(), 0);
    pool.stats()
}

#[tokio::test]
async fn a_call_that_had_an_outcome_is_not_counted_as_cancelled() {
    let stats = left_in_its_last_poll(|| 7).await;
    assert_eq!((stats.led, stats.cancelled), (1, 0));
}

#[tokio::test]
async fn a_call_that_panicked_is_not_counted_as_cancelled_too() {
    let stats = left_in_its_last_poll(|| std::panic::resume_unwind(Box::new(BOILER))).await;
    assert_eq!((stats.led, stats.panicked, stats.cancelled), (1, 1, 0));
}
