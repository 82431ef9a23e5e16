//! moka.

use ::moka::future::Cache;

use crate::{Failure, Key, Peer, Work};

/// moka's cache with no room for answers, so that all it does is to share calls.
#[derive(Clone)]
pub struct Moka<K: Key, W: Work<K>> {
    cache: Cache<K, Result<W::Answer, Failure>>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for Moka<K, W> {
    const NAME: &'static str = "moka";

    fn new(work: W) -> Self {
        Self {
            cache: Cache::new(0),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let Self { cache, work } = self.clone();
        async move {
            let call = work.start(&key);
            cache.get_with(key, call).await
        }
    }
}
