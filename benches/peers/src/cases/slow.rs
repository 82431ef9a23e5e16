//! A call that is woken many times before it is done, and many who wait for it.

use super::{
    Case,
    crowd::{gather, polls, settle},
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
    /// Of all callers while nothing happens. Those who never come to rest are
    /// stopped after ten each.
    pub idle: u64,
    /// Of all callers, the leader too, from the first time that the call is woken.
    /// They come to rest before it is woken again; those who do not are let go on
    /// for two polls each.
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
            let each = callers.len() as u64;
            settle(2 * each).await; // whatever is left to do about joining
            let idle = settle(10 * each).await;
            let before = polls();
            for _ in 0..self.wakes {
                let inner = gate.polls();
                gate.wake();
                settle(2 * each).await;
                assert!(gate.polls() > inner, "{}", P::NAME);
            }
            gate.open();
            for caller in callers {
                assert_eq!(caller.await.expect("no panic"), Ok(42), "{}", P::NAME);
            }
            assert_eq!(gate.begun(), 1, "{}", P::NAME);
            Polls {
                idle,
                callers: polls() - before,
                inner: gate.polls(),
            }
        })
    }
}
