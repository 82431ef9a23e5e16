//! A leader that is dropped while others wait.

use std::time::{Duration, Instant};

use tokio::task::yield_now;

use super::{Case, crowd::gather, one_thread};
use crate::{Failure, Peer, work::Gate};

/// How often the followers are given a chance to run before they are taken to
/// hang.
const CHANCES: usize = 100_000;

pub struct Cancel {
    pub followers: usize,
}

#[derive(Clone, Debug)]
pub struct Cancelled {
    /// From the drop of the leader to the last answer of a follower; the gate
    /// is opened in between. None if they hang.
    pub time: Option<Duration>,
    /// Inner calls begun.
    pub calls: u64,
    /// Followers that got an error.
    pub errors: usize,
}

impl Case for Cancel {
    type Key = u64;
    type Work = Gate<u64>;
    type Figures = Cancelled;

    fn run<P: Peer<u64, Gate<u64>>>(&self) -> Cancelled {
        let gate = Gate::new(42);
        let peer = P::new(gate.clone());
        one_thread().block_on(async {
            let mut callers = gather((0..=self.followers).map(|_| peer.call(1))).await;
            let start = Instant::now();
            callers.remove(0).abort();
            yield_now().await;
            gate.open();
            for _ in 0..CHANCES {
                if callers.iter().all(|caller| caller.is_finished()) {
                    break;
                }
                yield_now().await;
            }
            let time = start.elapsed();
            let hang = callers.iter().any(|caller| !caller.is_finished());
            let mut errors = 0;
            for caller in callers.into_iter().filter(|_| !hang) {
                match caller.await.expect("no panic") {
                    Ok(answer) => assert_eq!(answer, 42),
                    Err(Failure::Peer(_)) => errors += 1,
                    Err(Failure::Work(text)) => panic!("{}: {text}", P::NAME),
                }
            }
            Cancelled {
                time: (!hang).then_some(time),
                calls: gate.begun(),
                errors,
            }
        })
    }
}
