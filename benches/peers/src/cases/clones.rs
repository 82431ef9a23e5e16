//! A large answer for several callers on two threads.

use std::{
    hint::black_box,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use tokio::runtime::Builder;

use super::Case;
use crate::{Peer, work::Gate};

const SIZE: usize = 1 << 20;

pub struct Clones {
    pub callers: usize,
}

#[derive(Clone, Copy, Debug)]
pub struct Cloned {
    /// Clones made, but for the one that the work itself makes.
    pub clones: usize,
    /// How many were being made at the same time, at most.
    pub at_once: usize,
    /// From the opening of the gate to the last answer.
    pub time: Duration,
}

/// An answer of 1 MiB that counts its clones.
#[derive(Debug)]
pub struct Big {
    bytes: Vec<u8>,
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    made: AtomicUsize,
    under_way: AtomicUsize,
    at_once: AtomicUsize,
}

impl Clone for Big {
    fn clone(&self) -> Self {
        let count = Arc::clone(&self.count);
        let under_way = count.under_way.fetch_add(1, SeqCst) + 1;
        count.at_once.fetch_max(under_way, SeqCst);
        count.made.fetch_add(1, SeqCst);
        let bytes = self.bytes.clone();
        count.under_way.fetch_sub(1, SeqCst);
        Self { bytes, count }
    }
}

impl PartialEq for Big {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Case for Clones {
    type Key = u64;
    type Work = Gate<Big>;
    type Figures = Cloned;

    fn run<P: Peer<u64, Gate<Big>>>(&self) -> Cloned {
        keep_large_blocks();
        let count = Arc::new(Count::default());
        let gate = Gate::new(Big {
            bytes: vec![7; SIZE],
            count: Arc::clone(&count),
        });
        let peer = P::new(gate.clone());
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .expect("a runtime");
        let time = runtime.block_on(async {
            let joined = Arc::new(AtomicUsize::new(0));
            let caller = |_| {
                let (peer, joined) = (peer.clone(), Arc::clone(&joined));
                tokio::spawn(async move {
                    let mut call = Box::pin(peer.call(1));
                    let first = futures::poll!(call.as_mut());
                    assert!(first.is_pending(), "{}", P::NAME);
                    joined.fetch_add(1, SeqCst);
                    call.await
                })
            };
            let callers: Vec<_> = (0..self.callers).map(caller).collect();
            while joined.load(SeqCst) < self.callers {
                tokio::task::yield_now().await;
            }
            let start = Instant::now();
            gate.open();
            let mut answers = Vec::with_capacity(self.callers);
            for caller in callers {
                answers.push(caller.await.expect("no panic"));
            }
            let time = start.elapsed();
            for answer in answers {
                assert_eq!(answer.expect("no error").bytes.len(), SIZE, "{}", P::NAME);
            }
            time
        });
        assert_eq!(gate.begun(), 1, "{}", P::NAME);
        Cloned {
            clones: count.made.load(SeqCst) - 1,
            at_once: count.at_once.load(SeqCst),
            time,
        }
    }
}

/// Brings glibc's allocator to a state that does not depend on what ran before.
/// It maps each large block anew, and so takes more time for page faults than
/// for copies, until one that is larger still was freed: from then on it keeps
/// blocks up to that size.
fn keep_large_blocks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(24 * SIZE))));
}
