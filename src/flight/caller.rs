//! A caller aboard a flight, from joining to its answer or its drop.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

use super::{
    Flight,
    drive::{Polled, WakeAll, poll_once},
    outcome::Published,
    seats::Seat,
    state::Unstarted,
    trace::SpanId,
    waiting::{SeatWaker, Step},
};
use crate::policy::Policy;

/// One caller of a flight. Dropping it is leaving.
pub(crate) struct Caller<K, F: Future, P, H> {
    /// None once it has its answer.
    flight: Option<Arc<Flight<K, F, P, H>>>,
    seat: Seat,
    /// Its own call, unstarted; a leader has given it to the flight.
    own: Option<Unstarted<F>>,
}

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

impl<K, F: Future, P, H> Caller<K, F, P, H> {
    pub(super) fn leader(flight: Arc<Flight<K, F, P, H>>) -> Self {
        Self {
            flight: Some(flight),
            seat: Seat::leader(),
            own: None,
        }
    }

    pub(super) fn follower(flight: Arc<Flight<K, F, P, H>>, seat: Seat, own: Unstarted<F>) -> Self {
        Self {
            flight: Some(flight),
            seat,
            own: Some(own),
        }
    }

    /// Tells whoever traces that this caller waits for what `leader` leads.
    pub(super) fn follows_from(&self, leader: SpanId) {
        if let Some(own) = &self.own {
            own.span.follows_from(leader);
        }
    }

    fn leave(&mut self) {
        if let Some(flight) = self.flight.take() {
            let spare = self.own.is_some();
            let config = &flight.table.config;
            let debris = flight.state.lock().leave(&mut self.seat, spare, config);
            flight.settle(debris).clear_away();
        }
    }
}

impl<K, F: Future, P, H> Drop for Caller<K, F, P, H> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<K, F, A, E, P, H> Caller<K, F, P, H>
where
    K: Send + Sync + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
    A: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
    P: Policy<A, E> + Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    /// Waits for the outcome of the flight, driving it while that is this
    /// caller's part.
    ///
    /// # Panics
    ///
    /// If the flight ended in a panic; if it was polled to its end before; if
    /// the runtime that drove this caller's call shut down, and nobody is left
    /// who could make another.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Arrival<F>> {
        let mut clone = SeatWaker::NotCloned;
        loop {
            let flight = self.flight.as_ref().expect("polled after completion");
            // A leader looks for an outcome of its own first.
            if self.seat.led.is_none() && flight.published.get().is_some() {
                return Poll::Ready(self.share());
            }
            let config = &flight.table.config;
            let step = flight.state.lock().next(
                &mut self.seat,
                &mut self.own,
                cx.waker(),
                &mut clone,
                config,
            );
            let ending = match step {
                Step::Wait => return Poll::Pending,
                Step::Seat => {
                    clone = SeatWaker::Cloned(cx.waker().clone());
                    continue;
                }
                Step::Lead { retry } => {
                    flight.count_lead(retry);
                    continue;
                }
                Step::HandOver(runtime, span) => {
                    (flight.table.hand_over)(Arc::clone(flight), &runtime, span);
                    flight.milestone("handed over to a task");
                    continue;
                }
                Step::Fetch(outcome) => {
                    self.flight = None;
                    return Poll::Ready(Arrival::Outcome(outcome, Part::Led));
                }
                Step::Over if flight.published.get().is_some() => {
                    return Poll::Ready(self.share());
                }
                Step::Over | Step::GoAlone => {
                    return Poll::Ready(Arrival::Alone(self.go_alone()));
                }
                Step::FlyAlone { call, seated } => match poll_once(call, seated, cx) {
                    Polled::Done(ending) => ending,
                    Polled::Pending(call, waker) => {
                        let runtime = Handle::try_current().ok();
                        let seat = &mut self.seat;
                        let parked = flight.state.lock().park_alone(seat, call, waker, runtime);
                        let (alone, debris) = parked;
                        flight.settle(debris).clear_away();
                        if alone {
                            return Poll::Pending;
                        }
                        continue;
                    }
                },
                Step::FlyForAll { call } => {
                    let all = WakeAll::waker(flight);
                    match poll_once(call, None, &mut Context::from_waker(&all)) {
                        Polled::Done(ending) => ending,
                        Polled::Pending(call, _) => {
                            let runtime = Handle::try_current().ok();
                            let debris = flight.state.lock().park_for_all(call, runtime);
                            flight.settle(debris).clear_away();
                            return Poll::Pending;
                        }
                    }
                }
            };
            let (mine, debris) = flight.land(ending, Some(&self.seat));
            flight.settle(debris).clear_away();
            if let Some(outcome) = mine {
                self.flight = None;
                return Poll::Ready(Arrival::Outcome(outcome, Part::Led));
            }
        }
    }

    /// Takes the published outcome: a clone, or by move if nobody else will ask.
    fn share(&mut self) -> Arrival<F> {
        let flight = self.flight.take().expect("it has just been looked at");
        let outcome = matches!(flight.published.get(), Some(Published::Outcome(_)));
        let part = match self.own.take() {
            Some(_) => Part::Followed,
            None => Part::Led,
        };
        if part == Part::Followed && outcome {
            flight.table.counters.shared.add_one();
        }
        let outcome = match Arc::try_unwrap(flight) {
            Ok(flight) => flight.published.into_inner().map(Published::into_outcome),
            Err(flight) => flight.published.get().map(Published::to_outcome),
        };
        Arrival::Outcome(outcome.expect("it is published"), part)
    }

    fn go_alone(&mut self) -> F {
        let released = self.flight.as_ref().map(|flight| Arc::clone(&flight.table));
        self.leave();
        let (Some(own), Some(table)) = (self.own.take(), released) else {
            panic!("the runtime that drove this call shut down, and nobody was left to call again");
        };
        table.counters.released.add_one();
        own.call
    }
}
