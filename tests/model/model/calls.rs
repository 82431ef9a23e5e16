//! Inner calls in the model: polled, woken, dropped.

use std::mem;

use super::{Driver, Model, Wakes};
use crate::{
    meter::Rare,
    program::{Ending, Id, Judge, Place},
};

impl Model<'_> {
    /// A call is polled, and a wake of it wakes so and so from now on.
    pub(super) fn poll_call(
        &mut self,
        id: Id,
        place: Place,
        wakes: Wakes,
    ) -> Option<(Ending, Judge)> {
        self.due.polled.push(id);
        let call = &mut self.calls[id];
        call.bound |= place.is_some();
        if !call.called {
            match call.end {
                // Its service fails before it is ready.
                Some((ending, _)) if !call.ready && ending != Ending::Ok => {
                    self.meter.met(Rare::Unready);
                }
                None if !call.ready => return self.wait(id, wakes),
                _ => {
                    call.called = true;
                    self.due.called.push(id);
                }
            }
        }
        match self.calls[id].end {
            None => self.wait(id, wakes),
            end => end,
        }
    }

    fn wait(&mut self, id: Id, wakes: Wakes) -> Option<(Ending, Judge)> {
        self.calls[id].wakes = wakes;
        if mem::take(&mut self.calls[id].yields) {
            self.wake(id);
        }
        None
    }

    /// A call is gone, having ended or not.
    pub(super) fn end_call(&mut self, id: Id) {
        if mem::take(&mut self.calls[id].alive) {
            self.due.dropped.push(id);
        }
    }

    /// A caller's request is dropped, unless a call was made of it.
    pub(super) fn drop_request(&mut self, id: Id) {
        if mem::take(&mut self.callers[id].has_request) {
            self.end_call(id);
        }
    }

    /// Whoever polled a call is woken, once for each poll.
    pub(super) fn wake(&mut self, call: Id) {
        match mem::take(&mut self.calls[call].wakes) {
            Wakes::Nobody => {}
            Wakes::One(caller, waker) => {
                let caller_now = &mut self.callers[caller];
                caller_now.is_woken |= caller_now.wakers == waker;
                self.due.woken.push((caller, waker));
            }
            Wakes::All(flight) => self.wake_all(flight),
            Wakes::Task(flight) => {
                if let Driver::Task { runs, .. } = &mut self.flights[flight].driver {
                    *runs = true;
                }
            }
        }
        self.call_back();
    }

    /// All who wait aboard are woken, each once.
    pub(super) fn wake_all(&mut self, flight: usize) {
        for &caller in &self.flights[flight].callers {
            if let Some(waker) = self.callers[caller].waker.take() {
                self.callers[caller].is_woken = true;
                self.due.woken.push((caller, waker));
            }
        }
    }
}
