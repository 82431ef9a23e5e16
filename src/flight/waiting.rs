//! What a caller does when it is polled: one [`Step`] after another.

use std::{mem, pin::Pin, task::Waker};

use tokio::time::Instant;

use super::{
    Config,
    arrival::Part,
    phase::{Driver, Phase, Vacancy},
    seats::Seat,
    state::{State, Unstarted},
    trace::Span,
};
use crate::sync::Handle;

/// What a caller does next. Unless that ends its poll, it then looks again.
pub(super) enum Step<F: Future> {
    /// Wait to be woken; its waker is seated.
    Wait,
    /// Clone its waker, to be seated.
    Seat,
    /// Poll the call, alone with it: with its own waker, which was seated as `seated`.
    FlyAlone {
        call: Pin<Box<F>>,
        seated: Option<Waker>,
    },
    /// Poll the call with a waker that wakes all; its own is seated.
    FlyForAll { call: Pin<Box<F>> },
    /// Start the task that drives from now on.
    HandOver(Handle, Span),
    /// It leads now a flight that was vacant.
    Lead(Vacancy),
    /// Take an outcome that is its alone.
    Fetch(F::Output),
    /// Take what was published, having had this part in it; or if nothing was,
    /// go on alone.
    Over(Part),
    /// Go on alone: it is out of retries.
    GoAlone,
}

/// A clone of a caller's waker, on its way to the seat in the course of a poll.
///
/// Whether it has got there cannot be told by [`Waker::will_wake`], which may
/// say no of a waker and its own clone.
pub(super) enum SeatWaker {
    NotCloned,
    Cloned(Waker),
    /// With the one that was there before, if the caller is to drop it.
    Seated(#[expect(dead_code)] Option<Waker>),
}

impl<F: Future> State<F> {
    /// What the caller on `seat` does next. `own` is the call that it still
    /// holds, and `clone` the clone of its `waker`, if it was asked for one.
    pub(super) fn next(
        &mut self,
        seat: &mut Seat,
        own: &mut Option<Unstarted<F>>,
        waker: &Waker,
        clone: &mut SeatWaker,
        config: &Config,
    ) -> Step<F> {
        if let Some(outcome) = self.fetch_kept(seat) {
            return Step::Fetch(outcome);
        }
        if matches!(self.phase, Phase::Over) {
            return Step::Over(self.part_of(seat));
        }
        if seat.inside.is_some() && !self.is_polled_here() {
            if self.callers >= config.max_callers {
                return Step::GoAlone;
            }
            self.come_outside(seat, own.is_some());
        }
        let retried = self.retries.wrapping_sub(seat.retries_before);
        if own.is_some() && retried > config.max_retries {
            return Step::GoAlone;
        }
        if let (&Phase::Vacant(why), true) = (&self.phase, own.is_some()) {
            self.claim(why, seat, own, config);
            return Step::Lead(why);
        }
        let parked = self.driver == Driver::Callers && matches!(self.phase, Phase::Parked(_));
        if parked && self.may_fly_alone(seat) {
            let seated = self.seats.take(seat);
            if let Some(call) = self.take_off() {
                return Step::FlyAlone { call, seated };
            }
        }
        if parked {
            if let Some(runtime) = self.runtime_for_task(seat) {
                self.driver = Driver::Task;
                return Step::HandOver(runtime, self.take_span());
            }
        }
        let seated = match clone {
            SeatWaker::Seated(_) => self.seats.has(seat),
            _ => self.seats.holds(seat, waker),
        };
        if !seated {
            let SeatWaker::Cloned(_) = clone else {
                return Step::Seat; // what is in it is dropped by the caller
            };
            if let SeatWaker::Cloned(waker) = mem::replace(clone, SeatWaker::NotCloned) {
                *clone = SeatWaker::Seated(self.seats.put(seat, waker));
            }
        }
        let call = if parked { self.take_off() } else { None };
        call.map_or(Step::Wait, |call| Step::FlyForAll { call })
    }

    /// A caller that is alone polls the call itself, unless it is another's that
    /// has begun in a runtime: that one is to be driven there.
    fn may_fly_alone(&self, seat: &Seat) -> bool {
        let own = self.is_led_by(seat) || !self.bound;
        self.callers == 1 && (own || self.turned_away || self.runtime.is_none())
    }

    /// The runtime to have the task on: the leader's. While it is aboard, its
    /// call is not to be lost with the runtime of another.
    fn runtime_for_task(&self, seat: &Seat) -> Option<Handle> {
        if self.turned_away {
            return None;
        }
        self.runtime.clone().or_else(|| {
            let may_be_mine = self.is_led_by(seat) || !self.leader_aboard;
            may_be_mine.then(|| Handle::try_current().ok()).flatten()
        })
    }

    /// The part of the caller on `seat` in what was published. One that led an
    /// earlier round lost its call, and is answered with another's.
    fn part_of(&self, seat: &Seat) -> Part {
        if self.is_led_by(seat) {
            Part::Led
        } else {
            Part::Followed
        }
    }

    /// Takes the outcome that was kept for the leader on `seat`.
    pub(super) fn fetch_kept(&mut self, seat: &Seat) -> Option<F::Output> {
        let round = seat.led?;
        let index = self.kept.iter().position(|(led, _)| *led == round)?;
        Some(self.kept.swap_remove(index).1)
    }

    /// Leads the vacant flight.
    fn claim(
        &mut self,
        why: Vacancy,
        seat: &mut Seat,
        own: &mut Option<Unstarted<F>>,
        config: &Config,
    ) {
        let Some(own) = own.take() else { return };
        self.phase = Phase::Parked(Box::pin(own.call));
        self.runtime = Handle::try_current().ok();
        self.span_id = own.span.id();
        self.span = own.span;
        if why != Vacancy::Unbegun {
            self.born = config.max_age.map(|_| Instant::now());
        }
        self.spare -= 1;
        self.leader_aboard = true;
        seat.led = Some(self.round);
    }

    /// A caller that was made inside the call is polled elsewhere: it counts
    /// from now on.
    fn come_outside(&mut self, seat: &mut Seat, spare: bool) {
        seat.inside = None;
        self.callers += 1;
        self.spare += usize::from(spare);
    }
}
