//! An allocator that counts, for the binaries that put it in.
//!
//! It counts for each thread, and without atomics: those would be added to the
//! time of whoever allocates more.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// Counts what it is asked for, and has the system do it.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    // As the system does it, in place where it can: what `GlobalAlloc` has for
    // these would copy and clear by hand, and charge it to whoever grows.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as i64);
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// One allocation, which adds so many bytes.
fn count(bytes: i64) {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    BYTES.set(BYTES.get() + bytes);
}

/// What this thread has allocated until now.
#[derive(Clone, Copy, Debug)]
pub struct Heap {
    /// How many times, in all.
    pub allocations: u64,
    /// Bytes that are not freed yet.
    pub bytes: i64,
}

impl Heap {
    pub fn now() -> Self {
        Self {
            allocations: ALLOCATIONS.get(),
            bytes: BYTES.get(),
        }
    }

    /// What has been added since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            allocations: self.allocations - before.allocations,
            bytes: self.bytes - before.bytes,
        }
    }
}
