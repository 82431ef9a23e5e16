//! No sharing: the floor of a lone call.

use crate::{Failure, Key, Peer, Work};

/// No sharing at all: the floor of a lone call.
#[derive(Clone)]
pub struct Bare<W>(W);

impl<K: Key, W: Work<K>> Peer<K, W> for Bare<W> {
    const NAME: &'static str = "bare";

    fn new(work: W) -> Self {
        Self(work)
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        self.0.start(&key)
    }
}
