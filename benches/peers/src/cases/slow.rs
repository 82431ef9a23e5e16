//! A call that is woken many times before it is done, and many who wait for it.

use tokio::task::yield_now;

use super::{
    Case,
    crowd::{gather, polls},
    one_thread,
};
use crate::{Peer, work::Gate};

pub struct Slow {
    pub followers: usize,
    /// How often the call is woken in vain.
    pub wakes: usize,
}

#[derive(Clone, Copy, Debug)]
pub struct Polls {
    /// Of all callers, the leader too, after they have joined.
    pub callers: u64,
    /// Of the inner call.
    pub inner: u64,
}

impl Case for Slow {
    type Key = u64;
    type Work = Gate<u64>;
    type Figures = Polls;

    fn run<P: Peer<u64, Gate<u64>>>(&self) -> Polls {
        let gate = Gate::new(42);
        let peer = P::new(gate.clone());
        one_thread().block_on(async {
            let callers = gather((0..=self.followers).map(|_| peer.call(1))).await;
            let before = polls();
            for wake in 1..=self.wakes as u64 {
                let inner = gate.polls();
                gate.wake();
                while gate.polls() == inner {
                    yield_now().await;
                }
                assert!(gate.polls() >= wake, "{}", P::NAME);
            }
            gate.open();
            for caller in callers {
                assert_eq!(caller.await.expect("no panic"), Ok(42), "{}", P::NAME);
            }
            assert_eq!(gate.begun(), 1, "{}", P::NAME);
            Polls {
                callers: polls() - before,
                inner: gate.polls(),
            }
        })
    }
}
