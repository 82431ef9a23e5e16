//! Where the callers of a flight leave their wakers.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

use slab::Slab;

/// One caller's place in a flight.
pub(super) struct Seat {
    /// The round that it leads, or led.
    pub(super) led: Option<u32>,
    /// How many retries were over when it joined.
    pub(super) retries_before: u32,
    /// Was it made by the very call that it waits for, and not polled elsewhere?
    pub(super) inside: bool,
    place: Place,
}

/// Where in [`Seats`] a waker is.
#[derive(Clone, Copy)]
enum Place {
    /// Kept apart, so that a flight with one caller allocates no seats.
    First,
    /// A wave, and an index among the seats of that wave.
    Later { wave: u64, index: usize },
    /// Not among the seats yet.
    Standing,
}

impl Seat {
    /// The seat of whoever makes a flight.
    pub(super) fn leader() -> Self {
        Self {
            led: Some(0),
            retries_before: 0,
            inside: false,
            place: Place::First,
        }
    }

    /// The seat of one who joins after so many retries, from inside the call
    /// or from outside.
    pub(super) fn follower(retries_before: u32, inside: bool) -> Self {
        Self {
            led: None,
            retries_before,
            inside,
            place: Place::Standing,
        }
    }
}

/// The wakers of all who wait.
#[derive(Default)]
pub(super) struct Seats {
    first: Option<Waker>,
    later: Slab<Waker>,
    /// How often all were woken: a place of an earlier wave is void.
    wave: u64,
}

impl Seats {
    /// Is the waker on this seat as good as `waker`?
    pub(super) fn holds(&self, seat: &Seat, waker: &Waker) -> bool {
        let seated = match seat.place {
            Place::First => self.first.as_ref(),
            Place::Later { wave, index } if wave == self.wave => self.later.get(index),
            Place::Later { .. } | Place::Standing => None,
        };
        seated.is_some_and(|seated| seated.will_wake(waker))
    }

    /// Seats `waker`, and returns the one that was there.
    pub(super) fn put(&mut self, seat: &mut Seat, waker: Waker) -> Option<Waker> {
        match seat.place {
            Place::First => self.first.replace(waker),
            Place::Later { wave, index } if wave == self.wave => {
                Some(mem::replace(&mut self.later[index], waker))
            }
            Place::Later { .. } | Place::Standing => {
                let index = self.later.insert(waker);
                seat.place = Place::Later {
                    wave: self.wave,
                    index,
                };
                None
            }
        }
    }

    /// Takes the waker from this seat.
    pub(super) fn take(&mut self, seat: &mut Seat) -> Option<Waker> {
        let (wave, index) = match seat.place {
            Place::First => return self.first.take(),
            Place::Standing => return None,
            Place::Later { wave, index } => (wave, index),
        };
        seat.place = Place::Standing;
        if wave != self.wave {
            return None;
        }
        let waker = self.later.remove(index);
        if self.later.is_empty() {
            self.later = Slab::new(); // a crowd has gone, and its seats with it
        }
        Some(waker)
    }

    /// Takes every waker, and that of the task with them.
    pub(super) fn take_all(&mut self, task: Option<Waker>) -> Wakers {
        self.wave += 1;
        Wakers {
            one: self.first.take(),
            many: mem::take(&mut self.later),
            task,
        }
    }
}

/// Wakers that were taken out of a flight, to be woken with no lock held.
#[derive(Default)]
pub(super) struct Wakers {
    one: Option<Waker>,
    many: Slab<Waker>,
    pub(super) task: Option<Waker>,
}

impl Wakers {
    /// Wakes each once. One that panics does not cost the others their wake.
    pub(super) fn wake(mut self) {
        let few = self.one.take().into_iter().chain(self.task.take());
        for waker in few.chain(self.many.drain()) {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                mem::forget(payload); // the hook has reported it, and its drop may panic too
            }
        }
    }
}
