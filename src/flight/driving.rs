//! What a driver does to a flight: take off, park, land, go round again.

use std::{mem, pin::Pin, task::Waker};

use tokio::runtime::Handle;

use super::{
    debris::Debris,
    seats::{Seat, Wakers},
    state::{Driver, Phase, State, Thread},
};

impl<F: Future> State<F> {
    /// Gives the parked call to its driver.
    pub(super) fn take_off(&mut self) -> Option<Pin<Box<F>>> {
        let polled = Phase::Polled {
            on: Thread::here(),
            woken: false,
        };
        match mem::replace(&mut self.phase, polled) {
            Phase::Parked(call) => Some(call),
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Takes the call back. If it was woken for all while it was polled, there
    /// is somebody to wake; if it was abandoned, it is to be dropped.
    pub(super) fn park(&mut self, call: Pin<Box<F>>) -> Debris<F> {
        let mut debris = Debris::default();
        let Phase::Polled { woken, .. } = self.phase else {
            debris.call = Some(call);
            return debris;
        };
        self.phase = Phase::Parked(call);
        if self.runtime.is_none() {
            self.runtime = Handle::try_current().ok();
        }
        if woken {
            debris.wake = self.everybody();
        }
        debris
    }

    /// Parks the call of a caller that polled it alone, and seats its waker.
    /// Returns whether it is still alone, with what is to be cleared away.
    pub(super) fn park_alone(
        &mut self,
        seat: &mut Seat,
        call: Pin<Box<F>>,
        waker: Waker,
    ) -> (bool, Debris<F>) {
        let before = self.seats.put(seat, waker);
        let debris = Debris {
            waker: before,
            ..self.park(call)
        };
        (self.callers == 1, debris)
    }

    /// Parks the call that a task polled, and keeps the waker of the task.
    /// Returns whether the task goes on, with what is to be cleared away.
    pub(super) fn park_task(&mut self, call: Pin<Box<F>>, waker: Waker) -> (bool, Debris<F>) {
        let mut debris = self.park(call);
        let goes_on = debris.call.is_none();
        if goes_on {
            self.task = Some(waker);
        } else {
            debris.waker = Some(waker);
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

    /// Ends the flight of a leader that drove alone, before anybody can join.
    pub(super) fn land_alone(&mut self, seat: &Seat) -> bool {
        let alone = self.callers == 1 && self.is_led_by(seat);
        if alone {
            self.open = false;
            self.phase = Phase::Over;
        }
        alone
    }

    /// Are there others who are to see the outcome? If not, nobody joins now.
    pub(super) fn others_or_close(&mut self) -> bool {
        self.open &= self.others();
        self.others()
    }

    /// Ends the flight, with what is to be shared already published.
    /// `kept` is for the leader alone, if it is still there.
    pub(super) fn land(&mut self, kept: Option<F::Output>) -> Debris<F> {
        self.phase = Phase::Over;
        let mut debris = Debris::default();
        self.keep_for_leader(kept, &mut debris);
        debris.wake = self.everybody();
        debris
    }

    /// The call came to nothing for all but the leader, who has `kept` to fetch
    /// unless it drove; the next caller to be polled leads anew.
    pub(super) fn retry(&mut self, kept: Option<F::Output>) -> Debris<F> {
        let mut debris = Debris::default();
        self.keep_for_leader(kept, &mut debris);
        if !matches!(self.phase, Phase::Over) {
            self.callers -= usize::from(self.leader_aboard);
            self.retries = self.retries.wrapping_add(1);
            self.vacate(true, &mut debris);
        }
        debris
    }

    /// The task that drove was dropped: its runtime shuts down.
    pub(super) fn lose(&mut self) -> Debris<F> {
        let mut debris = Debris::default();
        let call = match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Parked(call) => Some(call),
            Phase::Polled { .. } => None, // it was dropped in the middle of its poll
            settled => {
                self.phase = settled;
                return debris;
            }
        };
        match call {
            // Nobody has a call to begin anew with. The leader gets its own
            // back, as it is: what it would have without the pool.
            Some(call) if self.callers > 0 && self.spare == 0 => {
                self.phase = Phase::Parked(call);
                self.driver = Driver::Callers;
                debris.runtime = self.runtime.take();
                debris.closed = self.close();
                debris.wake = self.everybody();
            }
            call => {
                debris.call = call;
                if self.callers > 0 {
                    self.vacate(false, &mut debris);
                }
            }
        }
        debris
    }

    fn vacate(&mut self, retry: bool, debris: &mut Debris<F>) {
        self.phase = Phase::Vacant { retry };
        self.driver = Driver::Callers;
        self.leader_aboard = false;
        self.round = self.round.wrapping_add(1);
        debris.runtime = self.runtime.take();
        debris.span = Some(self.take_span());
        debris.wake = self.everybody();
        self.end_if_nobody_can_lead(debris);
    }

    fn keep_for_leader(&mut self, kept: Option<F::Output>, debris: &mut Debris<F>) {
        match kept {
            Some(outcome) if self.leader_aboard => self.kept.push((self.round, outcome)),
            nobodys => debris.outcome = nobodys,
        }
    }
}
