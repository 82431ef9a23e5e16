//! Callers come and go in the model.

use super::{Call, Caller, Driver, Flight, FlightId, Model, Phase, State, Time, Vacancy};
use crate::{
    meter::Rare,
    program::{Id, Place},
};

impl Model<'_> {
    pub(super) fn call(&mut self, key: Option<u8>, place: Place) {
        let id = self.callers.len();
        self.calls.push(Call {
            alive: true,
            ready: !self.setup.gated,
            ..Call::default()
        });
        self.callers.push(Caller {
            key,
            state: State::Alone,
            has_request: true,
            waker: None,
            wakers: 0,
            retries_before: 0,
            is_woken: true,
        });
        let Some(key) = key else {
            self.stats.solo += 1;
            return;
        };
        if let Some(&flight) = self.table.get(&key) {
            if self.is_young(flight, place) {
                return self.join(id, flight);
            }
            self.table.remove(&key);
            self.meter.met(Rare::TooOld);
        }
        self.stats.led += 1;
        self.table.insert(key, self.flights.len());
        self.callers[id].state = State::Aboard(self.flights.len());
        self.flights.push(Flight {
            key,
            callers: vec![id],
            leader: None,
            phase: Phase::Vacant(Vacancy::Unbegun),
            driver: Driver::Callers,
            home: None,
            grounded: false,
            retries: 0,
            born: Some(self.now(place)),
        });
    }

    /// Whoever was just woken may have called at once.
    pub(super) fn call_back(&mut self) {
        let is_woken = |by: Id| self.due.woken.iter().any(|(caller, _)| *caller == by);
        if let Some(by) = self.due.calls_back.filter(|by| is_woken(*by)) {
            self.due.calls_back = None;
            self.meter.met(Rare::CalledBack);
            self.call(self.callers[by].key, None);
        }
    }

    pub(super) fn forget(&mut self, key: u8) {
        let forgot = self.table.remove(&key).is_some();
        if forgot {
            self.meter.met(Rare::Forgotten);
        }
        self.due.forgot = Some(forgot);
    }

    /// May newcomers still join, for its age?
    fn is_young(&self, flight: FlightId, place: Place) -> bool {
        let Some(max_age) = self.setup.max_age else {
            return true;
        };
        let now = self.now(place);
        let is_young = |born: Time| now.saturating_sub(born) < 1_000 * max_age;
        self.flights[flight].born.is_none_or(is_young)
    }

    fn join(&mut self, id: Id, flight: FlightId) {
        let (aboard, retries) = (
            self.flights[flight].callers.len(),
            self.flights[flight].retries,
        );
        if self.setup.max_callers.is_some_and(|max| aboard >= max) {
            self.stats.solo += 1;
            self.meter.met(Rare::Full);
            return;
        }
        self.stats.joined += 1;
        self.flights[flight].callers.push(id);
        self.callers[id].state = State::Aboard(flight);
        self.callers[id].retries_before = retries;
    }

    pub(super) fn drop(&mut self, id: Id) {
        match self.callers[id].state {
            State::Aboard(flight) => self.leave(id, flight),
            // It was counted when its flight landed, and has not looked.
            State::Answered { shared: true, .. } => {
                self.stats.shared -= u64::from(self.callers[id].has_request);
            }
            State::Burst(panic) => self.panics[panic].missed = true,
            State::Alone | State::Done => self.end_call(id),
            _ => {}
        }
        self.drop_request(id);
        self.callers[id].state = State::Dropped;
    }
}
