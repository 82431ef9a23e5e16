//! The task that drives a flight which is shared, so that no caller has to.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    Flight,
    drive::{Polled, poll_once},
    trace::Span,
};
use crate::{policy::Policy, sync::Handle};

/// Hands a flight over to a task of `runtime`.
///
/// Where the runtime has shut down the task is dropped at once, which the
/// flight learns as it would later.
pub(super) fn hand_over<K, F, A, E, P, H>(
    flight: Arc<Flight<K, F, P, H>>,
    runtime: &Handle,
    span: Span,
) where
    K: Send + Sync + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
    A: Send + Sync + 'static,
    E: Send + Sync + 'static,
    P: Policy<A, E> + Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    runtime.spawn(Task {
        flight: Some(flight),
        span,
    });
}

struct Task<K, F: Future, P, H> {
    /// None once the task has no more to do.
    flight: Option<Arc<Flight<K, F, P, H>>>,
    /// The leader's, that its call is polled in.
    span: Span,
}

impl<K, F, A, E, P, H> Future for Task<K, F, P, H>
where
    F: Future<Output = Result<A, E>>,
    P: Policy<A, E>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(flight) = &this.flight else {
            return Poll::Ready(());
        };
        let taken = {
            let mut state = flight.state.lock();
            state.take_off().map(|call| (call, state.task.take()))
        };
        let Some((call, kept)) = taken else {
            this.flight = None; // abandoned
            return Poll::Ready(());
        };
        let (goes_on, debris) = match this.span.in_scope(|| poll_once(call, kept, cx)) {
            Polled::Pending(call, waker) => flight.state.lock().park_task(call, waker),
            Polled::Done(ending) => (false, flight.land(ending, None).1),
        };
        let garbage = flight.settle(debris);
        if goes_on {
            garbage.clear_away();
            return Poll::Pending;
        }
        // Before the wake, so that the last caller can have the outcome by move.
        this.flight = None;
        garbage.clear_away();
        Poll::Ready(())
    }
}

/// Dropped unfinished: the runtime shuts down.
impl<K, F: Future, P, H> Drop for Task<K, F, P, H> {
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            let debris = flight.state.lock().lose();
            flight.settle(debris).clear_away();
        }
    }
}
