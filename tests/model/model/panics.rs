//! Panics in the model: promise 6.

use super::{Model, State};
use crate::{
    meter::Rare,
    program::{Ending, Got, Id, Payload},
    seen::Seen,
    world::burst_message,
};

/// The original payload goes to one caller, the message to the rest.
pub(super) struct Panic {
    pub payload: Payload,
    /// How many have not seen it.
    pub left: usize,
    /// The original was seen.
    pub given: bool,
    /// Somebody was dropped before it saw anything.
    pub missed: bool,
}

impl Model<'_> {
    /// All callers of a flight are to see this.
    pub(super) fn panic_in(&mut self, callers: &[Id], payload: Payload) {
        for &caller in callers {
            self.callers[caller].state = State::Burst(self.panics.len());
        }
        self.panics.push(Panic {
            payload,
            left: callers.len(),
            given: false,
            missed: false,
        });
    }

    /// One of them looks.
    pub(super) fn see_panic(&mut self, id: Id, panic: usize, seen: &Seen) -> Got {
        self.drop_request(id);
        self.callers[id].state = State::Done;
        let panic = &mut self.panics[panic];
        panic.left -= 1;
        if let Payload::Message(_) = panic.payload {
            return Got::Panic(panic.payload.clone());
        }
        let got = seen.got.clone();
        match got {
            Some(Got::Panic(Payload::Message(_))) => {
                let lost = panic.left == 0 && !panic.given && !panic.missed;
                if lost {
                    self.due.complaint = Some("the original payload went to nobody");
                }
                got.unwrap()
            }
            _ if panic.given => Got::Panic(Payload::Message("a message".to_owned())),
            _ => {
                panic.given = true;
                Got::Panic(panic.payload.clone())
            }
        }
    }

    /// The panic of a call that a caller has for itself, as it is.
    pub(super) fn own_panic(&self, id: Id, ending: Ending) -> Got {
        Got::Panic(match ending {
            Ending::Wreck => Payload::Wreck(id),
            _ => Payload::Message(burst_message(id)),
        })
    }

    /// A leader whose call was lost, and that nobody shares another with.
    pub(super) fn see_loss(&mut self, id: Id, seen: &Seen) -> Got {
        self.callers[id].state = State::Done;
        self.meter.met(Rare::Stranded);
        match &seen.got {
            Some(Got::Panic(Payload::Message(message))) if message.contains("shut down") => {
                Got::Panic(Payload::Message(message.clone()))
            }
            _ => Got::Panic(Payload::Message("the runtime shut down".to_owned())),
        }
    }
}
