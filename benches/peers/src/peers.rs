//! Each peer as its documentation would have it used.

mod async_singleflight;
mod bare;
mod moka;
mod once_cell_map;
mod quick_cache;
mod rs_singleflight;
mod shared_map;
mod singleflight_async;
mod tower_pool;
mod tower_resilience;
mod uniflight;

pub use self::{
    async_singleflight::AsyncSingleflight, bare::Bare, moka::Moka, once_cell_map::OnceCellMap,
    quick_cache::QuickCache, rs_singleflight::RsSingleflight, shared_map::SharedMap,
    singleflight_async::SingleflightAsync, tower_pool::TowerPool,
    tower_resilience::TowerResilience, uniflight::Uniflight,
};

use std::task::{Context, Poll};

use ::tower::Service;

use crate::{Failure, Work};

/// The work as a service, for the peers that are layers. The request is the key.
#[derive(Clone)]
pub struct WorkService<W>(W);

impl<K, W: Work<K>> Service<K> for WorkService<W> {
    type Response = W::Answer;
    type Error = Failure;
    type Future = W::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, key: K) -> W::Future {
        self.0.start(&key)
    }
}
