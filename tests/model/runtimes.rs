//! Runtimes that are run by hand, with clocks that are put forward by hand.

use std::{
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use tokio::{
    runtime::{Builder, EnterGuard, Handle, Runtime},
    task::yield_now,
    time::{Instant, advance},
};

use crate::program::Place;

/// What clocks say when a program begins is so much later than the real time:
/// they can be put forward to it, and never back.
pub const LATER: u64 = 1;

pub fn hours(hours: u64) -> Duration {
    Duration::from_secs(3600 * hours)
}

pub struct Runtimes {
    all: Vec<Option<Runtime>>,
    /// A runtime that was shut down can still be entered.
    handles: Vec<Handle>,
    /// What their paused clocks say, if the program is about time.
    now: Option<Instant>,
}

impl Runtimes {
    pub fn new(count: usize, timed: bool) -> Self {
        let mut runtimes = Self {
            all: Vec::new(),
            handles: Vec::new(),
            now: timed.then(|| Instant::now() + hours(LATER)),
        };
        (0..count).for_each(|_| runtimes.start());
        runtimes
    }

    pub fn start(&mut self) {
        let mut builder = Builder::new_current_thread();
        if self.now.is_some() {
            builder.enable_time().start_paused(true);
        }
        let runtime = builder.build().unwrap();
        self.handles.push(runtime.handle().clone());
        self.all.push(Some(runtime));
        self.set_clocks();
    }

    pub fn shut_down(&mut self, runtime: usize) {
        self.all[runtime] = None;
    }

    pub fn enter(&self, place: Place) -> Option<EnterGuard<'_>> {
        place.map(|runtime| self.handles[runtime].enter())
    }

    /// Lets all tasks run that can.
    pub fn tick(&self, runtime: usize) {
        let runtime = self.all[runtime].as_ref().expect("it is there");
        runtime.block_on(async {
            for _ in 0..3 {
                yield_now().await;
            }
        });
    }

    /// How many tasks there are in each.
    pub fn tasks(&self) -> Vec<usize> {
        let tasks = |runtime: &Handle| runtime.metrics().num_alive_tasks();
        self.handles.iter().map(tasks).collect()
    }

    pub fn advance(&mut self, by: u64) {
        self.now = self.now.map(|now| now + hours(by));
        self.set_clocks();
    }

    /// Puts paused clocks forward, without running a task.
    fn set_clocks(&self) {
        let Some(now) = self.now else { return };
        for runtime in &self.handles {
            let _context = runtime.enter();
            let advance = pin!(advance(now - Instant::now()));
            let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}
