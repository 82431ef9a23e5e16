//! This crate.

use ::tower::Layer;
use ::tower_pool::{Pool, PoolLayer};

use super::WorkService;
use crate::{Failure, Key, Peer, Work};

type Extract<K> = fn(&K) -> Option<K>;

/// This crate.
#[derive(Clone)]
pub struct TowerPool<K: Key, W: Work<K>>(Pool<WorkService<W>, K, Extract<K>>);

impl<K: Key, W: Work<K>> Peer<K, W> for TowerPool<K, W> {
    const NAME: &'static str = "tower-pool";
    const SURVIVES_ITS_LEADER: bool = true;

    fn new(work: W) -> Self {
        let key: Extract<K> = |key| Some(key.clone());
        Self(PoolLayer::new(key).layer(WorkService(work)))
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        self.0.request(key)
    }
}
