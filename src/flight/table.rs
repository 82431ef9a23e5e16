//! The flights under way, by key.

use std::{
    hash::{BuildHasher, Hash},
    sync::{Arc, OnceLock},
    thread::available_parallelism,
};

use hashbrown::HashTable;

use super::{
    Config, Flight,
    caller::Caller,
    lone::{Lone, LoneFlight},
    phase::Vacancy,
    shard::Shard,
    state::{Boarding, Unstarted},
    task,
    trace::{self, Span},
};
use crate::{
    policy::Policy,
    stats::{Counters, Stats},
    sync::{Handle, Mutex},
};

/// Sharded, so that callers of different keys seldom meet at a lock.
pub(crate) struct Table<K, F: Future, P, H> {
    shards: Box<[LockedShard<K, F, P, H>]>,
    hasher: H,
    /// Hands a flight over to a task. A pointer, set where the bounds of a
    /// task hold, because a caller's `Drop` can have none.
    pub(super) hand_over: HandOver<K, F, P, H>,
    /// Shared with the layer, so that a policy need not be `Clone`.
    pub(crate) policy: Arc<P>,
    pub(crate) config: Config,
    /// Shared with those who are answered by what is left of a flight.
    pub(crate) counters: Arc<Counters>,
}

type HandOver<K, F, P, H> = fn(Arc<Flight<K, F, P, H>>, &Handle, Span);

/// Alone on its cache lines.
#[repr(align(128))]
struct LockedShard<K, F: Future, P, H>(Mutex<Shard<K, F, P, H>>);

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
        let removed = self.shard(flight.hash).lock().remove(flight);
        drop(removed); // perhaps the last of it, and its key with it
    }

    /// The number of flights in the table.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.0.lock().len()).sum()
    }

    pub(crate) fn stats(&self) -> Stats {
        let led = self.shards.iter().map(|shard| shard.0.lock().led()).sum();
        self.counters.snapshot(led)
    }

    /// A call was dropped, and nobody was left.
    pub(super) fn count_cancelled(&self) {
        self.counters.cancelled.add_one();
        self.milestone("cancelled for want of callers");
    }

    /// A caller leads a flight that was vacant.
    pub(super) fn count_lead(&self, why: Vacancy) {
        match why {
            Vacancy::Unbegun => return, // as the table has counted already
            Vacancy::Retry => self.counters.retried.add_one(),
            Vacancy::Lost => {}
        }
        self.counters.relaunched.add_one();
        self.milestone("led anew by a follower");
    }

    pub(super) fn milestone(&self, what: &'static str) {
        trace::milestone(self.config.name.as_deref(), what);
    }

    /// Takes bits that the shard's own table uses neither for its buckets (the
    /// lowest) nor for its tags (the highest).
    pub(super) fn shard(&self, hash: u64) -> &Mutex<Shard<K, F, P, H>> {
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
        let mut own = Unstarted {
            call,
            span: Span::current(),
        };
        let mut unequal = None;
        loop {
            let flight = {
                let mut shard = self.shard(hash).lock();
                match shard.find(hash, unequal, self) {
                    Some(flight) => flight,
                    None => {
                        let flight = LoneFlight::new(key, &self.config);
                        let ticket = shard.insert(hash, flight);
                        drop(shard);
                        let table = Arc::clone(self);
                        return Entered::Aboard(Caller::alone(Lone { table, ticket }, own));
                    }
                }
            };
            if flight.key != key {
                unequal = Some(flight.number);
                continue;
            }
            let boarding = flight.state.lock().board(&self.config);
            match boarding {
                Boarding::Joined(seat, leader) => {
                    self.counters.joined.add_one();
                    own.span.follow(leader);
                    let caller = Caller::follower(flight, seat, own);
                    drop(key); // its panic would forget what is returned already
                    return Entered::Aboard(caller);
                }
                Boarding::Full => {
                    drop(key);
                    return Entered::Full(own.call);
                }
                Boarding::Closed => self.remove(&flight),
            }
        }
    }

    /// Closes the flight of `key` to newcomers. Returns whether there was one.
    pub(crate) fn forget(self: &Arc<Self>, key: &K) -> bool {
        let hash = self.hasher.hash_one(key);
        let mut unequal = None;
        loop {
            let found = self.shard(hash).lock().find(hash, unequal, self);
            match found {
                None => return false,
                Some(flight) if flight.key == *key => {
                    let was_open = flight.state.lock().close();
                    self.remove(&flight);
                    if was_open {
                        return true;
                    }
                }
                Some(flight) => unequal = Some(flight.number),
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
        let shard = || LockedShard(Mutex::new(Shard::new()));
        Self {
            shards: (0..shard_count()).map(|_| shard()).collect(),
            hasher,
            hand_over: task::hand_over,
            policy,
            config,
            counters: Arc::default(),
        }
    }
}

/// Gives memory back after a crowd: room for eight times what is there is
/// halved and halved again, at a cost spread over the removals.
pub(crate) fn give_back<T>(table: &mut HashTable<T>, hash: impl Fn(&T) -> u64) {
    const ROOM_TO_KEEP: usize = 32;
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
