//! What a call allocates, and that nothing is left of it: measured by an
//! allocator that counts for each thread, so that tests do not disturb each other.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    convert::Infallible,
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use tower::{Layer as _, service_fn};
use tower_pool::PoolLayer;

struct Counting;

thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// The crate forbids unsafe code; counting what it allocates cannot be done without.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size() as isize);
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as isize);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn assert_pending(future: impl Future) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(future).poll(&mut cx).is_pending());
}

/// One that was polled once, and waits.
fn held<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert_pending(future.as_mut());
    future
}

#[test]
fn a_million_flights_cancelled_one_after_another_do_not_grow_the_memory() {
    const FLIGHTS: u64 = 1_000_000;
    let pool = PoolLayer::new(|n: &u64| Some(format!("key {n}"))).layer(service_fn(|_: u64| {
        let held = [0_u8; 100];
        async move {
            pending::<()>().await;
            Ok::<_, Infallible>(held)
        }
    }));
    let cancel = |n: u64| {
        let (leader, follower) = (pool.request(n), pool.request(n));
        assert_pending(leader);
        assert_pending(follower);
    };
    // Each shard's table is allocated with its first key, and kept.
    (0..1_000).for_each(cancel);
    let before = BYTES.get();
    (1_000..FLIGHTS + 1_000).for_each(cancel);

    assert_eq!(BYTES.get() - before, 0, "bytes left behind");
    assert_eq!(
        (pool.in_flight(), pool.stats().cancelled),
        (0, FLIGHTS + 1_000)
    );
}

#[test]
fn flights_that_fail_or_panic_one_after_another_do_not_grow_the_memory() {
    const FLIGHTS: u64 = 100_000;
    let pool = PoolLayer::new(|n: &u64| Some(format!("key {n}"))).layer(service_fn(|n: u64| {
        let mut polled = false;
        poll_fn(move |_| match std::mem::replace(&mut polled, true) {
            false => Poll::Pending,
            true if n % 2 == 0 => Poll::Ready(Err::<(), _>(n.to_string())),
            true => resume_unwind(Box::new(n.to_string())),
        })
    }));
    let mut cx = Context::from_waker(Waker::noop());
    let mut end = |n: u64| {
        let (mut leader, mut follower) = (pin!(pool.request(n)), pin!(pool.request(n)));
        assert!(leader.as_mut().poll(&mut cx).is_pending());
        for caller in [follower.as_mut(), leader.as_mut()] {
            let ending = catch_unwind(AssertUnwindSafe(|| caller.poll(&mut cx)));
            let text = match ending {
                Ok(Poll::Ready(Err(error))) => error,
                Ok(other) => panic!("{n}: {other:?}"),
                Err(payload) => *payload.downcast::<String>().expect("its own"),
            };
            assert_eq!(text, n.to_string());
        }
    };
    (0..1_000).for_each(&mut end);
    let before = BYTES.get();
    (1_000..FLIGHTS + 1_000).for_each(&mut end);

    assert_eq!(BYTES.get() - before, 0, "bytes left behind");
    let stats = pool.stats();
    assert_eq!(
        (pool.in_flight(), stats.led, stats.panicked, stats.shared),
        (
            0,
            FLIGHTS + 1_000,
            (FLIGHTS + 1_000) / 2,
            (FLIGHTS + 1_000) / 2
        )
    );
}

#[test]
fn a_crowd_of_keys_at_once_leaves_no_memory_that_grows_with_it() {
    let pool = PoolLayer::new(|n: &u64| Some(*n)).layer(service_fn(|n: u64| {
        std::future::ready(Ok::<_, Infallible>(n))
    }));
    for callers_of_each in [1, 2] {
        let before = BYTES.get();
        let crowd = (0..callers_of_each).flat_map(|_| 0..100_000);
        let crowd: Vec<_> = crowd.map(|n| pool.request(n)).collect();
        assert_eq!(pool.in_flight(), 100_000);
        drop(crowd);

        let left = BYTES.get() - before;
        assert!(left < 64 * 1024, "{left} bytes left behind");
    }
}

#[test]
fn a_crowd_of_callers_that_has_left_a_flight_leaves_no_seats_behind() {
    let pool = PoolLayer::new(|n: &u64| Some(*n))
        .layer(service_fn(|_: u64| pending::<Result<(), Infallible>>()));
    let waiting = || held(pool.request(1));
    let stay = [waiting(), waiting()];
    let before = BYTES.get();
    for order in ["first come, first gone", "last come, first gone", "mixed"] {
        let mut crowd: Vec<_> = (0..100_000).map(|_| waiting()).collect();
        match order {
            "last come, first gone" => crowd.reverse(),
            "mixed" => {
                crowd.sort_by_key(|caller| (&raw const **caller as usize).wrapping_mul(0x9E37_79B9))
            }
            _ => {}
        }
        crowd.into_iter().for_each(drop);
        let left = BYTES.get() - before;
        assert!(left < 1024, "{order}: {left} bytes left behind");
    }
    drop(stay);
}

#[test]
fn callers_that_come_and_go_one_after_another_leave_no_seats_behind() {
    let pool = PoolLayer::new(|n: &u64| Some(*n))
        .layer(service_fn(|_: u64| pending::<Result<(), Infallible>>()));
    let waiting = || held(pool.request(1));
    let stay = [waiting(), waiting(), waiting()];
    let before = BYTES.get();
    for _ in 0..100_000 {
        assert_pending(pool.request(1));
    }
    let left = BYTES.get() - before;
    assert!(left < 1024, "{left} bytes left behind");
    drop(stay);
}

#[test]
fn a_lone_call_allocates_once_whether_it_is_ready_at_once_or_later() {
    for yields in [0, 3] {
        let pool = PoolLayer::new(|n: &u64| Some(*n)).layer(service_fn(move |n: u64| {
            let mut left = yields;
            poll_fn(move |cx| {
                if left == 0 {
                    return Poll::Ready(Ok::<_, Infallible>(n));
                }
                left -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            })
        }));
        let call = |n: u64| {
            let mut call = pin!(pool.request(n));
            let mut cx = Context::from_waker(Waker::noop());
            loop {
                if let Poll::Ready(answer) = call.as_mut().poll(&mut cx) {
                    return assert_eq!(answer, Ok(n));
                }
            }
        };
        // Each shard's table is allocated with its first key, and kept.
        (0..1_000).for_each(call);
        let before = ALLOCATIONS.get();
        (0..1_000).for_each(call);
        assert_eq!(
            ALLOCATIONS.get() - before,
            1_000,
            "its call; the flight stands in the table"
        );
    }
}
