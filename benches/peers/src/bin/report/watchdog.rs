//! Ends the run, and says whose fault it is, if a peer never answers.
//!
//! None does so today in the cases that wait without a limit of their own, and a
//! limit inside of them would be part of what is timed.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

/// Far more than any run of one case over one peer takes.
const LIMIT: Duration = Duration::from_secs(180);
const STEP: Duration = Duration::from_secs(1);

/// Watches until it is dropped.
pub(crate) struct Watchdog {
    current: Arc<Current>,
    _end: Sender<()>,
}

/// Who is running, and the number of that run. Nobody is woken when they change.
#[derive(Default)]
struct Current {
    name: AtomicUsize,
    run: AtomicUsize,
}

impl Watchdog {
    pub(crate) fn new(case: &str, names: Vec<&'static str>) -> Self {
        let current = Arc::new(Current::default());
        let (end, ended) = mpsc::channel();
        let (case, watched) = (case.to_owned(), Arc::clone(&current));
        thread::spawn(move || {
            let (mut run, mut waited) = (0, Duration::ZERO);
            while ended.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                let now = watched.run.load(Relaxed);
                waited = if now == run { waited + STEP } else { STEP };
                run = now;
                if waited > LIMIT {
                    let name = names[watched.name.load(Relaxed)];
                    eprintln!(
                        "error: {case}: {name} hangs: no answer in {} s",
                        LIMIT.as_secs()
                    );
                    process::exit(1);
                }
            }
        });
        Self { current, _end: end }
    }

    /// The next run is of the one with this index.
    pub(crate) fn watch(&self, index: usize) {
        self.current.name.store(index, Relaxed);
        self.current.run.fetch_add(1, Relaxed);
    }
}
