//! What is seen of a step.

use tower_pool::Stats;

use crate::{
    program::{Got, Id},
    world::Event,
};

/// What a step led to.
#[derive(Debug)]
pub struct Seen {
    pub events: Vec<Event>,
    /// Of a poll.
    pub got: Option<Got>,
    /// Of a forget.
    pub forgot: Option<bool>,
    pub stats: Stats,
    pub in_flight: usize,
    /// In each runtime.
    pub tasks: Vec<usize>,
    /// How many keys and outcomes the pool holds.
    pub keys: usize,
    pub outcomes: usize,
}

impl Seen {
    pub fn has_polled(&self, call: Id) -> bool {
        self.events.contains(&Event::Polled(call))
    }

    /// Who has called when it was woken.
    pub fn called_back(&self) -> Option<Id> {
        self.events.iter().find_map(|event| match event {
            Event::CalledBack(by) => Some(*by),
            _ => None,
        })
    }

    pub fn has_dropped(&self, call: Id) -> bool {
        self.events.contains(&Event::Dropped(call))
    }

    /// Where in the step something was first seen of a call, or of its callers.
    pub fn when(&self, call: Id, callers: &[Id]) -> Option<usize> {
        self.events.iter().position(|event| match event {
            Event::Polled(id) | Event::Dropped(id) => *id == call,
            Event::Woken { caller, .. } => callers.contains(caller),
            _ => false,
        })
    }
}
