//! A run: the load once to warm up and once in earnest, and what is left of it.

use std::{
    io::{self, Write},
    sync::{Arc, atomic::Ordering::SeqCst},
    thread::{self, available_parallelism},
    time::{Duration, Instant},
};

use tokio::runtime::{self, Runtime};

use super::{
    args::Args,
    audit, mortal,
    progress::Progress,
    report::{Check, Report},
    tally::Tally,
    vitals::Vitals,
    world::World,
};

/// All that is kept at its fullest has been so by then: the room in the tables
/// and in the queues of the runtime.
const WARM_UP: Duration = Duration::from_secs(1);

/// What may be there more than before, for each core: every shard of a pool
/// keeps room for the flights it has had lately, if they were no more than 28, and
/// there are four shards for each core. A leak of one call in a thousand comes to
/// more than that in a minute; and what a pool holds of ours is counted besides.
const ROOM_IN_TABLES: isize = 128 << 10;

/// Until what was asked for last is gone, and how long that may take.
const STEP: Duration = Duration::from_millis(5);
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Run<'a> {
    args: &'a Args,
    seed: u64,
    runtime: Runtime,
    world: Arc<World>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(args: &'a Args, seed: u64) -> io::Result<Self> {
        mortal::silence_the_stranded();
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(args.workers().into())
            .enable_all()
            .build()?;
        let world = World::new(args, seed, runtime.handle());
        Ok(Self {
            args,
            seed,
            runtime,
            world,
        })
    }

    /// Runs it all, with a line each second, and checks what came of it.
    pub(crate) fn report(self, out: &mut dyn Write) -> io::Result<Report> {
        let tasks = u64::from(self.args.tasks);
        let mut checks = Vec::new();
        if self.load(0, WARM_UP, out)? {
            let before = self.settle(None);
            let time = Duration::from_secs(self.args.seconds);
            // Other numbers make other choices.
            if self.load(2 * tasks + 100, time, out)? {
                let runtimes = self.world.runtimes.load(SeqCst);
                let all = format!(
                    "{} tasks, and {runtimes} runtimes that came and went",
                    2 * tasks
                );
                checks.push(Check::new(true, format!("{all}, have ended")));
                checks.extend(self.is_all_gone(before, self.settle(Some(before))));
            }
        }
        if checks.is_empty() {
            checks.push(Check::new(false, "not all of the load has ended in time"));
        }
        // The last to be read, as it is the longest.
        checks.push(Check::of_findings(&self.world.findings));
        let stats = self.world.pools().iter().map(|pool| pool.1).collect();
        let besides = self.besides();
        // Whoever is lost may well block a thread.
        self.runtime.shutdown_background();
        Ok(Report {
            seed: self.seed,
            checks,
            stats,
            besides,
        })
    }

    fn besides(&self) -> Vec<(&'static str, u64)> {
        let pools = self.world.pools();
        let sum = |of: fn(&Tally) -> u64| pools.iter().map(|pool| of(&pool.0.tally())).sum();
        let led_anew = pools.iter().map(|pool| audit::led_anew(pool.0, &pool.1));
        vec![
            ("runtimes shut down", self.world.runtimes.load(SeqCst)),
            ("led anew after a loss", led_anew.sum()),
            (
                "recovered from it",
                sum(|tally| tally.ends_aboard.recovered),
            ),
            (
                "had lost their call",
                sum(|tally| tally.ends_aboard.stranded),
            ),
            ("saw a panic", sum(|tally| tally.ends_aboard.panicked)),
            ("policies panicked", sum(|tally| tally.judge_panicked)),
            ("calls were not ready", sum(|tally| tally.aboard.unready)),
            ("were dropped unpolled", sum(|tally| tally.unpolled)),
            ("readers cut off", sum(|tally| tally.cut_off)),
        ]
    }

    fn is_all_gone(&self, before: Vitals, after: Vitals) -> Vec<Check> {
        let pools = self.world.pools();
        let audits = pools
            .iter()
            .flat_map(|(books, stats, in_flight)| audit::of(books, stats, *in_flight));
        let census = self.world.outside.census.all();
        let alive = census.iter().map(|(kind, gauge)| {
            let alive = gauge.alive();
            Check::new(alive == 0, format!("{alive} {kind} alive"))
        });
        audits.chain(alive).chain(left(before, after)).collect()
    }

    /// Has tasks ask for so long, and waits for them to end. Returns whether
    /// they did; if a caller is lost, they are not waited for.
    fn load(&self, first: u64, time: Duration, out: &mut dyn Write) -> io::Result<bool> {
        let patience = Duration::from_secs(self.args.patience);
        let (world, runtime) = (&self.world, self.runtime.handle());
        let threads = world.load(first, self.args.tasks.into());
        let start = Instant::now();
        let mut progress = Progress::new(start);
        // What is wrong already need not go on.
        while start.elapsed() < time && world.findings.count() == 0 {
            let left = time.saturating_sub(start.elapsed());
            thread::sleep(left.min(Duration::from_secs(1)));
            writeln!(out, "{}", progress.line(world, runtime))?;
            if is_anybody_lost(world, patience) {
                world.stop.store(true, SeqCst);
                return Ok(false);
            }
        }
        world.stop.store(true, SeqCst);
        let stopped = Instant::now();
        while world.busy.load(SeqCst) > 0 || is_anybody_waiting(world) {
            drop(world.left_behind());
            if is_anybody_lost(world, patience) || stopped.elapsed() > patience + LIMIT {
                return Ok(false);
            }
            thread::sleep(STEP);
        }
        for thread in threads {
            let _ = thread.join();
        }
        Ok(true)
    }

    /// Waits for what goes on after its callers, and returns what is left then.
    fn settle(&self, before: Option<Vitals>) -> Vitals {
        let start = Instant::now();
        loop {
            let now = Vitals::take(self.runtime.handle());
            let census = self.world.outside.census.all();
            let pools = self.world.pools();
            let settled = census.iter().all(|(_, gauge)| gauge.alive() == 0)
                && pools.iter().all(|(books, ..)| books.open_records() == 0)
                && match before {
                    None => now.tasks == 0,
                    Some(before) => left(before, now).iter().all(|check| check.passed),
                };
            if settled || start.elapsed() > LIMIT {
                return now;
            }
            thread::sleep(STEP);
        }
    }
}

/// Complains of callers who have waited for too long.
fn is_anybody_lost(world: &World, patience: Duration) -> bool {
    let mut lost = false;
    for (books, ..) in world.pools() {
        lost |= books.complain_of_lost(patience);
    }
    lost
}

fn is_anybody_waiting(world: &World) -> bool {
    world.pools().iter().any(|(books, ..)| books.waiting() > 0)
}

fn left(before: Vitals, after: Vitals) -> [Check; 3] {
    let bytes = after.live_bytes - before.live_bytes;
    let cores = available_parallelism().map_or(1, usize::from) as isize;
    let due = ROOM_IN_TABLES * cores;
    [
        Check::new(
            bytes <= due,
            format!(
                "{} live bytes, {bytes:+} since the load began, where {due} may be room in tables",
                after.live_bytes
            ),
        ),
        // Each runtime has some of its own, for its wakes and its timers. One that is
        // not over because a call, a waker or a handle of it is kept somewhere keeps
        // them, too: of that, neither bytes nor tasks need tell.
        Check::new(
            after.files <= before.files,
            match (after.files, before.files) {
                (Some(after), Some(before)) => format!("{after} open files, {before} before"),
                _ => "open files are not known here".to_owned(),
            },
        ),
        Check::new(
            after.tasks <= before.tasks,
            format!("{} tokio tasks alive, {} before", after.tasks, before.tasks),
        ),
    ]
}
