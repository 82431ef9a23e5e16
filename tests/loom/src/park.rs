//! Threads that sleep until they are woken.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use loom::sync::{Condvar, Mutex};

/// Wakes one thread. A wake before it sleeps is kept.
///
/// Unlike loom's own `block_on` it never wakes without a reason, which would
/// hide that it was not woken for one.
#[derive(Debug)]
pub(crate) struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            woken: Mutex::new(false),
            changed: Condvar::new(),
        })
    }

    /// Sleeps until it is woken, unless it was since it last slept.
    pub(crate) fn park(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

/// Runs `poll` until it is ready, and sleeps in between.
pub(crate) fn block_on<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let parker = Parker::new();
    let waker = Waker::from(Arc::clone(&parker));
    loop {
        if let Poll::Ready(value) = poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        parker.park();
    }
}

pub(crate) fn block_on_future<F: Future>(future: F) -> F::Output {
    let mut future: Pin<&mut F> = pin!(future);
    block_on(|cx| future.as_mut().poll(cx))
}

/// Polls once, for whoever does not mean to wait.
pub(crate) fn poll_once<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}
