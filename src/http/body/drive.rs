//! Polling the upstream, for all who wait for it, and waking them.

use std::{
    panic::resume_unwind,
    sync::{Arc, Weak},
    task::{Context, Poll, Wake, Waker},
};

use super::{
    bookmark::Bookmark,
    debris::Debris,
    error::SharedBodyError,
    queue::Piece,
    shared::Shared,
    state::Next,
    upstream::{Step, Upstream},
};

impl Shared {
    /// Polls the upstream, with no lock held, for all who stand at the tail.
    pub(super) fn drive(
        &self,
        upstream: Upstream,
        seated: bool,
        mark: &mut Bookmark,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, SharedBodyError>>> {
        let reader = (!seated).then(|| cx.waker());
        let (upstream, step, panic) = upstream.poll(&self.waker, reader);
        let waits = matches!(step, Step::Pending(..));

        let mut debris = Debris::default();
        let mut state = self.state.lock();
        state.publish(upstream, step, mark, &mut debris);
        if waits || panic.is_some() || debris.has_garbage() {
            drop(state);
            debris.clear_away();
            if let Some(payload) = panic {
                resume_unwind(payload);
            }
            if waits {
                return Poll::Pending;
            }
            // It reads only now: garbage may panic, and would take a frame along.
            debris = Debris::default();
            state = self.state.lock();
        }
        let next = state.next(mark, cx.waker(), &mut None, &mut debris);
        drop(state);
        debris.clear_away();
        match next {
            Next::Return(piece) => Poll::Ready(piece),
            _ => unreachable!("something has come for all who wait"),
        }
    }
}

/// Weak, so that a waker that the upstream keeps does not keep the upstream.
pub(super) struct WakeAll(Weak<Shared>);

impl WakeAll {
    pub(super) fn waker(shared: &Weak<Shared>) -> Waker {
        Waker::from(Arc::new(Self(Weak::clone(shared))))
    }
}

impl Wake for WakeAll {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(shared) = self.0.upgrade() {
            let wakers = shared.state.lock().woke();
            wakers.wake();
        }
    }
}
