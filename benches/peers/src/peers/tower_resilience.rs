//! tower-resilience-coalesce.

use ::tower::{Layer, Service};
use ::tower_resilience_coalesce::{CoalesceError, CoalesceLayer, CoalesceService};

use super::WorkService;
use crate::{Failure, Key, Peer, Work};

type Extract<K> = fn(&K) -> K;

/// tower-resilience-coalesce, the nearest: a tower layer.
#[derive(Clone)]
pub struct TowerResilience<K: Key, W: Work<K>>(CoalesceService<WorkService<W>, K, K, Extract<K>>);

impl<K: Key, W: Work<K>> Peer<K, W> for TowerResilience<K, W> {
    const NAME: &'static str = "tower-resilience-coalesce";

    fn new(work: W) -> Self {
        let extract: Extract<K> = K::clone;
        Self(CoalesceLayer::new(extract).layer(WorkService(work)))
    }

    // Its readiness is that of the inner service, which is always ready here, so
    // that this is what `ready().await?.call(key)` comes to.
    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let call = self.0.clone().call(key);
        async move {
            call.await.map_err(|error| match error {
                CoalesceError::Service(failure) => failure,
                other => Failure::Peer(format!("{other:?}")),
            })
        }
    }
}
