//! By hand: futures' `Shared` in a map.

use std::{collections::HashMap, sync::Arc};

use futures::{FutureExt, future::Shared};
use parking_lot::Mutex;

use crate::{Failure, Key, Peer, Work};

type Calls<K, F> = Arc<Mutex<HashMap<K, Shared<F>>>>;

/// `futures::future::Shared` in a map, by hand: whoever has the answer first
/// takes the call from the map.
pub struct SharedMap<K: Key, W: Work<K>> {
    calls: Calls<K, W::Future>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for SharedMap<K, W> {
    const NAME: &'static str = "futures Shared in a map";
    const SURVIVES_ITS_LEADER: bool = true;

    fn new(work: W) -> Self {
        Self {
            calls: Arc::default(),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let calls = Arc::clone(&self.calls);
        let call = calls
            .lock()
            .entry(key.clone())
            .or_insert_with(|| self.work.start(&key).shared())
            .clone();
        async move {
            let outcome = call.clone().await;
            let mut calls = calls.lock();
            if calls.get(&key).is_some_and(|present| present.ptr_eq(&call)) {
                calls.remove(&key);
            }
            outcome
        }
    }
}

// Not derived: that would ask for a `Clone` of the work's future.
impl<K: Key, W: Work<K>> Clone for SharedMap<K, W> {
    fn clone(&self) -> Self {
        Self {
            calls: Arc::clone(&self.calls),
            work: self.work.clone(),
        }
    }
}
