//! A caller aboard a flight, from joining to its answer or its drop.

use std::{
    mem,
    panic::resume_unwind,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    Flight,
    arrival::{Arrival, Part},
    drive::{Polled, WakeAll, poll_once},
    lone::{Flown, Lone},
    outcome::Ending,
    seats::Seat,
    state::Unstarted,
    waiting::{SeatWaker, Step},
};
use crate::{policy::Policy, sync::Handle};

/// One caller of a flight. Dropping it is leaving.
pub(crate) struct Caller<K, F: Future, P, H> {
    pub(super) place: Place<K, F, P, H>,
    /// Its own call, unstarted; a leader has given it to the flight.
    pub(super) own: Option<Unstarted<F>>,
}

pub(super) enum Place<K, F: Future, P, H> {
    Alone(Lone<K, F, P, H>),
    Aboard(Arc<Flight<K, F, P, H>>, Seat),
    /// It has its answer.
    Gone,
}

impl<K, F: Future, P, H> Caller<K, F, P, H> {
    pub(super) fn alone(lone: Lone<K, F, P, H>, own: Unstarted<F>) -> Self {
        Self {
            place: Place::Alone(lone),
            own: Some(own),
        }
    }

    pub(super) fn follower(flight: Arc<Flight<K, F, P, H>>, seat: Seat, own: Unstarted<F>) -> Self {
        Self {
            place: Place::Aboard(flight, seat),
            own: Some(own),
        }
    }

    pub(super) fn leave(&mut self) {
        let (flight, mut seat) = match mem::replace(&mut self.place, Place::Gone) {
            Place::Gone => return,
            Place::Aboard(flight, seat) => (flight, seat),
            Place::Alone(lone) => match lone.leave() {
                Some(flight) => (flight, self.first_seat()),
                None => return,
            },
        };
        let spare = self.own.is_some();
        let config = &flight.table.config;
        let debris = flight.state.lock().leave(&mut seat, spare, config);
        flight.settle(debris).clear_away();
    }

    /// The seat of a caller that was alone, when it finds that others have come.
    fn first_seat(&self) -> Seat {
        match self.own {
            Some(_) => Seat::follower(0, None),
            None => Seat::leader(),
        }
    }
}

impl<K, F: Future, P, H> Drop for Caller<K, F, P, H> {
    #[inline]
    fn drop(&mut self) {
        if !matches!(self.place, Place::Gone) {
            self.leave();
        }
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
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Arrival<F>> {
        match &self.place {
            // What each of a crowd finds when it is woken: kept short.
            Place::Aboard(flight, seat) if seat.led.is_none() && flight.has_published() => {
                Poll::Ready(self.share(Part::Followed))
            }
            _ => self.poll_unpublished(cx),
        }
    }

    fn poll_unpublished(&mut self, cx: &mut Context<'_>) -> Poll<Arrival<F>> {
        let mut clone = SeatWaker::NotCloned;
        if let Place::Alone(lone) = &self.place {
            match lone.fly(&mut self.own, cx) {
                Flown::Pending => return Poll::Pending,
                Flown::Landed(ending, left) => {
                    self.place = Place::Gone;
                    drop(left);
                    let outcome = ending.unwrap_or_else(|payload| resume_unwind(payload));
                    return Poll::Ready(Arrival::Outcome(outcome, Part::Led));
                }
                Flown::Joined(flight, polled) => {
                    self.place = Place::Aboard(flight, self.first_seat());
                    let poll = polled.and_then(|polled| self.park_or_land(polled, &mut clone));
                    if let Some(poll) = poll {
                        return poll;
                    }
                }
            }
        }
        self.poll_aboard(clone, cx)
    }

    fn poll_aboard(&mut self, mut clone: SeatWaker, cx: &mut Context<'_>) -> Poll<Arrival<F>> {
        loop {
            let Place::Aboard(flight, seat) = &mut self.place else {
                panic!("polled after completion");
            };
            // A leader looks for an outcome of its own first.
            if seat.led.is_none() && flight.has_published() {
                return Poll::Ready(self.share(Part::Followed));
            }
            // Whoever waits for the first time will be asked for its waker.
            if seat.is_new() && matches!(clone, SeatWaker::NotCloned) {
                clone = SeatWaker::Cloned(cx.waker().clone());
            }
            let config = &flight.table.config;
            let (step, leader) = {
                let mut state = flight.state.lock();
                let step = state.next(seat, &mut self.own, cx.waker(), &mut clone, config);
                (step, state.leader())
            };
            if let Some(own) = &mut self.own {
                own.span.follow(leader); // perhaps another than when it joined
            }
            match step {
                Step::Wait => return Poll::Pending,
                Step::Seat => clone = SeatWaker::Cloned(cx.waker().clone()),
                Step::Lead(why) => flight.table.count_lead(why),
                Step::HandOver(runtime, span) => {
                    (flight.table.hand_over)(Arc::clone(flight), &runtime, span);
                    flight.table.milestone("handed over to a task");
                }
                Step::Fetch(outcome) => {
                    self.place = Place::Gone;
                    return Poll::Ready(Arrival::Outcome(outcome, Part::Led));
                }
                Step::Over(part) if flight.has_published() => {
                    return Poll::Ready(self.share(part));
                }
                Step::Over(_) | Step::GoAlone => {
                    return Poll::Ready(Arrival::Alone(self.go_alone()));
                }
                Step::FlyAlone { call, seated } => {
                    let polled = poll_once(call, seated, cx);
                    if let Some(poll) = self.park_or_land(polled, &mut clone) {
                        return poll;
                    }
                }
                Step::FlyForAll { call } => {
                    let all = WakeAll::waker(flight);
                    match poll_once(call, None, &mut Context::from_waker(&all)) {
                        Polled::Pending(call, _) => {
                            let runtime = Handle::try_current().ok();
                            let debris = flight.state.lock().park_for_all(call, runtime);
                            flight.settle(debris).clear_away();
                            return Poll::Pending;
                        }
                        Polled::Done(ending) => {
                            if let Some(arrival) = self.land(ending) {
                                return Poll::Ready(arrival);
                            }
                        }
                    }
                }
            }
        }
    }

    /// What comes of a poll that this caller made alone. If it is not alone any
    /// more, it has to look again, with its waker seated already.
    fn park_or_land(
        &mut self,
        polled: Polled<F>,
        clone: &mut SeatWaker,
    ) -> Option<Poll<Arrival<F>>> {
        let Place::Aboard(flight, seat) = &mut self.place else {
            return None;
        };
        match polled {
            Polled::Pending(call, waker) => {
                let runtime = Handle::try_current().ok();
                let parked = flight.state.lock().park_alone(seat, call, waker, runtime);
                let (alone, debris) = parked;
                *clone = SeatWaker::Seated(None);
                flight.settle(debris).clear_away();
                alone.then_some(Poll::Pending)
            }
            Polled::Done(ending) => self.land(ending).map(Poll::Ready),
        }
    }

    /// Ends the flight. If its outcome is not this caller's alone, it has to
    /// look again.
    fn land(&mut self, ending: Ending<F::Output>) -> Option<Arrival<F>> {
        let Place::Aboard(flight, seat) = &mut self.place else {
            return None;
        };
        let (mine, debris) = flight.land(ending, Some(seat));
        flight.settle(debris).clear_away();
        let outcome = mine?;
        self.place = Place::Gone;
        Some(Arrival::Outcome(outcome, Part::Led))
    }
}
