//! Where the readers that wait leave their wakers.

use std::{mem, task::Waker};

use hashbrown::HashTable;

use crate::flight::{give_back, wake};

/// The wakers of all who wait, by the number of the reader.
#[derive(Default)]
pub(super) struct Waiters {
    /// Apart, so that a lone reader needs no table.
    one: Option<(u64, Waker)>,
    many: HashTable<(u64, Waker)>,
    /// How many there were when they were woken last: room for as many is made
    /// at once.
    before: usize,
}

impl Waiters {
    pub(super) fn is_empty(&self) -> bool {
        self.one.is_none() && self.many.is_empty()
    }

    /// Would waking this reader wake `waker`?
    pub(super) fn holds(&self, reader: u64, waker: &Waker) -> bool {
        let seated = match &self.one {
            Some((number, seated)) if *number == reader => Some(seated),
            _ => {
                let found = self.many.find(hash(reader), |(n, _)| *n == reader);
                found.map(|(_, seated)| seated)
            }
        };
        seated.is_some_and(|seated| seated.will_wake(waker))
    }

    /// Seats `waker`, and returns the one that was there.
    pub(super) fn put(&mut self, reader: u64, waker: Waker) -> Option<Waker> {
        let before = self.take(reader);
        if self.one.is_none() {
            self.one = Some((reader, waker));
            return before;
        }
        if self.many.capacity() == 0 {
            const AT_ONCE: usize = 1024; // more may not come again
            self.many
                .reserve(self.before.min(AT_ONCE), |(n, _)| hash(*n));
        }
        self.many
            .insert_unique(hash(reader), (reader, waker), |(n, _)| hash(*n));
        before
    }

    /// Takes this reader's waker, if it is there.
    pub(super) fn take(&mut self, reader: u64) -> Option<Waker> {
        if let Some((_, waker)) = self.one.take_if(|(number, _)| *number == reader) {
            return Some(waker);
        }
        if self.many.is_empty() {
            return None;
        }
        let found = self.many.find_entry(hash(reader), |(n, _)| *n == reader);
        let ((_, waker), _) = found.ok()?.remove();
        give_back(&mut self.many, |(n, _)| hash(*n));
        Some(waker)
    }

    /// Takes every waker.
    pub(super) fn take_all(&mut self) -> Wakers {
        self.before = self.many.len();
        Wakers {
            one: self.one.take(),
            many: mem::take(&mut self.many),
        }
    }
}

/// Spreads the numbers over the bits that a table looks at.
fn hash(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Wakers to be woken with no lock held.
#[derive(Default)]
pub(super) struct Wakers {
    one: Option<(u64, Waker)>,
    many: HashTable<(u64, Waker)>,
}

impl Wakers {
    pub(super) fn is_empty(&self) -> bool {
        self.one.is_none() && self.many.is_empty()
    }

    /// Wakes each once. One that panics does not cost the others their wake.
    pub(super) fn wake(self) {
        if let Some((_, waker)) = self.one {
            wake(waker);
        }
        if !self.many.is_empty() {
            self.many.into_iter().for_each(|(_, waker)| wake(waker));
        }
    }
}
