//! The flights under way, by key.

use std::{
    hash::{BuildHasher, Hash},
    sync::{Arc, OnceLock},
    thread::available_parallelism,
};

use hashbrown::HashTable;
use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::{
    Config, Flight,
    caller::Caller,
    state::{Boarding, State, Unstarted},
    task,
    trace::Span,
};
use crate::{
    policy::Policy,
    stats::{Counters, Stats},
};

/// Sharded, so that callers of different keys seldom meet at a lock.
pub(crate) struct Table<K, F: Future, P, H> {
    shards: Box<[Shard<K, F, P, H>]>,
    hasher: H,
    /// Hands a flight over to a task. A pointer, set where the bounds of a
    /// task hold, because a caller's `Drop` can have none.
    pub(super) hand_over: HandOver<K, F, P, H>,
    /// Shared with the layer, so that a policy need not be `Clone`.
    pub(crate) policy: Arc<P>,
    pub(crate) config: Config,
    pub(crate) counters: Counters,
}

type HandOver<K, F, P, H> = fn(Arc<Flight<K, F, P, H>>, &Handle, Span);

/// The hash stands beside its flight, so that a table which grows or shrinks
/// runs nobody's `Hash`.
type Entry<K, F, P, H> = (u64, Arc<Flight<K, F, P, H>>);

/// Alone on its cache lines.
#[repr(align(128))]
struct Shard<K, F: Future, P, H>(Mutex<Entries<K, F, P, H>>);

struct Entries<K, F: Future, P, H> {
    flights: HashTable<Entry<K, F, P, H>>,
    /// Flights entered so far.
    led: u64,
}

/// How a newcomer was received.
pub(crate) enum Entered<K, F: Future, P, H> {
    /// It leads or follows.
    Aboard(Caller<K, F, P, H>),
    /// The flight has all the callers it may have: here is the call again.
    Full(F),
}

impl<K, F: Future, P, H> Table<K, F, P, H> {
    /// Removes this very flight, if it is still there.
    pub(super) fn remove(&self, flight: &Flight<K, F, P, H>) {
        let mut entries = self.shard(flight.hash).lock();
        let found = entries
            .flights
            .find_entry(flight.hash, |(_, f)| std::ptr::eq(Arc::as_ptr(f), flight));
        let removed = found.ok().map(|entry| entry.remove().0);
        give_back(&mut entries.flights, |(hash, _)| *hash);
        drop(entries);
        drop(removed); // perhaps the last of it, and its key with it
    }

    /// The number of flights in the table.
    pub(crate) fn len(&self) -> usize {
        let len = |shard: &Shard<K, F, P, H>| shard.0.lock().flights.len();
        self.shards.iter().map(len).sum()
    }

    pub(crate) fn stats(&self) -> Stats {
        let led = self.shards.iter().map(|shard| shard.0.lock().led).sum();
        self.counters.snapshot(led)
    }

    /// Takes bits that the shard's own table uses neither for its buckets (the
    /// lowest) nor for its tags (the highest).
    fn shard(&self, hash: u64) -> &Mutex<Entries<K, F, P, H>> {
        &self.shards[(hash >> 40) as usize & (self.shards.len() - 1)].0
    }
}

impl<K, F, P, H> Table<K, F, P, H>
where
    K: Hash + Eq,
    F: Future,
    H: BuildHasher,
{
    /// Joins the open flight of `key`, or leads a new one.
    pub(crate) fn enter(self: &Arc<Self>, key: K, call: F) -> Entered<K, F, P, H> {
        let hash = self.hasher.hash_one(&key);
        let own = Unstarted {
            call,
            span: Span::current(),
        };
        let mut unequal = Vec::new();
        loop {
            let flight = {
                let mut entries = self.shard(hash).lock();
                match entries.find(hash, &unequal) {
                    Some(flight) => flight,
                    None => {
                        let flight = Arc::new(Flight {
                            key,
                            hash,
                            state: Mutex::new(State::new(own, &self.config)),
                            published: OnceLock::new(),
                            table: Arc::clone(self),
                        });
                        entries.insert(Arc::clone(&flight));
                        drop(entries);
                        return Entered::Aboard(Caller::leader(flight));
                    }
                }
            };
            if flight.key != key {
                unequal.push(flight);
                continue;
            }
            let boarding = flight.state.lock().board(&self.config);
            match boarding {
                Boarding::Joined(seat, leader) => {
                    self.counters.joined.add_one();
                    let caller = Caller::follower(flight, seat, own);
                    caller.follows_from(leader);
                    return Entered::Aboard(caller);
                }
                Boarding::Full => return Entered::Full(own.call),
                Boarding::Closed => self.remove(&flight),
            }
        }
    }

    /// Closes the flight of `key` to newcomers. Returns whether there was one.
    pub(crate) fn forget(&self, key: &K) -> bool {
        let hash = self.hasher.hash_one(key);
        let mut unequal = Vec::new();
        loop {
            let found = self.shard(hash).lock().find(hash, &unequal);
            match found {
                None => return false,
                Some(flight) if flight.key == *key => {
                    let was_open = flight.state.lock().close();
                    self.remove(&flight);
                    if was_open {
                        return true;
                    }
                }
                Some(flight) => unequal.push(flight),
            }
        }
    }
}

impl<K, F, A, E, P, H> Table<K, F, P, H>
where
    K: Send + Sync + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
    A: Send + Sync + 'static,
    E: Send + Sync + 'static,
    P: Policy<A, E> + Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    pub(crate) fn new(policy: Arc<P>, hasher: H, config: Config) -> Self {
        let shard = || {
            Shard(Mutex::new(Entries {
                flights: HashTable::new(),
                led: 0,
            }))
        };
        Self {
            shards: (0..shard_count()).map(|_| shard()).collect(),
            hasher,
            hand_over: task::hand_over,
            policy,
            config,
            counters: Counters::default(),
        }
    }
}

impl<K, F: Future, P, H> Entries<K, F, P, H> {
    /// The first flight of this hash that was not yet found unequal. Its key is
    /// compared by the caller, after the lock.
    fn find(
        &self,
        hash: u64,
        unequal: &[Arc<Flight<K, F, P, H>>],
    ) -> Option<Arc<Flight<K, F, P, H>>> {
        let candidate = |(h, flight): &(u64, Arc<_>)| {
            *h == hash && !unequal.iter().any(|u| Arc::ptr_eq(u, flight))
        };
        let found = self.flights.find(hash, candidate);
        found.map(|(_, flight)| Arc::clone(flight))
    }

    fn insert(&mut self, flight: Arc<Flight<K, F, P, H>>) {
        self.led += 1;
        let hash = flight.hash;
        self.flights
            .insert_unique(hash, (hash, flight), |(h, _)| *h);
    }
}

/// Gives memory back after a crowd: room for eight times what is there is
/// halved and halved again, at a cost spread over the removals.
pub(crate) fn give_back<T>(table: &mut HashTable<T>, hash: impl Fn(&T) -> u64) {
    const ROOM_TO_KEEP: usize = 64;
    let (len, room) = (table.len(), table.capacity());
    if room > ROOM_TO_KEEP && len < room / 8 {
        table.shrink_to(2 * len, hash);
    }
}

/// Four shards for each thread that can run, as a power of two.
fn shard_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let threads = available_parallelism().map_or(4, usize::from);
        (4 * threads).next_power_of_two()
    })
}
