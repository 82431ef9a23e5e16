//! What the readers of a body have in common: [`Shared`].

use std::{sync::Arc, task::Waker};

use http_body::SizeHint;

use super::{drive::WakeAll, state::State, upstream::Upstream};
use crate::sync::Mutex;

/// What the readers of a body have in common.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// For the upstream. It wakes all who wait.
    pub(super) waker: Waker,
}

impl Shared {
    pub(super) fn new(upstream: Option<Upstream>, hint: SizeHint, max_lag: u64) -> Arc<Self> {
        Arc::new_cyclic(|shared| Self {
            state: Mutex::new(State::new(upstream, hint, max_lag)),
            waker: WakeAll::waker(shared),
        })
    }
}
