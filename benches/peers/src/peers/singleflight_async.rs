//! singleflight-async.

use std::sync::Arc;

use ::singleflight_async::SingleFlight;

use crate::{Failure, Key, Peer, Work};

/// singleflight-async.
#[derive(Clone)]
pub struct SingleflightAsync<K: Key, W: Work<K>> {
    group: Arc<SingleFlight<K, Result<W::Answer, Failure>>>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for SingleflightAsync<K, W> {
    const NAME: &'static str = "singleflight-async";

    fn new(work: W) -> Self {
        Self {
            group: Arc::new(SingleFlight::new()),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let work = self.work.clone();
        self.group.work(key.clone(), move || work.start(&key))
    }
}
