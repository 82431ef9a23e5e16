//! How many there are of what has to be gone in the end.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::SeqCst},
};

/// Counts those of one kind that are alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Arc<AtomicI64>);

/// One of them, until it is dropped. A clone is another one.
#[derive(Debug)]
pub(crate) struct Alive(Arc<AtomicI64>);

/// What a pool handles of ours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    pub(crate) keys: Gauge,
    pub(crate) requests: Gauge,
    pub(crate) calls: Gauge,
    pub(crate) outcomes: Gauge,
    pub(crate) bodies: Gauge,
}

impl Gauge {
    pub(crate) fn one(&self) -> Alive {
        self.0.fetch_add(1, SeqCst);
        Alive(Arc::clone(&self.0))
    }

    pub(crate) fn alive(&self) -> i64 {
        self.0.load(SeqCst)
    }
}

impl Clone for Alive {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, SeqCst);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Census {
    /// Each kind by its name.
    pub(crate) fn all(&self) -> [(&'static str, &Gauge); 5] {
        [
            ("keys", &self.keys),
            ("requests", &self.requests),
            ("inner calls", &self.calls),
            ("outcomes", &self.outcomes),
            ("bodies", &self.bodies),
        ]
    }
}
