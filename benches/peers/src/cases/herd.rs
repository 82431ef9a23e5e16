//! Many callers of one key, and one call that lets them wait.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{Case, crowd::gather, one_thread};
use crate::{Peer, work::Gate};

pub struct Herd {
    pub callers: usize,
}

/// What a herd took, in all.
#[derive(Clone, Copy, Debug)]
pub struct HerdTimes {
    /// From the first call until all callers wait.
    pub join: Duration,
    /// From the opening of the gate to the last answer.
    pub answers: Duration,
}

impl Case for Herd {
    type Key = u64;
    type Work = Gate<u64>;
    type Figures = HerdTimes;

    fn run<P: Peer<u64, Gate<u64>>>(&self) -> HerdTimes {
        let gate = Gate::new(42);
        let peer = P::new(gate.clone());
        let times = one_thread().block_on(async {
            let start = Instant::now();
            let callers = gather((0..self.callers).map(|_| peer.call(1))).await;
            let join = start.elapsed();
            let start = Instant::now();
            gate.open();
            for caller in callers {
                assert_eq!(caller.await.expect("no panic"), Ok(42), "{}", P::NAME);
            }
            HerdTimes {
                join,
                answers: start.elapsed(),
            }
        });
        assert_eq!(gate.begun(), 1, "{}", P::NAME);
        times
    }
}

/// The floor: the same tasks, woken by one [`Notify`].
pub fn notify_floor(herd: &Herd) -> HerdTimes {
    let notify = Arc::new(Notify::new());
    one_thread().block_on(async {
        let start = Instant::now();
        let waiting = |_| {
            let notify = Arc::clone(&notify);
            async move {
                notify.notified().await;
                42
            }
        };
        let callers = gather((0..herd.callers).map(waiting)).await;
        let join = start.elapsed();
        let start = Instant::now();
        notify.notify_waiters();
        for caller in callers {
            assert_eq!(caller.await.expect("no panic"), 42);
        }
        HerdTimes {
            join,
            answers: start.elapsed(),
        }
    })
}
