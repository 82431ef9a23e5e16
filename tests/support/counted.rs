//! Wakers put together by hand, that count their clones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{RawWaker, RawWakerVTable, Waker},
};

pub(crate) struct Counted {
    waker: Waker,
    clones: AtomicUsize,
}

// A waker and its clones differ in nothing but the address of the table.
static CALM: RawWakerVTable = table(|data| unsafe { clone(data, &CALM) });
static THESE: RawWakerVTable = table(|data| unsafe { clone(data, &THOSE) });
static THOSE: RawWakerVTable = table(|data| unsafe { clone(data, &THESE) });

impl Counted {
    pub(crate) fn new(waker: Waker) -> Arc<Self> {
        let clones = AtomicUsize::new(0);
        Arc::new(Self { waker, clones })
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        self.with(&CALM)
    }

    /// One that denies to wake what its own clone wakes, as a waker may
    /// whose vtable exists more than once.
    pub(crate) fn moody_waker(self: &Arc<Self>) -> Waker {
        self.with(&THESE)
    }

    pub(crate) fn clones(&self) -> usize {
        self.clones.load(SeqCst)
    }

    fn with(self: &Arc<Self>, table: &'static RawWakerVTable) -> Waker {
        let data = Arc::into_raw(Arc::clone(self)).cast();
        unsafe { Waker::from_raw(RawWaker::new(data, table)) }
    }
}

const fn table(clone: unsafe fn(*const ()) -> RawWaker) -> RawWakerVTable {
    RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker)
}

unsafe fn clone(data: *const (), table: &'static RawWakerVTable) -> RawWaker {
    unsafe {
        Arc::increment_strong_count(data.cast::<Counted>());
        (*data.cast::<Counted>()).clones.fetch_add(1, SeqCst);
    }
    RawWaker::new(data, table)
}

unsafe fn wake(data: *const ()) {
    unsafe {
        wake_by_ref(data);
        drop_waker(data);
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    unsafe { &*data.cast::<Counted>() }.waker.wake_by_ref();
}

unsafe fn drop_waker(data: *const ()) {
    drop(unsafe { Arc::from_raw(data.cast::<Counted>()) });
}
