//! What a transition leaves behind, to be dealt with once the lock is released.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    task::Waker,
};

use super::{queue::Piece, upstream::Upstream, waiters::Wakers};

/// What is to be dropped and woken.
#[must_use = "wakers and frames are in it"]
#[derive(Default)]
pub(super) struct Debris {
    wake: Wakers,
    waker: Option<Waker>,
    frames: Vec<Piece>,
    upstream: Option<Upstream>,
}

impl Debris {
    /// These are to be woken.
    pub(super) fn wake(&mut self, wakers: Wakers) {
        debug_assert!(self.wake.is_empty(), "some would not be woken");
        self.wake = wakers;
    }

    /// Nobody needs this waker any more.
    pub(super) fn waker(&mut self, waker: Option<Waker>) {
        if waker.is_some() {
            debug_assert!(self.waker.is_none(), "one would be dropped under the lock");
            self.waker = waker;
        }
    }

    /// Nobody needs these frames any more.
    pub(super) fn frames(&mut self, frames: Vec<Piece>) {
        if self.frames.is_empty() {
            self.frames = frames;
        } else {
            self.frames.extend(frames);
        }
    }

    /// Nobody needs the body any more.
    pub(super) fn upstream(&mut self, upstream: Option<Upstream>) {
        self.upstream = upstream;
    }

    /// Drops first, so that what a body held is free when others look for it;
    /// then wakes, whatever the drops may do.
    #[inline]
    pub(super) fn clear_away(self) {
        // With nobody to wake, it may be dropped in any order.
        if !self.wake.is_empty() {
            self.clear();
        }
    }

    /// Is there something to be dropped, which may panic?
    pub(super) fn has_garbage(&self) -> bool {
        self.waker.is_some() || !self.frames.is_empty() || self.upstream.is_some()
    }

    fn clear(self) {
        let Self {
            wake,
            waker,
            frames,
            upstream,
        } = self;
        let garbage = (upstream, frames, waker);
        let dropped = catch_unwind(AssertUnwindSafe(move || drop(garbage)));
        wake.wake();
        if let Err(payload) = dropped {
            resume_unwind(payload);
        }
    }
}
