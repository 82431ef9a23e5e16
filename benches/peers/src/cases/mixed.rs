//! Callers of popular and of rare keys, on two threads.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Zipf};
use tokio::runtime::Builder;

use super::Case;
use crate::{Peer, work::Delay};

const TASKS: usize = 64;
const KEYS: f64 = 1_000.0;

/// So many calls in all, of 1,000 keys whose popularity follows Zipf's law with
/// exponent 1.0, by 64 tasks. The inner call takes 50 µs.
pub struct Mixed {
    pub calls: usize,
    pub seed: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Throughput {
    pub answers_per_second: f64,
    /// Inner calls for each 1,000 answers.
    pub inner_calls: f64,
}

impl Case for Mixed {
    type Key = u64;
    type Work = Delay;
    type Figures = Throughput;

    fn run<P: Peer<u64, Delay>>(&self) -> Throughput {
        let delay = Delay::new(Duration::from_micros(50));
        let peer = P::new(delay.clone());
        let zipf = Zipf::new(KEYS, 1.0).expect("a distribution");
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut keys = || -> Vec<u64> {
            let each = self.calls / TASKS;
            (0..each).map(|_| zipf.sample(&mut random) as u64).collect()
        };
        let keys: Arc<Vec<_>> = Arc::new((0..TASKS).map(|_| keys()).collect());
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .expect("a runtime");
        let time = runtime.block_on(async {
            let clock = delay.clock();
            let start = Instant::now();
            let task = |number: usize| {
                let (keys, peer) = (Arc::clone(&keys), peer.clone());
                tokio::spawn(async move {
                    for key in &keys[number] {
                        assert_eq!(peer.call(*key).await, Ok(*key), "{}", P::NAME);
                    }
                })
            };
            let tasks: Vec<_> = (0..TASKS).map(task).collect();
            for task in tasks {
                task.await.expect("no panic");
            }
            let time = start.elapsed();
            clock.abort();
            time
        });
        let answers = (self.calls / TASKS * TASKS) as f64;
        let begun = delay.begun();
        assert!(
            begun > 0 && begun as f64 <= answers,
            "{}: {begun} calls",
            P::NAME
        );
        Throughput {
            answers_per_second: answers / time.as_secs_f64(),
            inner_calls: begun as f64 * 1e3 / answers,
        }
    }
}
