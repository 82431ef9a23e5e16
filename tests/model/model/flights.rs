//! Flights in the model: how they end, begin anew, and are left.

use tower_pool::OnAbandon;

use super::{Driver, FlightId, Model, Phase, State, Vacancy};
use crate::{
    meter::Rare,
    program::{Ending, Id, Judge, Payload},
    seen::Seen,
    world::{burst_message, judge_message},
};

impl Model<'_> {
    /// Promise 2: out of the table, then seen. By identity.
    fn close(&mut self, flight: FlightId) {
        let key = self.flights[flight].key;
        if self.table.get(&key) == Some(&flight) {
            self.table.remove(&key);
        }
    }

    /// A flight has an outcome.
    pub(super) fn land(&mut self, flight: FlightId, call: Id, ending: Ending, judge: Judge) {
        if self.flights[flight].callers.is_empty() {
            self.meter.met(Rare::FinishedForNobody);
        }
        self.end_call(call); // before anybody sees what came of it
        self.hand_out(flight, call, ending, judge);
        self.call_back();
    }

    fn hand_out(&mut self, flight: FlightId, call: Id, ending: Ending, judge: Judge) {
        let callers = self.flights[flight].callers.clone();
        let leader = self.flights[flight].leader;
        let burst = |message: String| match ending {
            Ending::Wreck => Payload::Wreck(call),
            _ => Payload::Message(message),
        };
        if ending.is_panic() {
            return self.burst(flight, burst(burst_message(call)));
        }
        let alone = callers.iter().all(|caller| Some(*caller) == leader);
        if !alone {
            self.due.judged.push(call);
        }
        match judge {
            _ if alone => self.release_all_but_the_leader(flight, call),
            Judge::Panic => {
                self.meter.met(Rare::JudgePanicked);
                self.burst(flight, Payload::Message(judge_message(call)));
            }
            Judge::Solo => self.release_all_but_the_leader(flight, call),
            Judge::Share => {
                self.finish(flight);
                for caller in callers {
                    self.stats.shared += u64::from(self.callers[caller].has_request);
                    if !self.callers[caller].has_request && Some(caller) != leader {
                        self.meter.met(Rare::Recovered);
                    }
                    let shared = true;
                    self.callers[caller].state = State::Answered { of: call, shared };
                }
            }
            Judge::Retry => {
                let rest = callers.iter().copied();
                let rest: Vec<_> = rest.filter(|caller| Some(*caller) != leader).collect();
                self.flights[flight].retries += 1;
                self.vacate(flight, Vacancy::Retry);
                if let Some(leader) = leader {
                    let shared = false;
                    self.callers[leader].state = State::Answered { of: call, shared };
                }
                self.flights[flight].callers = rest;
                self.strand_if_nobody_can_lead(flight);
            }
        }
    }

    /// Out of the table, and all are woken.
    fn finish(&mut self, flight: FlightId) {
        self.close(flight);
        self.wake_all(flight);
        self.flights[flight].phase = Phase::Over;
        self.flights[flight].driver = Driver::Callers;
        self.flights[flight].callers.clear();
    }

    fn burst(&mut self, flight: FlightId, payload: Payload) {
        self.stats.panicked += 1;
        let callers = self.flights[flight].callers.clone();
        self.finish(flight);
        self.panic_in(&callers, payload);
    }

    fn release_all_but_the_leader(&mut self, flight: FlightId, call: Id) {
        let (callers, leader) = (
            self.flights[flight].callers.clone(),
            self.flights[flight].leader,
        );
        self.finish(flight);
        for caller in callers {
            self.callers[caller].state = match Some(caller) == leader {
                true => State::Answered {
                    of: call,
                    shared: false,
                },
                false if self.callers[caller].has_request => State::Released,
                false => State::Stranded,
            };
        }
    }

    /// The next to be polled is to lead.
    fn vacate(&mut self, flight: FlightId, why: Vacancy) {
        self.wake_all(flight);
        let flight = &mut self.flights[flight];
        flight.phase = Phase::Vacant(why);
        flight.born = None;
        flight.driver = Driver::Callers;
        flight.leader = None;
        flight.home = None;
        flight.grounded = false;
    }

    /// Those who have no request any more can only wait for one who has.
    fn strand_if_nobody_can_lead(&mut self, flight: FlightId) {
        let callers = self.flights[flight].callers.clone();
        if !callers
            .iter()
            .any(|caller| self.callers[*caller].has_request)
        {
            self.finish(flight);
            for caller in callers {
                self.callers[caller].state = State::Stranded;
            }
        }
    }

    /// Promise 7: the task that drove was dropped with its runtime.
    pub(super) fn lose(&mut self, flight: FlightId, seen: &Seen) {
        let Phase::Flying(call) = self.flights[flight].phase else {
            return;
        };
        let callers = &self.flights[flight].callers;
        if callers.is_empty() {
            self.stats.cancelled += 1;
            self.meter.met(Rare::LostForNobody);
            self.end_call(call);
            return self.finish(flight);
        }
        let can_lead = callers
            .iter()
            .any(|caller| self.callers[*caller].has_request);
        // A call that has nothing of that runtime may go on elsewhere.
        let goes_on = seen.has_polled(call) || !seen.has_dropped(call);
        let kept = !self.calls[call].bound && goes_on;
        if can_lead && !kept {
            self.end_call(call);
            self.vacate(flight, Vacancy::Lost);
            return self.call_back();
        }
        // Nobody could make it anew: it goes on for those who have it.
        if self.calls[call].bound {
            self.meter.met(Rare::HasItsCallBack);
            self.close(flight);
        } else {
            self.meter.met(Rare::TurnedAway);
        }
        self.wake_all(flight);
        self.flights[flight].driver = Driver::Callers;
        self.flights[flight].grounded = true;
        self.call_back();
    }

    /// A caller leaves its flight: it is dropped, or goes on alone.
    pub(super) fn leave(&mut self, id: Id, flight: FlightId) {
        let it = &mut self.flights[flight];
        it.callers.retain(|caller| *caller != id);
        if it.leader == Some(id) {
            it.leader = None;
        }
        if it.callers.is_empty() {
            self.abandon(flight);
        } else if matches!(it.phase, Phase::Vacant(_)) {
            self.strand_if_nobody_can_lead(flight);
            self.call_back();
        }
    }

    /// Promise 5: the last one out cancels, or lets the call finish in a task.
    fn abandon(&mut self, flight: FlightId) {
        self.close(flight);
        let it = &self.flights[flight];
        let call = match it.phase {
            Phase::Flying(call) => call,
            Phase::Vacant(why) => {
                self.stats.cancelled += u64::from(why == Vacancy::Unbegun);
                return self.finish(flight);
            }
            Phase::Over => return,
        };
        let finishes = self.setup.on_abandon == OnAbandon::Finish;
        match (it.driver, it.home) {
            (Driver::Task { .. }, _) if finishes => return,
            (Driver::Callers, Some(home))
                if finishes && self.calls[call].bound && self.runtimes[home] =>
            {
                return self.hand_over(flight, home);
            }
            (Driver::Task { runtime, .. }, _) => {
                self.meter.met(Rare::TaskAbandoned);
                self.idle_tasks[runtime] += 1;
            }
            (Driver::Callers, _) => {}
        }
        self.stats.cancelled += 1;
        self.end_call(call);
        self.finish(flight);
    }

    /// To a task, that will poll the call when its runtime runs.
    pub(super) fn hand_over(&mut self, flight: FlightId, runtime: usize) {
        let runs = true;
        self.flights[flight].driver = Driver::Task { runtime, runs };
    }
}
