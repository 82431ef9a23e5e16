//! A caller is polled in the model.

use super::{Driver, FlightId, Model, Phase, State, Vacancy, Wakes};
use crate::{
    meter::Rare,
    program::{Ending, Got, Id, Judge, Place},
    seen::Seen,
};

/// What a caller does about a call that no task drives.
enum Drives {
    /// It polls the call; with its own waker, or one that wakes all.
    Alone,
    ForAll,
    HandsOver(usize),
    /// The call was polled for it by another, and not woken since.
    Waits,
}

impl Model<'_> {
    pub(super) fn poll(&mut self, id: Id, place: Place, seen: &Seen) -> Got {
        loop {
            let flight = match self.callers[id].state {
                State::Aboard(flight) => flight,
                State::Released => {
                    self.stats.released += 1;
                    self.callers[id].state = State::Alone;
                    continue;
                }
                State::Answered { of, shared } => {
                    if !shared && self.due.polled.is_empty() {
                        self.meter.met(Rare::Kept);
                    }
                    self.due.may_clone = shared && self.may_be_wanted(id, of);
                    return self.done(id, of, self.calls[of].end.unwrap());
                }
                State::Burst(panic) => return self.see_panic(id, panic, seen),
                State::Stranded => return self.see_loss(id, seen),
                State::Alone => return self.poll_alone(id, place, seen),
                State::Done | State::Dropped => unreachable!("not polled again"),
            };
            let retried = self.flights[flight].retries - self.callers[id].retries_before;
            if self.callers[id].has_request && retried > self.setup.max_retries {
                self.meter.met(Rare::OutOfRetries);
                self.due.stirred = true;
                self.leave(id, flight);
                self.callers[id].state = State::Released;
                continue;
            }
            match self.flights[flight].phase {
                Phase::Vacant(why) if self.callers[id].has_request => {
                    self.lead(id, flight, why, place);
                    continue;
                }
                Phase::Flying(call) if self.flights[flight].driver == Driver::Callers => {
                    if self.drive(id, flight, call, place, seen) {
                        self.due.stirred = true;
                        self.callers[id].is_woken = false;
                        continue;
                    }
                }
                Phase::Flying(_) | Phase::Vacant(_) => self.sit_down(id),
                Phase::Over => unreachable!("nobody is aboard"),
            }
            return Got::Pending;
        }
    }

    /// Its waker is kept.
    fn sit_down(&mut self, id: Id) {
        self.callers[id].waker = Some(self.callers[id].wakers);
    }

    /// May another than this caller look at the outcome? The last one has it by
    /// move. A leader that has not looked may keep those of later rounds.
    fn may_be_wanted(&self, id: Id, outcome: Id) -> bool {
        self.callers.iter().enumerate().any(|(other, caller)| {
            let wanted = matches!(caller.state,
                State::Answered { of, shared } if of == outcome || !shared);
            wanted && other != id
        })
    }

    fn done(&mut self, id: Id, of: Id, (ending, _): (Ending, Judge)) -> Got {
        self.drop_request(id);
        self.callers[id].state = State::Done;
        let key = self.callers[id].key;
        match ending {
            Ending::Ok | Ending::Err => Got::Outcome {
                of,
                key,
                ok: ending == Ending::Ok,
            },
            Ending::Burst | Ending::Wreck => self.own_panic(id, ending),
        }
    }

    /// Promise 3: as it would be without the pool.
    fn poll_alone(&mut self, id: Id, place: Place, seen: &Seen) -> Got {
        self.callers[id].has_request = false;
        let waker = self.callers[id].wakers;
        match self.poll_call(id, place, Wakes::One(id, waker)) {
            Some(end) => {
                if seen.has_dropped(id) {
                    self.end_call(id); // or its future holds it to the end
                }
                self.done(id, id, end)
            }
            None => Got::Pending,
        }
    }

    /// The first to be polled leads, with its own request.
    fn lead(&mut self, id: Id, flight: FlightId, why: Vacancy, place: Place) {
        match why {
            Vacancy::Unbegun => {}
            Vacancy::Retry => {
                self.stats.led += 1;
                self.stats.retried += 1;
            }
            Vacancy::Lost => {
                self.stats.led += 1;
                self.meter.met(Rare::LedAnew);
            }
        }
        self.callers[id].has_request = false;
        let now = self.now(place);
        let flight = &mut self.flights[flight];
        if why != Vacancy::Unbegun {
            flight.born = Some(now);
        }
        flight.phase = Phase::Flying(id);
        flight.leader = Some(id);
        flight.home = place;
    }

    /// Goes on with a call that no task drives. Returns whether the caller is
    /// to look again, or waits.
    fn drive(&mut self, id: Id, flight: FlightId, call: Id, place: Place, seen: &Seen) -> bool {
        let how = self.how(id, flight, call, place, seen);
        if matches!(how, Drives::HandsOver(runtime) if !self.runtimes[runtime]) {
            self.lose(flight, seen);
            return true;
        }
        self.sit_down(id);
        let polled = match how {
            Drives::Waits => return false,
            Drives::HandsOver(runtime) => {
                self.hand_over(flight, runtime);
                return false;
            }
            Drives::Alone => {
                self.flights[flight].home = place;
                let waker = self.callers[id].wakers;
                self.poll_call(call, place, Wakes::One(id, waker))
            }
            Drives::ForAll => {
                self.meter.met(Rare::PolledForAll);
                self.poll_call(call, place, Wakes::All(flight))
            }
        };
        if let Some((ending, judge)) = polled {
            self.land(flight, call, ending, judge);
        }
        polled.is_some()
    }

    fn how(&self, id: Id, flight: FlightId, call: Id, place: Place, seen: &Seen) -> Drives {
        let (it, made) = (&self.flights[flight], &self.calls[call]);
        let alone = it.callers == [id];
        if alone && it.leader == Some(id) {
            return Drives::Alone;
        }
        // Promise 4: from now on nobody depends on whoever polled it.
        if let (Some(home), false) = (it.home, it.grounded) {
            if !alone || made.bound {
                return Drives::HandsOver(home);
            }
        }
        // The leader is outside, or has lost its runtime: in a task here, or in turn.
        let may_be_here = it.leader.is_none_or(|leader| leader == id) && !alone && !it.grounded;
        match place {
            Some(here) if may_be_here && !self.runtimes[here] => Drives::HandsOver(here),
            Some(here) if may_be_here && self.has_new_task(here, seen) => Drives::HandsOver(here),
            _ if alone => Drives::Alone,
            _ if made.wakes == Wakes::All(flight) && !seen.has_polled(call) => Drives::Waits,
            _ => Drives::ForAll,
        }
    }
}
