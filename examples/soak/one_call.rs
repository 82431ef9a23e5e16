//! Promise 1: while a flight is under way, a caller with an equal key joins it.
//!
//! A call that somebody was answered with had that caller aboard from when it
//! asked until the end. Who asked in between has to have joined. So whoever led
//! in between, with a call of its own that was made before the other had ended,
//! has found the flight missing, or shut.
//!
//! Only for pools whose flights nothing else shuts but [`forget`](Forgets), and
//! for the keys that are asked for most.

use std::{collections::VecDeque, fmt, time::Duration};

use parking_lot::Mutex;

/// Keys that are watched, and calls that are remembered of each: room for all
/// of them is made at once.
const KEYS: u32 = 64;
const CALLS: usize = 16;

#[derive(Debug)]
pub(crate) struct History(Box<[Mutex<Key>]>);

#[derive(Debug)]
struct Key {
    calls: VecDeque<Flown>,
    forgets: Forgets,
}

/// When a key was forgotten last, at the earliest and at the latest.
#[derive(Debug, Default)]
struct Forgets {
    under_way: u32,
    last: Option<Duration>,
}

/// A call that led a flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flown {
    pub(crate) number: u64,
    /// When its caller asked, and when the inner service was called.
    pub(crate) asked: Duration,
    pub(crate) called: Duration,
    pub(crate) ended: Option<Duration>,
    /// Since when one of those was aboard whom it answered.
    pub(crate) witnessed: Option<Duration>,
}

impl History {
    pub(crate) fn new(keys: u32) -> Self {
        let key = || Key {
            calls: VecDeque::with_capacity(CALLS),
            forgets: Forgets::default(),
        };
        Self((0..keys.min(KEYS)).map(|_| Mutex::new(key())).collect())
    }

    /// The pool is about to be told to forget a key, or has been.
    pub(crate) fn forgets(&self, key: u32, now: Duration, begins: bool) {
        let Some(key) = self.0.get(key as usize) else {
            return;
        };
        let forgets = &mut key.lock().forgets;
        forgets.last = Some(now);
        match begins {
            true => forgets.under_way += 1,
            false => forgets.under_way -= 1,
        }
    }

    /// Adds a call, and returns another that it should not have been beside.
    pub(crate) fn add(&self, key: u32, call: Flown) -> Option<Flown> {
        let mut key = self.0.get(key as usize)?.lock();
        let Key { calls, forgets } = &mut *key;
        let found = calls.iter().find(|other| {
            forgets.allow(call.led_beside(other)) || forgets.allow(other.led_beside(&call))
        });
        let found = found.copied();
        if calls.len() == CALLS {
            calls.pop_front();
        }
        calls.push_back(call);
        found
    }
}

impl Forgets {
    /// Was nothing forgotten since then?
    fn allow(&self, since: Option<Duration>) -> bool {
        since.is_some_and(|since| self.under_way == 0 && self.last < Some(since))
    }
}

impl Flown {
    /// Since when `other` had a caller aboard, if this call should have been
    /// none for its sake.
    fn led_beside(&self, other: &Self) -> Option<Duration> {
        let witnessed = other.witnessed?;
        let beside =
            witnessed < self.asked && other.called < self.asked && Some(self.called) < other.ended;
        beside.then_some(witnessed)
    }
}

impl fmt::Display for Flown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            asked,
            called,
            ended,
            witnessed,
        } = self;
        write!(
            f,
            "call {number} (asked for at {asked:?}, made at {called:?}, over at {ended:?}, with one it answered aboard since {witnessed:?})"
        )
    }
}
