//! The allocator, which counts the bytes that are in use.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicIsize, Ordering::Relaxed},
};

struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

/// The bytes in use by the whole program.
pub(crate) fn live_bytes() -> isize {
    LIVE.load(Relaxed)
}

// The crate forbids unsafe code; counting what is allocated cannot be done without.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
