//! quick_cache.

use std::sync::Arc;

use ::quick_cache::sync::Cache;

use crate::{Failure, Key, Peer, Work};

/// quick_cache. It keeps its answers, so it needs a fresh key each round.
#[derive(Clone)]
pub struct QuickCache<K: Key, W: Work<K>> {
    cache: Arc<Cache<K, W::Answer>>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for QuickCache<K, W> {
    const NAME: &'static str = "quick_cache";
    const KEEPS_ANSWERS: bool = true;

    fn new(work: W) -> Self {
        Self {
            cache: Arc::new(Cache::new(1_000)),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let Self { cache, work } = self.clone();
        async move {
            let call = work.start(&key);
            cache.get_or_insert_async(&key, call).await
        }
    }
}
