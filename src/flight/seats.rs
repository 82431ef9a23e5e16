//! Where the callers of a flight leave their wakers.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

use hashbrown::HashTable;

use super::table::give_back;

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
    /// Under this number, unless all were woken since.
    Numbered(u64),
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
    numbered: HashTable<(u64, Waker)>,
    /// The number of the next to sit down. None is used twice.
    next: u64,
}

impl Seats {
    /// Is there a waker on this seat?
    pub(super) fn has(&self, seat: &Seat) -> bool {
        self.get(seat).is_some()
    }

    /// Is the waker on this seat as good as `waker`?
    pub(super) fn holds(&self, seat: &Seat, waker: &Waker) -> bool {
        self.get(seat).is_some_and(|seated| seated.will_wake(waker))
    }

    fn get(&self, seat: &Seat) -> Option<&Waker> {
        match seat.place {
            Place::First => self.first.as_ref(),
            Place::Standing => None,
            Place::Numbered(number) => {
                let found = self.numbered.find(hash(number), |(n, _)| *n == number);
                found.map(|(_, waker)| waker)
            }
        }
    }

    /// Seats `waker`, and returns the one that was there.
    pub(super) fn put(&mut self, seat: &mut Seat, waker: Waker) -> Option<Waker> {
        if let Place::First = seat.place {
            return self.first.replace(waker);
        }
        let before = self.take(seat);
        let number = self.next;
        self.next += 1;
        seat.place = Place::Numbered(number);
        self.numbered
            .insert_unique(hash(number), (number, waker), |(n, _)| hash(*n));
        before
    }

    /// Takes the waker from this seat.
    pub(super) fn take(&mut self, seat: &mut Seat) -> Option<Waker> {
        let number = match seat.place {
            Place::First => return self.first.take(),
            Place::Standing => return None,
            Place::Numbered(number) => number,
        };
        seat.place = Place::Standing;
        let found = self
            .numbered
            .find_entry(hash(number), |(n, _)| *n == number);
        let ((_, waker), _) = found.ok()?.remove();
        give_back(&mut self.numbered, |(n, _)| hash(*n));
        Some(waker)
    }

    /// Takes every waker, and that of the task with them.
    pub(super) fn take_all(&mut self, task: Option<Waker>) -> Wakers {
        Wakers {
            one: self.first.take(),
            many: mem::take(&mut self.numbered),
            task,
        }
    }
}

/// Spreads the numbers over the bits that a table looks at.
fn hash(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Wakers that were taken out of a flight, to be woken with no lock held.
#[derive(Default)]
pub(super) struct Wakers {
    one: Option<Waker>,
    many: HashTable<(u64, Waker)>,
    task: Option<Waker>,
}

impl Wakers {
    /// Wakes each once. One that panics does not cost the others their wake.
    pub(super) fn wake(self) {
        let Self { one, many, task } = self;
        let many = many.into_iter().map(|(_, waker)| waker);
        for waker in one.into_iter().chain(task).chain(many) {
            wake(waker);
        }
    }
}

/// Wakes one of several. If it panics, that does not cost the others their wake.
pub(crate) fn wake(waker: Waker) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
        mem::forget(payload); // the hook has reported it, and its drop may panic too
    }
}
