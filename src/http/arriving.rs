//! Responses whose body is still arriving, which newcomers may join:
//! [`Join::UntilBody`](super::Join::UntilBody).

use std::{
    collections::HashMap,
    sync::{Arc, Weak, atomic::Ordering::Relaxed},
    time::Duration,
};

use ::http::{Response, response::Parts};
use hashbrown::HashTable;
use tokio::time::Instant;

use super::{
    body::{SharedBody, WeakBody},
    request_key::RequestKey,
};
use crate::{
    flight::give_back,
    sync::{AtomicU64, Mutex},
};

/// The responses of one pool that are arriving, by key, the latest of each.
///
/// An entry is there for as long as its body can be read from the start: the
/// body holds a [`Ticket`], and lets go of it when that is over.
pub(super) struct Arriving<K> {
    /// No key is compared under the lock, as part of it is code of others.
    entries: Mutex<HashTable<Arc<Entry<K>>>>,
    forgotten: Mutex<Forgotten>,
    /// Numbers requests, and what was forgotten, in their order.
    order: AtomicU64,
    limits: Limits,
}

/// When a request was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    order: u64,
    at: Instant,
}

/// Which keys were forgotten of late, by their hashes: the response to an older
/// request is not for newcomers.
#[derive(Default)]
struct Forgotten {
    keys: HashMap<u64, u64>,
    /// Nor is that to any request before this.
    all: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many bytes of a body are kept for newcomers.
    pub(super) max_body: u64,
    pub(super) max_callers: usize,
    pub(super) max_age: Option<Duration>,
}

struct Entry<K> {
    key: Arc<RequestKey<K>>,
    head: Parts,
    asked: Asked,
    body: WeakBody,
}

/// Removes its entry.
struct Ticket<K: Send + Sync + 'static> {
    arriving: Weak<Arriving<K>>,
    entry: Arc<Entry<K>>,
}

impl<K> Arriving<K> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            entries: Mutex::new(HashTable::new()),
            forgotten: Mutex::default(),
            order: AtomicU64::new(0),
            limits,
        }
    }

    /// A request is made now.
    pub(super) fn ask(&self) -> Asked {
        Asked {
            order: self.next(),
            at: Instant::now(),
        }
    }

    fn next(&self) -> u64 {
        self.order.fetch_add(1, Relaxed)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.lock().len()
    }

    /// The latest entry of this hash; its key is yet to be compared.
    fn find(&self, hash: u64) -> Option<Arc<Entry<K>>> {
        let entries = self.entries.lock();
        let found = entries.find(hash, |entry| entry.key.hash() == hash);
        found.map(Arc::clone)
    }

    /// Removes this very entry, if it is still there.
    fn remove(&self, entry: &Arc<Entry<K>>) {
        let mut entries = self.entries.lock();
        let found = entries.find_entry(entry.key.hash(), |other| Arc::ptr_eq(other, entry));
        let removed = found.ok().map(|entry| entry.remove().0);
        give_back(&mut entries, |entry| entry.key.hash());
        drop(entries);
        drop(removed); // foreign code, in its key and in its head
    }

    /// Takes the place of an older entry. Not so if there is a younger one, or
    /// the key was forgotten since. Returns whether it did.
    fn insert(&self, entry: &Arc<Entry<K>>) -> bool {
        let (hash, order) = (entry.key.hash(), entry.asked.order);
        let mut entries = self.entries.lock();
        if self.forgotten.lock().covers(hash, order) {
            return false;
        }
        let replaced = match entries.find_entry(hash, |other| other.key.hash() == hash) {
            Ok(younger) if younger.get().asked.order > order => return false,
            Ok(older) => Some(older.remove().0),
            Err(_) => None,
        };
        entries.insert_unique(hash, Arc::clone(entry), |entry| entry.key.hash());
        drop(entries);
        drop(replaced);
        true
    }
}

impl<K: Eq> Arriving<K> {
    /// A response of this key whose body is still arriving and can be read
    /// from the start.
    pub(super) fn join(&self, key: &RequestKey<K>) -> Option<Response<SharedBody>> {
        let entry = self.find(key.hash()).filter(|entry| *entry.key == *key)?;
        let age = entry.asked.at.elapsed();
        let old = self.limits.max_age.is_some_and(|max| age >= max);
        if old {
            return None;
        }
        let body = entry.body.join(self.limits.max_callers)?;
        Some(Response::from_parts(entry.head.clone(), body))
    }

    /// Lets no newcomer join a response of this key to a request that was made
    /// before, be it arriving or under way, nor one that is arriving by now.
    /// Returns whether one was arriving.
    pub(super) fn forget(&self, key: &RequestKey<K>) -> bool {
        {
            // Numbered under the lock: the last of two is the later one.
            let mut forgotten = self.forgotten.lock();
            forgotten.add(key.hash(), self.next());
        }
        let entry = self.find(key.hash()).filter(|entry| *entry.key == *key);
        if let Some(entry) = &entry {
            self.remove(entry);
        }
        entry.is_some()
    }
}

impl<K: Send + Sync + 'static> Arriving<K> {
    /// Has newcomers of this key join `response`, which nobody has read from.
    pub(super) fn open(
        self: &Arc<Self>,
        key: Arc<RequestKey<K>>,
        asked: Asked,
        response: &Response<SharedBody>,
    ) {
        let (head, body) = response.clone().into_parts();
        let entry = Arc::new(Entry {
            key,
            head,
            asked,
            body: body.downgrade(),
        });
        // First the entry, as a body that is over gives its ticket back at once.
        if self.insert(&entry) {
            let ticket = Ticket {
                arriving: Arc::downgrade(self),
                entry,
            };
            body.hold(self.limits.max_body, Box::new(ticket));
        }
    }
}

impl Forgotten {
    /// So many keys are told apart. With more, all that is under way is forgotten.
    const CAPACITY: usize = 4096;

    fn add(&mut self, hash: u64, order: u64) {
        if self.keys.len() >= Self::CAPACITY {
            self.keys.clear();
            self.all = order;
        }
        self.keys.insert(hash, order);
    }

    fn covers(&self, hash: u64, order: u64) -> bool {
        self.all > order || self.keys.get(&hash).is_some_and(|at| order < *at)
    }
}

impl<K: Send + Sync + 'static> Drop for Ticket<K> {
    fn drop(&mut self) {
        if let Some(arriving) = self.arriving.upgrade() {
            arriving.remove(&self.entry);
        }
    }
}
