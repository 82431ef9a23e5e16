//! Runtimes in the model: their tasks run, or they are shut down.

use super::{Driver, FlightId, Model, Phase, Wakes};
use crate::seen::Seen;

impl Model<'_> {
    pub(super) fn tick(&mut self, runtime: usize, seen: &Seen) {
        self.idle_tasks[runtime] = 0; // they find out, and end
        for flight in self.driven_in(runtime, seen) {
            while let (Phase::Flying(call), Driver::Task { runs: true, .. }) =
                (self.flights[flight].phase, self.flights[flight].driver)
            {
                let runs = false;
                self.flights[flight].driver = Driver::Task { runtime, runs };
                let polled = self.poll_call(call, Some(runtime), Wakes::Task(flight));
                if let Some((ending, judge)) = polled {
                    self.land(flight, call, ending, judge);
                }
            }
        }
    }

    pub(super) fn shut_down(&mut self, runtime: usize, seen: &Seen) {
        self.runtimes[runtime] = false;
        self.idle_tasks[runtime] = 0;
        for flight in self.driven_in(runtime, seen) {
            self.lose(flight, seen);
        }
    }

    /// The flights that a runtime has tasks of, in the order in which it came to
    /// them: that is its own affair.
    fn driven_in(&self, place: usize, seen: &Seen) -> Vec<FlightId> {
        let mut driven = Vec::new();
        for (id, flight) in self.flights.iter().enumerate() {
            if let (Phase::Flying(call), Driver::Task { runtime, .. }) =
                (flight.phase, flight.driver)
            {
                if runtime == place {
                    driven.push((seen.when(call, &flight.callers), id));
                }
            }
        }
        driven.sort_unstable();
        driven.into_iter().map(|(_, id)| id).collect()
    }
}
