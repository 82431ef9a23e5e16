//! The line of each second.

use std::time::Instant;

use tokio::runtime::Handle;

use super::{vitals::Vitals, world::World};

pub(crate) struct Progress {
    start: Instant,
    /// When the last line was made, and how many answers there were then.
    last: (Instant, u64),
}

impl Progress {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            last: (start, 0),
        }
    }

    pub(crate) fn line(&mut self, world: &World, runtime: &Handle) -> String {
        let (mut answers, mut calls, mut waiting, mut flights) = (0, 0, 0, 0);
        for (books, _, in_flight) in world.pools() {
            let tally = books.tally();
            answers += tally.answered();
            calls += tally.aboard.called() + tally.solo.called() + tally.released.called();
            waiting += books.waiting();
            flights += in_flight;
        }
        let now = Instant::now();
        let (then, before) = std::mem::replace(&mut self.last, (now, answers));
        let rate = (answers - before) as f64 / (now - then).as_secs_f64();
        let vitals = Vitals::take(runtime);
        let files = vitals
            .files
            .map_or_else(|| "?".to_owned(), |files| files.to_string());
        format!(
            "{:6.1} s  {rate:8.0} answers/s  {calls:10} inner calls  {flights:5} in flight  {waiting:6} callers  {:7} KiB  {files:4} files  {:6} tasks",
            self.start.elapsed().as_secs_f64(),
            vitals.live_bytes / 1024,
            vitals.tasks,
        )
    }
}
