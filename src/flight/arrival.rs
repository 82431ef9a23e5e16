//! How a caller's time with its flight ends.

use std::{mem, panic::resume_unwind, sync::Arc};

use super::{
    caller::{Caller, Place},
    outcome::Published,
};

/// How a caller's time with its flight ends.
pub(crate) enum Arrival<F: Future> {
    Outcome(F::Output, Part),
    /// It makes its own call, outside the pool.
    Alone(F),
}

/// The part that a caller had in the answer it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It was made for this caller, in a flight that it led.
    Led,
    /// It was made for another.
    Followed,
    /// Its flight let it go to a call of its own.
    Released,
    /// It was never aboard a flight.
    Passed,
}

impl<K, F, A, E, P, H> Caller<K, F, P, H>
where
    F: Future<Output = Result<A, E>>,
    A: Clone,
    E: Clone,
{
    /// Takes the published outcome, which this caller had such a part in: a
    /// clone, or by move if nobody else will ask.
    #[inline]
    pub(super) fn share(&mut self, part: Part) -> Arrival<F> {
        let Place::Aboard(flight, seat) = mem::replace(&mut self.place, Place::Gone) else {
            panic!("polled after completion");
        };
        self.own = None;
        if seat.inside.is_some() && matches!(flight.published.get(), Some(Published::Outcome(_))) {
            flight.table.counters.shared.add(1); // as those outside were when it landed
        }
        let published = match last(flight) {
            Ok(flight) => flight.published.into_inner().map(Published::into_ending),
            Err(flight) => flight.published.get().map(Published::to_ending),
        };
        // With the flight gone, and its key with it: that may panic, too.
        let ending = published.expect("it is published");
        Arrival::Outcome(
            ending.unwrap_or_else(|payload| resume_unwind(payload)),
            part,
        )
    }

    pub(super) fn go_alone(&mut self) -> F {
        let released = match &self.place {
            Place::Aboard(flight, _) => Some(Arc::clone(&flight.table)),
            Place::Alone(_) | Place::Gone => None,
        };
        self.leave();
        let (Some(own), Some(table)) = (self.own.take(), released) else {
            panic!("the runtime that drove this call shut down, and nobody was left to call again");
        };
        table.counters.released.add_one();
        own.call
    }
}

/// The flight itself, for the last to have it. It is looked at first, since an
/// attempt in vain costs as much as one that succeeds.
fn last<T>(flight: Arc<T>) -> Result<T, Arc<T>> {
    match Arc::strong_count(&flight) {
        1 => Arc::try_unwrap(flight),
        _ => Err(flight),
    }
}
