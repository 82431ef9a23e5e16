//! Runtimes whose clocks are put forward by hand.

use std::{
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::{Instant, advance},
};

pub fn hours(hours: u64) -> Duration {
    Duration::from_secs(3600 * hours)
}

/// With paused clocks that agree, if the program is about time.
pub fn runtimes(count: usize, timed: bool) -> Vec<Runtime> {
    let runtime = |_| {
        let mut builder = Builder::new_current_thread();
        if timed {
            builder.enable_time().start_paused(true);
        }
        builder.build().unwrap()
    };
    let runtimes: Vec<_> = (0..count).map(runtime).collect();
    if timed {
        let now = |runtime: &Runtime| {
            let _context = runtime.enter();
            Instant::now()
        };
        let latest = runtimes.iter().map(now).max();
        for runtime in &runtimes {
            let behind = latest.unwrap() - now(runtime);
            put_forward(runtime.handle(), behind);
        }
    }
    runtimes
}

/// Puts a paused clock forward without running a task.
pub fn put_forward(runtime: &Handle, by: Duration) {
    let _context = runtime.enter();
    let advance = pin!(advance(by));
    let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
}
