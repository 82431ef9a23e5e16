//! Where the call of a flight is, and who is to poll it.

use std::pin::Pin;

use crate::sync::thread_address;

/// Where the call is.
pub(super) enum Phase<F> {
    /// No call: the first caller to be polled that holds its own will lead.
    Vacant(Vacancy),
    /// Between two polls.
    Parked(Pin<Box<F>>),
    /// With its driver, on this thread.
    Polled {
        on: Thread,
        /// Was it woken for all meanwhile?
        woken: bool,
        /// Callers who joined inside in this poll, and are still aboard.
        insiders: u32,
    },
    /// Shared, released or abandoned.
    Over,
}

/// Why a flight has no call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Vacancy {
    /// None of its callers was polled yet.
    Unbegun,
    /// By verdict.
    Retry,
    /// It was lost with its runtime.
    Lost,
}

/// Who polls the call when it is parked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// The next caller to be polled; if it is not alone, it looks for a task.
    Callers,
    Task,
}

impl<F> Phase<F> {
    pub(super) fn polled(on: Thread) -> Self {
        Self::Polled {
            on,
            woken: false,
            insiders: 0,
        }
    }
}

/// Names a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Thread(usize);

impl Thread {
    pub(super) fn here() -> Self {
        Self(thread_address())
    }
}
