//! Where the callers of a flight leave their wakers.

use std::{
    mem,
    num::NonZeroU32,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

/// One caller's place in a flight.
pub(super) struct Seat {
    /// The round that it leads, or led.
    pub(super) led: Option<u32>,
    /// How many retries were over when it joined.
    pub(super) retries_before: u32,
    /// In which poll it was made by the very call that it waits for, if it was
    /// and has not been polled elsewhere.
    pub(super) inside: Option<NonZeroU32>,
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
            inside: None,
            place: Place::First,
        }
    }

    /// Has it never held a waker?
    pub(super) fn is_new(&self) -> bool {
        matches!(self.place, Place::Standing)
    }

    /// The seat of one who joins after so many retries, from inside the call
    /// or from outside.
    pub(super) fn follower(retries_before: u32, inside: Option<NonZeroU32>) -> Self {
        Self {
            led: None,
            retries_before,
            inside,
            place: Place::Standing,
        }
    }
}

/// The wakers of all who wait, in the order in which they came: so they are
/// woken, and whoever looks for memory that lies side by side finds it.
#[derive(Default)]
pub(super) struct Seats {
    first: Option<Waker>,
    /// By ascending number. A seat that was left stays until half of them are.
    numbered: Vec<(u64, Option<Waker>)>,
    /// How many were left.
    empty: usize,
    /// The number of the next to sit down. None is used twice.
    next: u64,
}

impl Seats {
    /// With the waker of the caller that made the flight, if it has one.
    pub(super) fn new(first: Option<Waker>) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

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
            Place::Numbered(number) => self.numbered[self.index(number)?].1.as_ref(),
        }
    }

    /// Seats `waker`, and returns the one that was there.
    pub(super) fn put(&mut self, seat: &mut Seat, waker: Waker) -> Option<Waker> {
        let seated = match seat.place {
            Place::First => return self.first.replace(waker),
            Place::Standing => None,
            Place::Numbered(number) => self.index(number),
        };
        if let Some(index) = seated {
            return self.numbered[index].1.replace(waker);
        }
        seat.place = Place::Numbered(self.next);
        self.numbered.push((self.next, Some(waker)));
        self.next += 1;
        None
    }

    /// Takes the waker from this seat.
    pub(super) fn take(&mut self, seat: &mut Seat) -> Option<Waker> {
        let number = match seat.place {
            Place::First => return self.first.take(),
            Place::Standing => return None,
            Place::Numbered(number) => number,
        };
        seat.place = Place::Standing;
        let index = self.index(number)?;
        let waker = self.numbered[index].1.take();
        self.empty += usize::from(waker.is_some());
        self.give_back();
        waker
    }

    /// Takes every waker, and that of the task with them.
    pub(super) fn take_all(&mut self, task: Option<Waker>) -> Wakers {
        self.empty = 0;
        Wakers {
            one: self.first.take(),
            many: mem::take(&mut self.numbered),
            task,
        }
    }

    /// Where a number is, unless its waker was taken with all others.
    fn index(&self, number: u64) -> Option<usize> {
        self.numbered
            .binary_search_by_key(&number, |(n, _)| *n)
            .ok()
    }

    /// Gives memory back after a crowd, at a cost spread over those who leave.
    fn give_back(&mut self) {
        const ROOM_TO_KEEP: usize = 16;
        let len = self.numbered.len();
        if len > ROOM_TO_KEEP && len / 2 < self.empty {
            self.numbered.retain(|(_, waker)| waker.is_some());
            self.numbered.shrink_to(len);
            self.empty = 0;
        }
    }
}

/// Wakers that were taken out of a flight, to be woken with no lock held.
#[derive(Default)]
pub(super) struct Wakers {
    one: Option<Waker>,
    many: Vec<(u64, Option<Waker>)>,
    task: Option<Waker>,
}

impl Wakers {
    /// Wakes each once. One that panics does not cost the others their wake.
    pub(super) fn wake(self) {
        let Self { one, many, task } = self;
        let many = many.into_iter().filter_map(|(_, waker)| waker);
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
