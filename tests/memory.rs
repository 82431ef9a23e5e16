//! Nothing leaks: measured by an allocator that counts. One test a process, so
//! that nobody else allocates meanwhile.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    convert::Infallible,
    future::{Future, pending},
    pin::pin,
    sync::atomic::{AtomicIsize, Ordering::Relaxed},
    task::{Context, Waker},
};

use tower::{Layer, service_fn};
use tower_pool::PoolLayer;

struct Counting;

static BYTES: AtomicIsize = AtomicIsize::new(0);

// The crate forbids unsafe code; counting what it allocates cannot be done without.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as isize, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as isize, Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(leader).poll(&mut cx).is_pending());
        assert!(pin!(follower).poll(&mut cx).is_pending());
    };
    // Each shard's table is allocated with its first key, and kept.
    (0..1_000).for_each(cancel);
    let before = BYTES.load(Relaxed);
    (1_000..FLIGHTS + 1_000).for_each(cancel);
    let after = BYTES.load(Relaxed);

    assert_eq!(after - before, 0, "bytes left behind");
    assert_eq!(
        (pool.in_flight(), pool.stats().cancelled),
        (0, FLIGHTS + 1_000)
    );

    // A crowd at once leaves nothing that grows with it, either.
    let crowd: Vec<_> = (0..100_000).map(|n| pool.request(n)).collect();
    assert_eq!(pool.in_flight(), 100_000);
    drop(crowd);
    let left = BYTES.load(Relaxed) - before;
    assert!(left < 64 * 1024, "{left} bytes left behind by a crowd");
}
