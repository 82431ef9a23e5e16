//! Which keys had answers that could not be shared.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use lru::LruCache;
use parking_lot::Mutex;
use tokio::time::Instant;

/// How many keys are remembered: the hottest, as the one that was asked for the
/// longest ago makes room.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// How long a key is remembered, unless the user says otherwise.
pub(super) const DEFAULT_TIME: Duration = Duration::from_secs(120);

/// Remembers keys whose answers were not to be shared, for a while, so that who
/// comes next need not wait for one to find out again.
///
/// By their hashes alone. Two keys of one hash cost a chance to share, and
/// nothing else; and no key is kept after its flight.
pub(super) struct Memory {
    /// Since when.
    keys: Mutex<LruCache<u64, Instant>>,
    /// Read without the lock, as most of the time there are none.
    len: AtomicUsize,
    time: Duration,
}

impl Memory {
    pub(super) fn new(time: Duration) -> Self {
        Self {
            keys: Mutex::new(LruCache::sparse(CAPACITY)),
            len: AtomicUsize::new(0),
            time,
        }
    }

    pub(super) fn remember(&self, hash: u64) {
        if self.time.is_zero() {
            return;
        }
        let mut keys = self.keys.lock();
        keys.put(hash, Instant::now());
        self.len.store(keys.len(), Relaxed);
    }

    pub(super) fn forget(&self, hash: u64) {
        if self.len.load(Relaxed) == 0 {
            return;
        }
        let mut keys = self.keys.lock();
        keys.pop(&hash);
        self.len.store(keys.len(), Relaxed);
    }

    pub(super) fn holds(&self, hash: u64) -> bool {
        if self.len.load(Relaxed) == 0 {
            return false;
        }
        let mut keys = self.keys.lock();
        match keys.get(&hash) {
            None => false,
            Some(since) if since.elapsed() < self.time => true,
            Some(_) => {
                keys.pop(&hash);
                self.len.store(keys.len(), Relaxed);
                false
            }
        }
    }
}
