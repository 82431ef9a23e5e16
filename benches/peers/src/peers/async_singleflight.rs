//! async_singleflight.

use std::sync::Arc;

use ::async_singleflight::Group;

use crate::{Failure, Key, Peer, Work};

/// async_singleflight.
#[derive(Clone)]
pub struct AsyncSingleflight<K: Key, W: Work<K>> {
    group: Arc<Group<K, W::Answer, Failure>>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for AsyncSingleflight<K, W> {
    const NAME: &'static str = "async_singleflight";

    fn new(work: W) -> Self {
        Self {
            group: Arc::new(Group::new()),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let Self { group, work } = self.clone();
        async move {
            let outcome = group.work(&key, work.start(&key)).await;
            outcome.map_err(|failure| {
                failure.unwrap_or_else(|| Failure::Peer("the leader failed".to_owned()))
            })
        }
    }
}
