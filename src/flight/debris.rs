//! What a transition leaves behind, to be dealt with once the lock is released.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::Waker,
};

use super::{seats::Wakers, trace::Span};
use crate::sync::Handle;

/// What is to be done about a flight, by [`Flight::settle`](super::Flight::settle),
/// which returns the [`Garbage`].
#[must_use = "wakers and calls are in it"]
pub(super) struct Debris<F: Future> {
    /// The flight leaves the table.
    pub(super) closed: bool,
    /// The call was dropped, and no caller was left.
    pub(super) cancelled: bool,
    /// One who was counted as answered has gone without its answer.
    pub(super) unanswered: bool,
    /// The call goes on without callers, in a task to be started here.
    pub(super) finish_on: Option<(Handle, Span)>,
    pub(super) garbage: Garbage<F>,
}

/// What is to be dropped and woken.
#[must_use = "wakers and calls are in it"]
pub(super) struct Garbage<F: Future> {
    pub(super) wake: Wakers,
    pub(super) call: Option<Pin<Box<F>>>,
    pub(super) outcome: Option<F::Output>,
    pub(super) waker: Option<Waker>,
    pub(super) runtime: Option<Handle>,
    pub(super) span: Option<Span>,
}

impl<F: Future> Garbage<F> {
    /// Drops first, so that what a call held is free when others look for it;
    /// then wakes, whatever the drops may do.
    pub(super) fn clear_away(self) {
        let Self {
            wake,
            call,
            outcome,
            waker,
            runtime,
            span,
        } = self;
        let garbage = (call, outcome, waker, runtime, span);
        let dropped = catch_unwind(AssertUnwindSafe(move || drop(garbage)));
        wake.wake();
        if let Err(payload) = dropped {
            resume_unwind(payload);
        }
    }
}

impl<F: Future> Default for Debris<F> {
    fn default() -> Self {
        Self {
            closed: false,
            cancelled: false,
            unanswered: false,
            finish_on: None,
            garbage: Garbage {
                wake: Wakers::default(),
                call: None,
                outcome: None,
                waker: None,
                runtime: None,
                span: None,
            },
        }
    }
}
