//! uniflight.

use ::uniflight::Merger;

use crate::{Failure, Key, Peer, Work};

/// uniflight, with its default scope, the process.
#[derive(Clone)]
pub struct Uniflight<K: Key, W: Work<K>> {
    merger: Merger<K, Result<W::Answer, Failure>>,
    work: W,
}

impl<K: Key, W: Work<K>> Peer<K, W> for Uniflight<K, W> {
    const NAME: &'static str = "uniflight";
    const CATCHES_PANICS: bool = true;

    fn new(work: W) -> Self {
        Self {
            merger: Merger::new(),
            work,
        }
    }

    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static {
        let work = self.work.clone();
        let call = self.merger.execute(&key.clone(), move || work.start(&key));
        async move {
            match call.await {
                Ok(outcome) => outcome,
                Err(panicked) => Err(Failure::Peer(panicked.to_string())),
            }
        }
    }
}
