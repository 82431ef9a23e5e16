//! Callers of popular and of rare keys, on two threads.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Zipf};
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};

use super::Case;
use crate::{Peer, work::Delay};

const TASKS: usize = 64;
const THREADS: usize = 2;
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
    /// Those of them that went over to a task.
    pub handed_over: f64,
    /// Of 1,000 answers, those that were there before they were asked for.
    pub old: f64,
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
        let runtime = two_threads();
        let (time, old) = runtime.block_on(async {
            let clock = delay.clock();
            let start = Instant::now();
            let task = |number: usize| {
                let (keys, peer) = (Arc::clone(&keys), peer.clone());
                tokio::spawn(async move {
                    let mut old = 0_u64;
                    for key in &keys[number] {
                        let called = Instant::now();
                        let answer = peer.call(*key).await.expect(P::NAME);
                        assert_eq!(answer.key, *key, "{}", P::NAME);
                        old += u64::from(answer.done < called);
                    }
                    old
                })
            };
            let tasks: Vec<_> = (0..TASKS).map(task).collect();
            let mut old = 0;
            for task in tasks {
                old += task.await.expect("no panic");
            }
            let time = start.elapsed();
            clock.abort();
            (time, old)
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
            handed_over: delay.handed_over() as f64 * 1e3 / answers,
            old: old as f64 * 1e3 / answers,
        }
    }
}

/// What it takes of a thread, in nanoseconds and at least, to have a task finish
/// what others wait for: to start one that is woken once and then wakes one of
/// them, less what it takes that one to be woken once itself. As many tasks wait
/// as in [`Mixed`], on as many threads.
pub fn task_floor() -> f64 {
    let by_task = time_of_each(|| async {
        tokio::spawn(yield_now()).await.expect("no panic");
    });
    by_task - time_of_each(yield_now)
}

fn time_of_each<F>(call: impl Fn() -> F + Clone + Send + 'static) -> f64
where
    F: Future<Output = ()> + Send,
{
    const CALLS: u32 = 500;
    let runtime = two_threads();
    let time = runtime.block_on(async {
        let start = Instant::now();
        let task = |_| {
            let call = call.clone();
            tokio::spawn(async move {
                for _ in 0..CALLS {
                    call().await;
                }
            })
        };
        let tasks: Vec<_> = (0..TASKS).map(task).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        start.elapsed()
    });
    time.as_secs_f64() * 1e9 * THREADS as f64 / (TASKS as f64 * f64::from(CALLS))
}

fn two_threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .build()
        .expect("a runtime")
}
