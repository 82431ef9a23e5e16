//! What callers of the core pools ask for.

use std::{
    cell::RefCell,
    hash::{Hash, Hasher},
    sync::Arc,
};

use super::{census::Alive, inner::Outside, record::Record};

/// A request for the inner service.
pub(crate) struct Ask {
    pub(super) record: Arc<Record>,
    pub(super) world: Arc<Outside>,
    _alive: Alive,
}

/// What requests are told apart by.
pub(crate) struct Key {
    number: u32,
    _alive: Alive,
}

thread_local! {
    static ASKS: RefCell<Option<Arc<Record>>> = const { RefCell::new(None) };
}

/// Has a caller ask. The clone of the inner service that the pool makes for it
/// gets to know for whom it is: its readiness has to be counted, too.
pub(crate) fn ask<T>(record: &Arc<Record>, world: &Arc<Outside>, ask: impl FnOnce(Ask) -> T) -> T {
    ASKS.set(Some(Arc::clone(record)));
    let asked = ask(Ask {
        record: Arc::clone(record),
        world: Arc::clone(world),
        _alive: world.census.requests.one(),
    });
    ASKS.set(None);
    asked
}

/// For whom the inner service is cloned just now.
pub(super) fn whose_clone() -> Option<Arc<Record>> {
    ASKS.with_borrow_mut(Option::take)
}

impl Ask {
    pub(crate) fn key(&self) -> Option<Key> {
        Some(Key::new(self.record.key?, &self.world))
    }
}

impl Key {
    pub(crate) fn new(number: u32, world: &Outside) -> Self {
        Self {
            number,
            _alive: world.census.keys.one(),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Key {}

/// Not by all of the number, so that keys of one hash are not seldom.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.number / 2).hash(state);
    }
}
