//! Polling a call, and bringing its flight to an end.
//!
//! A driver runs foreign code for others, so nothing that this code does may
//! get past it: a panic anywhere in here becomes the end of the flight.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Wake, Waker},
};

use super::{
    Flight,
    debris::Debris,
    outcome::{Ending, Published, SharedPanic},
    seats::Seat,
};
use crate::policy::{Policy, Verdict};

/// What came of one poll.
pub(super) enum Polled<F: Future> {
    /// The call, and the waker that is to be kept until its next poll.
    Pending(Pin<Box<F>>, Waker),
    Done(Ending<F::Output>),
}

/// Polls `call` once. `kept` is the waker of its last poll, which saves a clone
/// if it is still the same.
pub(super) fn poll_once<F: Future>(
    mut call: Pin<Box<F>>,
    kept: Option<Waker>,
    cx: &mut Context<'_>,
) -> Polled<F> {
    let polled = catch_unwind(AssertUnwindSafe(|| match call.as_mut().poll(cx) {
        Poll::Ready(outcome) => Ok(outcome),
        Poll::Pending => Err(match kept {
            Some(kept) if kept.will_wake(cx.waker()) => kept,
            _ => cx.waker().clone(),
        }),
    }));
    match polled {
        Ok(Err(waker)) => Polled::Pending(call, waker),
        // The call goes first: whoever sees the outcome finds free what it held.
        Ok(Ok(outcome)) => Polled::Done(catch_unwind(AssertUnwindSafe(move || {
            drop(call);
            outcome
        }))),
        Err(payload) => {
            if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(call))) {
                mem::forget(second); // one is enough, and its drop may panic too
            }
            Polled::Done(Err(payload))
        }
    }
}

impl<K, F, A, E, P, H> Flight<K, F, P, H>
where
    F: Future<Output = Result<A, E>>,
    P: Policy<A, E>,
{
    /// Ends the flight, or sends it round again. Returns the outcome if it is
    /// the driver's alone, and what is to be cleared away. The driver is the
    /// caller on `seat`, or a task.
    pub(super) fn land(
        &self,
        ending: Ending<F::Output>,
        seat: Option<&Seat>,
    ) -> (Option<F::Output>, Debris<F>) {
        let outcome = match ending {
            Ok(outcome) => outcome,
            Err(payload) => return (None, self.publish(Err(payload))),
        };
        if !self.state.lock().others_or_close() {
            return self.land_for_leader(outcome, seat);
        }
        let judge = || self.table.policy.verdict(outcome.as_ref());
        match catch_unwind(AssertUnwindSafe(judge)) {
            Err(payload) => {
                let mut debris = self.publish(Err(payload));
                debris.garbage.outcome = Some(outcome);
                (None, debris)
            }
            Ok(Verdict::Share) => (None, self.publish(Ok(outcome))),
            Ok(Verdict::Solo) => self.land_for_leader(outcome, seat),
            Ok(Verdict::Retry) => {
                let mut state = self.state.lock();
                let (mine, kept) = split(outcome, seat.is_some_and(|seat| state.is_led_by(seat)));
                (mine, state.retry(kept))
            }
        }
    }

    /// Closes the flight and takes it from the table: before anybody can see its
    /// outcome, so that whoever has seen it can never join.
    fn close(&self) {
        self.state.lock().close();
        self.table.remove(self);
    }

    /// Ends the flight for all alike.
    fn publish(&self, ending: Ending<F::Output>) -> Debris<F> {
        self.close();
        let published = ending.map_or_else(
            |payload| {
                self.table.counters.panicked.add_one();
                Published::Panic(SharedPanic::new(payload))
            },
            Published::Outcome,
        );
        let is_outcome = matches!(published, Published::Outcome(_));
        let first = self.published.set(published);
        debug_assert!(first.is_ok(), "a flight lands once");
        let mut state = self.state.lock();
        if is_outcome {
            self.table.counters.shared.add(state.spare);
        }
        state.land(None)
    }

    /// Ends the flight, with its outcome for the leader alone.
    fn land_for_leader(
        &self,
        outcome: F::Output,
        seat: Option<&Seat>,
    ) -> (Option<F::Output>, Debris<F>) {
        self.close();
        let mut state = self.state.lock();
        let (mine, kept) = split(outcome, seat.is_some_and(|seat| state.is_led_by(seat)));
        (mine, state.land(kept))
    }
}

/// The driver's own, or kept for a leader elsewhere.
fn split<T>(outcome: T, mine: bool) -> (Option<T>, Option<T>) {
    if mine {
        (Some(outcome), None)
    } else {
        (None, Some(outcome))
    }
}

/// The waker of a call that several callers poll in turn, for want of a task.
/// Weak, so that a waker left behind somewhere keeps no outcome.
pub(super) struct WakeAll<K, F: Future, P, H>(Weak<Flight<K, F, P, H>>);

impl<K, F, P, H> WakeAll<K, F, P, H>
where
    K: Send + Sync + 'static,
    F: Future<Output: Send + Sync> + Send + 'static,
    P: Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    pub(super) fn waker(flight: &Arc<Flight<K, F, P, H>>) -> Waker {
        Waker::from(Arc::new(Self(Arc::downgrade(flight))))
    }
}

impl<K, F, P, H> Wake for WakeAll<K, F, P, H>
where
    K: Send + Sync + 'static,
    F: Future<Output: Send + Sync> + Send + 'static,
    P: Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(flight) = self.0.upgrade() {
            let wakers = flight.state.lock().wake_all();
            wakers.wake();
        }
    }
}
