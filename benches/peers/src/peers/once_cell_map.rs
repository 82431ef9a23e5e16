//! By hand: tokio's `OnceCell` in a `DashMap`.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::OnceCell;

use crate::{Failure, Key, Peer, Work};

type Cell<A> = Arc<OnceCell<Result<A, Failure>>>;

/// tokio's `OnceCell` in a `DashMap`, by hand: whoever has the answer first
/// takes the cell from the map.
#[derive(Clone)]
pub struct OnceCellMap<K: Key, W: Work<K>> {
    cells: Arc<DashMap<K, Cell<W::Answer>>>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for OnceCellMap<K, W> {
    const NAME: &'static str = "tokio OnceCell in a DashMap";

    fn new(work: W) -> Self {
        Self {
            cells: Arc::default(),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let Self { cells, work } = self.clone();
        let cell = Arc::clone(&cells.entry(key.clone()).or_default());
        async move {
            let outcome = cell.get_or_init(|| work.start(&key)).await.clone();
            cells.remove_if(&key, |_, present| Arc::ptr_eq(present, &cell));
            outcome
        }
    }
}
