//! A handle by which newcomers join a body: [`WeakBody`].

use std::sync::{Arc, Weak};

use super::{reader::SharedBody, shared::Shared};

/// Finds a [`SharedBody`] that is under way, and keeps nothing of it.
#[derive(Clone)]
pub(crate) struct WeakBody(Weak<Shared>);

impl WeakBody {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::downgrade(shared))
    }

    /// A new reader at the first byte, if there is a reader and not yet
    /// `max_readers`, the start is still held, and the body is not over.
    pub(crate) fn join(&self, max_readers: usize) -> Option<SharedBody> {
        let shared = self.0.upgrade()?;
        let mark = shared.state.lock().join(max_readers)?;
        Some(SharedBody::reader(shared, mark))
    }

    /// How many can still read the body.
    #[cfg(test)]
    pub(super) fn readers(&self) -> usize {
        let shared = self.0.upgrade();
        shared.map_or(0, |shared| shared.state.lock().readers())
    }
}
