use ::tower::Layer;
use ::tower_pool::{Pool, PoolLayer};

use super::WorkService;
use crate::{Failure, Key, Peer, Work};

/// This crate.
pub struct TowerPool<K: Key, W: Work<K>>(Pool<WorkService<W>, K, fn(&K) -> Option<K>>);

impl<K: Key, W: Work<K>> Peer<K, W> for TowerPool<K, W> {
    const NAME: &'static str = "tower-pool";

    fn new(work: W) -> Self {
        let key: fn(&K) -> Option<K> = |key| Some(key.clone());
        Self(PoolLayer::new(key).layer(WorkService(work)))
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        self.0.request(key)
    }
}

impl<K: Key, W: Work<K>> Clone for TowerPool<K, W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
