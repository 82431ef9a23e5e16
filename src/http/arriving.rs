//! Responses whose body is still arriving, which newcomers may join:
//! [`Join::UntilBody`](super::Join::UntilBody).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use ::http::{Response, response::Parts};
use hashbrown::HashTable;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    body::{SharedBody, WeakBody},
    request_key::RequestKey,
};

/// The responses of one pool that are arriving, by key, the latest of each.
///
/// An entry is there for as long as its body can be read from the start: the
/// body holds a [`Ticket`], and lets go of it when that is over.
#[derive(Debug)]
pub(super) struct Arriving<K> {
    /// No key is compared under the lock, as part of it is code of others.
    entries: Mutex<HashTable<Arc<Entry<K>>>>,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many bytes of a body are kept for newcomers.
    pub(super) max_body: u64,
    pub(super) max_callers: usize,
    pub(super) max_age: Option<Duration>,
}

#[derive(Debug)]
struct Entry<K> {
    key: Arc<RequestKey<K>>,
    head: Parts,
    /// Since when its flight takes callers.
    since: Instant,
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
            limits,
        }
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
        drop(entries);
        drop(removed); // foreign code, in its key and in its head
    }

    fn insert(&self, entry: Arc<Entry<K>>) {
        let hash = entry.key.hash();
        let mut entries = self.entries.lock();
        let found = entries.find_entry(hash, |other| other.key.hash() == hash);
        let replaced = found.ok().map(|entry| entry.remove().0);
        entries.insert_unique(hash, entry, |entry| entry.key.hash());
        drop(entries);
        drop(replaced);
    }
}

impl<K: Eq> Arriving<K> {
    /// A response of this key whose body is still arriving and can be read
    /// from the start.
    pub(super) fn join(&self, key: &RequestKey<K>) -> Option<Response<SharedBody>> {
        let entry = self.find(key.hash()).filter(|entry| *entry.key == *key)?;
        let old = self
            .limits
            .max_age
            .is_some_and(|max| entry.since.elapsed() >= max);
        if old || entry.body.readers() >= self.limits.max_callers {
            return None;
        }
        Some(Response::from_parts(entry.head.clone(), entry.body.join()?))
    }

    /// Lets no newcomer join the response of this key that is arriving.
    /// Returns whether there was one.
    pub(super) fn forget(&self, key: &RequestKey<K>) -> bool {
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
        since: Instant,
        response: &Response<SharedBody>,
    ) {
        let (head, body) = response.clone().into_parts();
        let entry = Arc::new(Entry {
            key,
            head,
            since,
            body: body.downgrade(),
        });
        // First the entry, as a body that is over gives its ticket back at once.
        self.insert(Arc::clone(&entry));
        let ticket = Ticket {
            arriving: Arc::downgrade(self),
            entry,
        };
        body.hold(self.limits.max_body, Box::new(ticket));
    }
}

impl<K: Send + Sync + 'static> Drop for Ticket<K> {
    fn drop(&mut self) {
        if let Some(arriving) = self.arriving.upgrade() {
            arriving.remove(&self.entry);
        }
    }
}
