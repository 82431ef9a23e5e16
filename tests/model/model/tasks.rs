//! Runtimes in the model: their tasks run, or they are shut down.

use super::{Driver, Model, Phase, Wakes};
use crate::seen::Seen;

impl Model<'_> {
    pub(super) fn tick(&mut self, runtime: usize) {
        self.idle_tasks[runtime] = 0; // they find out, and end
        for flight in 0..self.flights.len() {
            while self.flights[flight].driver
                == (Driver::Task {
                    runtime,
                    runs: true,
                })
            {
                let Phase::Flying(call) = self.flights[flight].phase else {
                    break;
                };
                let runs = false;
                self.flights[flight].driver = Driver::Task { runtime, runs };
                if let Some((ending, judge)) =
                    self.poll_call(call, Some(runtime), Wakes::Task(flight))
                {
                    self.land(flight, call, ending, judge);
                }
            }
        }
    }

    pub(super) fn shut_down(&mut self, lost: usize, seen: &Seen) {
        self.runtimes[lost] = false;
        self.idle_tasks[lost] = 0;
        for flight in 0..self.flights.len() {
            if matches!(self.flights[flight].driver, Driver::Task { runtime, .. } if runtime == lost)
            {
                self.lose(flight, seen);
            }
        }
    }
}
