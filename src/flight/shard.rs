//! One shard of the table: the flights under way whose hashes fall there.
//!
//! Every method runs with the shard's lock held, and none runs foreign code:
//! what is to be compared, polled or dropped is handed out.

use std::{mem, sync::Arc};

use hashbrown::HashTable;

use super::{
    Flight,
    lone::{LoneFlight, Parked, Progress, Ticket},
    phase::Thread,
    state::Unstarted,
    table::{Table, give_back},
};

pub(super) struct Shard<K, F: Future, P, H> {
    /// The flights that are open to newcomers.
    flights: HashTable<Entry<K, F, P, H>>,
    /// Those that others have joined, by number, for the callers that made them
    /// and have not found out yet.
    joined: HashTable<(u64, Shared<K, F, P, H>)>,
    /// Flights entered so far. It numbers them, too.
    led: u64,
}

/// The hash stands beside its flight, so that a table which grows or shrinks
/// runs nobody's `Hash`.
struct Entry<K, F: Future, P, H> {
    hash: u64,
    /// In the order of arrival, and none twice.
    number: u64,
    flight: Stage<K, F, P, H>,
}

/// A flight as it is in the table, or as its lone caller finds it there.
pub(super) enum Stage<K, F: Future, P, H, L = LoneFlight<K, F>> {
    Lone(L),
    Shared(Shared<K, F, P, H>),
}

type Shared<K, F, P, H> = Arc<Flight<K, F, P, H>>;

impl<K, F: Future, P, H> Shard<K, F, P, H> {
    pub(super) fn new() -> Self {
        Self {
            flights: HashTable::new(),
            joined: HashTable::new(),
            led: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn led(&self) -> u64 {
        self.led
    }

    /// Enters the flight of a caller that is alone so far.
    pub(super) fn insert(&mut self, hash: u64, flight: LoneFlight<K, F>) -> Ticket {
        let number = self.led;
        self.led += 1;
        let entry = Entry {
            hash,
            number,
            flight: Stage::Lone(flight),
        };
        let entered = self.flights.insert_unique(hash, entry, |entry| entry.hash);
        Ticket {
            hash,
            number,
            bucket: entered.bucket_index(),
        }
    }

    /// The first flight of this hash that came after the one of this number. It
    /// is shared from now on. Its key is compared by the caller, after the lock.
    pub(super) fn find(
        &mut self,
        hash: u64,
        after: Option<u64>,
        table: &Arc<Table<K, F, P, H>>,
    ) -> Option<Shared<K, F, P, H>> {
        let same = self.flights.iter_hash(hash).filter(|e| e.hash == hash);
        let later = same.map(|entry| entry.number).filter(|n| Some(*n) > after);
        let number = later.min()?;
        self.share(hash, number, table)
    }

    /// Makes the flight of a lone caller one that may have several.
    pub(super) fn share(
        &mut self,
        hash: u64,
        number: u64,
        table: &Arc<Table<K, F, P, H>>,
    ) -> Option<Shared<K, F, P, H>> {
        let found = self
            .flights
            .find_entry(hash, |entry| entry.number == number);
        let found = found.ok()?;
        if let Stage::Shared(flight) = &found.get().flight {
            return Some(Arc::clone(flight));
        }
        let (entry, place) = found.remove();
        let Stage::Lone(lone) = entry.flight else {
            unreachable!("it was not shared")
        };
        let flight = Arc::new(lone.into_shared(hash, number, Arc::clone(table)));
        place.insert(Entry {
            flight: Stage::Shared(Arc::clone(&flight)),
            ..entry
        });
        let entry = (number, Arc::clone(&flight));
        self.joined
            .insert_unique(spread(number), entry, |(number, _)| spread(*number));
        Some(flight)
    }

    /// Removes this very flight, if it is still there.
    pub(super) fn remove(&mut self, flight: &Flight<K, F, P, H>) -> Option<Stage<K, F, P, H>> {
        let found = self
            .flights
            .find_entry(flight.hash, |entry| entry.number == flight.number);
        let (removed, _) = found.ok()?.remove();
        give_back(&mut self.flights, |entry| entry.hash);
        Some(removed.flight)
    }

    /// Has a lone caller poll its call: the one that was parked, or none if that
    /// is to begin now, in the span of `own`.
    pub(super) fn take_off(
        &mut self,
        ticket: Ticket,
        own: &mut Option<Unstarted<F>>,
    ) -> Stage<K, F, P, H, Option<Parked<F>>> {
        let Some(lone) = self.lone(ticket) else {
            return Stage::Shared(self.collect(ticket));
        };
        if let Some(own) = own {
            mem::swap(&mut lone.span, &mut own.span);
        }
        let polled = Progress::Polled(Thread::here());
        match mem::replace(&mut lone.progress, polled) {
            Progress::Parked(parked) => Stage::Lone(Some(parked)),
            Progress::Unbegun | Progress::Polled(_) => Stage::Lone(None),
        }
    }

    /// Parks the call of a lone caller, but leaves it where it is if others have
    /// joined.
    pub(super) fn park(
        &mut self,
        ticket: Ticket,
        parked: &mut Option<Parked<F>>,
    ) -> Stage<K, F, P, H, ()> {
        let Some(lone) = self.lone(ticket) else {
            return Stage::Shared(self.collect(ticket));
        };
        if let Some(parked) = parked.take() {
            lone.bound |= parked.runtime.is_some();
            lone.progress = Progress::Parked(parked);
        }
        Stage::Lone(())
    }

    /// Ends the flight of a lone caller; not if others have joined.
    pub(super) fn finish(&mut self, ticket: Ticket) -> Stage<K, F, P, H> {
        let Some(bucket) = self.bucket(ticket) else {
            return Stage::Shared(self.collect(ticket));
        };
        let found = self.flights.get_bucket_entry(bucket);
        let (removed, _) = found.ok().expect("it is there").remove();
        give_back(&mut self.flights, |entry| entry.hash);
        removed.flight
    }

    fn lone(&mut self, ticket: Ticket) -> Option<&mut LoneFlight<K, F>> {
        let bucket = self.bucket(ticket)?;
        match &mut self.flights.get_bucket_mut(bucket)?.flight {
            Stage::Lone(lone) => Some(lone),
            Stage::Shared(_) => None,
        }
    }

    /// Where the flight of a lone caller is: most likely where it was entered.
    fn bucket(&self, ticket: Ticket) -> Option<usize> {
        match self.flights.get_bucket(ticket.bucket) {
            Some(entry) if entry.is_lone(ticket) => Some(ticket.bucket),
            _ => self
                .flights
                .find_bucket_index(ticket.hash, |entry| entry.is_lone(ticket)),
        }
    }

    /// Tells the caller that made a flight which one it has become.
    fn collect(&mut self, ticket: Ticket) -> Shared<K, F, P, H> {
        let number = ticket.number;
        let found = self
            .joined
            .find_entry(spread(number), |(joined, _)| *joined == number);
        let ((_, flight), _) = found.ok().expect("lone, or joined").remove();
        give_back(&mut self.joined, |(number, _)| spread(*number));
        flight
    }
}

impl<K, F: Future, P, H> Entry<K, F, P, H> {
    fn is_lone(&self, ticket: Ticket) -> bool {
        self.number == ticket.number && matches!(self.flight, Stage::Lone(_))
    }
}

/// Spreads the numbers over the bits that a table looks at.
fn spread(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
