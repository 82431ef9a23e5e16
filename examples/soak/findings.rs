//! What was found to be wrong while the load was on.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parking_lot::Mutex;

/// So many are kept in words; if it is more, the first are the ones to read.
const KEPT: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Findings {
    count: AtomicU64,
    words: Mutex<Vec<String>>,
}

impl Findings {
    pub(crate) fn add(&self, finding: String) {
        self.count.fetch_add(1, SeqCst);
        let mut words = self.words.lock();
        if words.len() < KEPT {
            words.push(finding);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(SeqCst)
    }

    pub(crate) fn words(&self) -> Vec<String> {
        self.words.lock().clone()
    }
}
