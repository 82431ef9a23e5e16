//! rs-singleflight.

use ::rs_singleflight::Group;

use crate::{Failure, Key, Peer, Work};

/// rs-singleflight.
#[derive(Clone)]
pub struct RsSingleflight<K: Key, W: Work<K>> {
    group: Group<K, W::Answer, Failure>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for RsSingleflight<K, W> {
    const NAME: &'static str = "rs-singleflight";

    fn new(work: W) -> Self {
        Self {
            group: Group::new(),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let Self { group, work } = self.clone();
        async move { group.do_call(key.clone(), || work.start(&key)).await }
    }
}
