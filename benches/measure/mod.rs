//! What the benches have in common: counted allocations, and times of two sides
//! that see the same machine.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The allocations of each of the `calls` that `run` makes.
pub(crate) fn allocations(calls: u64, run: impl Fn(u64) -> Duration) -> f64 {
    run(calls); // whatever is allocated once, and kept
    let before = ALLOCATIONS.load(Relaxed);
    run(calls);
    (ALLOCATIONS.load(Relaxed) - before) as f64 / calls as f64
}

/// The nanoseconds of a call of the bare side, and what the other side adds to
/// it: the medians of so many runs in turn, each of so many calls.
pub(crate) fn bare_and_added(
    turns: usize,
    calls: u64,
    bare: impl Fn(u64) -> Duration,
    other: impl Fn(u64) -> Duration,
) -> (f64, f64) {
    let per_call = |time: Duration| time.as_secs_f64() * 1e9 / calls as f64;
    let turn = |_| {
        let bare = per_call(bare(calls));
        (bare, per_call(other(calls)) - bare)
    };
    let (bare, added) = (0..turns).map(turn).unzip();
    (median(bare), median(added))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
