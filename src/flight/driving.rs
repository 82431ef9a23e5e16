//! What a driver does to a flight: take off, park, land, go round again.

use std::{mem, num::NonZeroU32, pin::Pin, task::Waker};

use super::{
    debris::Debris,
    phase::{Driver, Phase, Thread, Vacancy},
    seats::{Seat, Wakers},
    state::State,
};
use crate::sync::Handle;

impl<F: Future> State<F> {
    /// Gives the parked call to its driver.
    pub(super) fn take_off(&mut self) -> Option<Pin<Box<F>>> {
        match mem::replace(&mut self.phase, Phase::polled(Thread::here())) {
            Phase::Parked(call) => {
                self.poll = self.poll.checked_add(1).unwrap_or(NonZeroU32::MIN);
                Some(call)
            }
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Takes the call back. If it was woken for all while it was polled, there
    /// is somebody to wake; if it was abandoned, it is to be dropped.
    fn park(&mut self, call: Pin<Box<F>>) -> Debris<F> {
        let mut debris = Debris::default();
        let Phase::Polled {
            woken, insiders, ..
        } = self.phase
        else {
            debris.cancelled = true;
            debris.garbage.call = Some(call);
            return debris;
        };
        self.phase = Phase::Parked(call);
        // Insiders are polled once more, and found outside if they are.
        if woken || insiders > 0 {
            debris.garbage.wake = self.everybody();
        }
        debris
    }

    /// Parks the call of a caller that polled it alone, in `runtime`, and seats
    /// its waker. Returns whether it is still alone.
    pub(super) fn park_alone(
        &mut self,
        seat: &mut Seat,
        call: Pin<Box<F>>,
        waker: Waker,
        runtime: Option<Handle>,
    ) -> (bool, Debris<F>) {
        let waker = self.seats.put(seat, waker);
        let mut debris = self.park(call);
        debris.garbage.waker = waker;
        self.bound |= runtime.is_some();
        debris.garbage.runtime = mem::replace(&mut self.runtime, runtime);
        (self.callers == 1, debris)
    }

    /// Parks the call of a caller that polled it for all, in `runtime`.
    pub(super) fn park_for_all(&mut self, call: Pin<Box<F>>, runtime: Option<Handle>) -> Debris<F> {
        let mut debris = self.park(call);
        self.bound |= runtime.is_some();
        debris.garbage.runtime = runtime;
        debris
    }

    /// Parks the call that a task polled, and keeps the waker of the task.
    /// Returns whether the task goes on.
    pub(super) fn park_task(&mut self, call: Pin<Box<F>>, waker: Waker) -> (bool, Debris<F>) {
        let mut debris = self.park(call);
        self.bound = true;
        let goes_on = debris.garbage.call.is_none();
        if goes_on {
            self.task = Some(waker);
        } else {
            debris.garbage.waker = Some(waker);
        }
        (goes_on, debris)
    }

    /// The call was woken on behalf of all. If it is being polled just now, the
    /// wake is kept until it is parked: those woken before then could do nothing.
    pub(super) fn wake_all(&mut self) -> Wakers {
        if let Phase::Polled { woken, .. } = &mut self.phase {
            *woken = true;
            return Wakers::default();
        }
        self.everybody()
    }

    /// Are there others who are to see the outcome? If not, nobody joins now.
    pub(super) fn others_or_close(&mut self) -> bool {
        self.open &= self.others();
        self.others()
    }

    /// Ends the flight, with what is to be shared already published.
    /// `kept` is for the leader alone, if it is still there.
    pub(super) fn land(&mut self, kept: Option<F::Output>) -> Debris<F> {
        let mut debris = Debris::default();
        self.phase = Phase::Over;
        debris.garbage.outcome = self.keep_for_leader(kept);
        debris.garbage.span = Some(self.take_span());
        debris.garbage.wake = self.everybody();
        debris
    }

    /// The call came to nothing for all but the leader, who has `kept` to fetch
    /// unless it drove; the next caller to be polled leads anew.
    pub(super) fn retry(&mut self, kept: Option<F::Output>) -> Debris<F> {
        let outcome = self.keep_for_leader(kept);
        let mut debris = Debris::default();
        if !matches!(self.phase, Phase::Over) {
            self.callers -= usize::from(self.leader_aboard);
            self.retries = self.retries.wrapping_add(1);
            debris = self.vacate(Vacancy::Retry);
        }
        debris.garbage.outcome = outcome;
        debris
    }

    /// The task that drove was dropped: its runtime shuts down.
    pub(super) fn lose(&mut self) -> Debris<F> {
        let mut debris = Debris::default();
        let call = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Parked(call) => Some(call),
            Phase::Polled { .. } => None, // dropped in the middle of its poll
            settled => {
                self.phase = settled;
                return debris;
            }
        };
        match call {
            _ if self.callers == 0 => {
                debris.cancelled = true;
                debris.garbage.call = call;
                debris.garbage.wake = self.everybody(); // those who were inside
            }
            // It is as good as it was; or nobody could begin anew, and its
            // leader gets what it would have without the pool.
            Some(call) if !self.bound || self.spare == 0 => {
                self.phase = Phase::Parked(call);
                self.driver = Driver::Callers;
                self.turned_away = true;
                debris.closed = self.bound && self.close();
                debris.garbage.wake = self.everybody();
            }
            call => {
                debris = self.vacate(Vacancy::Lost);
                debris.garbage.call = call;
            }
        }
        debris
    }

    /// There is no call any more, and somebody else is to lead.
    fn vacate(&mut self, why: Vacancy) -> Debris<F> {
        let mut debris = Debris::default();
        self.phase = Phase::Vacant(why);
        self.born = None;
        self.driver = Driver::Callers;
        self.bound = false;
        self.turned_away = false;
        self.leader_aboard = false;
        self.round = self.round.wrapping_add(1);
        debris.closed = self.end_if_nobody_can_lead();
        debris.garbage.runtime = self.runtime.take();
        debris.garbage.span = Some(self.take_span());
        debris.garbage.wake = self.everybody();
        debris
    }

    /// Keeps an outcome for the leader, or returns it if the leader is gone.
    fn keep_for_leader(&mut self, kept: Option<F::Output>) -> Option<F::Output> {
        match kept {
            Some(outcome) if self.leader_aboard => {
                self.kept.push((self.round, outcome));
                None
            }
            nobodys => nobodys,
        }
    }
}
