//! Who and what is there in the model, to have something done to.

use super::{Model, Phase, State};
use crate::program::{Action, Id, Place};

impl Model<'_> {
    /// Is there somebody to do this to?
    pub fn allows(&self, action: Action) -> bool {
        let is_known = |place: Place| place.is_none_or(|runtime| runtime < self.runtimes.len());
        match action {
            Action::Call { place, .. } => is_known(place),
            Action::Poll { caller, place, .. } => {
                is_known(place) && self.waiting().any(|id| id == caller)
            }
            Action::Drop { caller, place } => is_known(place) && self.held().any(|id| id == caller),
            Action::End { call, .. }
            | Action::Ready(call)
            | Action::Wake(call)
            | Action::Yield(call) => self.live_calls().any(|id| id == call),
            Action::Tick(runtime) | Action::ShutDown(runtime) => {
                self.runtimes.get(runtime) == Some(&true)
            }
            Action::CallBack | Action::StartUp | Action::Forget(_) | Action::Advance(_) => true,
        }
    }

    /// Calls that are under way or may yet be.
    pub fn live_calls(&self) -> impl Iterator<Item = Id> {
        (0..self.calls.len()).filter(|id| self.calls[*id].alive && self.calls[*id].end.is_none())
    }

    /// Callers who are not done and not dropped.
    pub fn waiting(&self) -> impl Iterator<Item = Id> {
        let waits = |id: &Id| !matches!(self.callers[*id].state, State::Done | State::Dropped);
        (0..self.callers.len()).filter(waits)
    }

    /// Those of them whose last waker was woken, or who were never polled.
    pub fn woken(&self) -> impl Iterator<Item = Id> {
        self.waiting().filter(|id| self.callers[*id].is_woken)
    }

    /// Callers whose futures are there.
    pub fn held(&self) -> impl Iterator<Item = Id> {
        (0..self.callers.len()).filter(|id| self.callers[*id].state != State::Dropped)
    }

    /// All runtimes that ever were: even one that is gone can be entered.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        0..self.runtimes.len()
    }

    /// Runtimes that are there.
    pub fn runtimes(&self) -> impl Iterator<Item = usize> {
        (0..self.runtimes.len()).filter(|id| self.runtimes[*id])
    }

    /// Calls that run in a task though all callers have gone.
    pub fn runs_for_nobody(&self) -> usize {
        let runs = |flight: &&super::Flight| {
            flight.callers.is_empty() && matches!(flight.phase, Phase::Flying(_))
        };
        self.flights.iter().filter(runs).count()
    }

    /// Is nothing under way?
    pub fn is_empty(&self) -> bool {
        self.table.is_empty() && self.calls.iter().all(|call| !call.alive)
    }
}
