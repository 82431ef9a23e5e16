//! All there is in a run: the pools, and who asks them.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{runtime::Handle, task::yield_now};
use tower_pool::{Stats, http::Join};

use super::{
    args::Args,
    books::{Books, Rules},
    caller::Caller,
    census::Census,
    core::Core,
    findings::Findings,
    inner::Outside,
    mortal,
    plan::Dice,
    play::{Step, play},
    web::{self, Web},
};

pub(crate) struct World {
    pub(crate) outside: Arc<Outside>,
    pub(crate) findings: Arc<Findings>,
    pub(crate) stop: AtomicBool,
    /// Pools whose flights are driven in the runtime that lasts.
    pub(crate) steady: [Arc<Core>; 3],
    /// Those whose flights are driven in others, too.
    pub(crate) stormy: [Arc<Core>; 2],
    pub(crate) web: [Web; 2],
    /// Callers on their way to a runtime that does not last.
    pub(crate) emigrants: Mutex<Vec<Caller>>,
    /// Runtimes that have come and gone.
    pub(crate) runtimes: AtomicU64,
    /// Tasks and threads that are at it.
    pub(crate) busy: AtomicU64,
    seed: u64,
    keys: u32,
    exponent: f64,
}

/// Threads that have one runtime after another.
const HARBOURS: u64 = 2;

impl World {
    pub(crate) fn new(args: &Args, seed: u64, home: &Handle) -> Arc<Self> {
        let findings = Arc::new(Findings::default());
        let outside = Arc::new(Outside {
            census: Census::default(),
            home: home.clone(),
        });
        let core = |name, rules| {
            let core = Core::new(name, rules, args.keys, &findings, &outside);
            Arc::new(core)
        };
        let web = |name, join| Web::new(name, join, args.keys, &findings, &outside);
        let plain = Rules::default();
        let crowded = Rules {
            max_callers: Some(5),
            ..plain
        };
        let finishing = Rules {
            finishes: true,
            max_age: Some(Duration::from_millis(10)),
            ..plain
        };
        let in_storms = |rules| Rules {
            loses_runtimes: true,
            ..rules
        };
        Arc::new(Self {
            steady: [
                core("plain", plain),
                core("crowded", crowded),
                core("finishing", finishing),
            ],
            stormy: [
                core("stormy", in_storms(plain)),
                core("stormy, finishing", in_storms(finishing)),
            ],
            web: [
                web("web", Join::UntilHead),
                web("web, late", Join::UntilBody),
            ],
            stop: AtomicBool::new(false),
            emigrants: Mutex::default(),
            runtimes: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            seed,
            keys: args.keys,
            exponent: args.exponent,
            findings,
            outside,
        })
    }

    /// Starts the load: tasks, and threads with runtimes of their own. `first`
    /// is the number of the first of them.
    pub(crate) fn load(self: &Arc<Self>, first: u64, tasks: u64) -> Vec<JoinHandle<()>> {
        self.stop.store(false, SeqCst);
        self.busy.store(tasks + HARBOURS, SeqCst);
        for task in first..first + tasks {
            let (world, dice) = (Arc::clone(self), self.dice(task));
            self.outside.home.spawn(async move {
                world.ask_on(dice, task).await;
                world.busy.fetch_sub(1, SeqCst);
            });
        }
        let harbours = first + tasks..first + tasks + HARBOURS;
        let harbour = |task| {
            let (world, dice) = (Arc::clone(self), self.dice(task));
            thread::spawn(move || {
                mortal::come_and_go(&world, dice, task);
                world.busy.fetch_sub(1, SeqCst);
            })
        };
        harbours.map(harbour).collect()
    }

    async fn ask_on(self: &Arc<Self>, mut dice: Dice, task: u64) {
        while !self.stop.load(SeqCst) {
            match dice.up_to(9) {
                which @ 0..2 => {
                    let web = &self.web[which as usize];
                    web::play(web, web::Step::roll(&mut dice, task)).await;
                }
                which => {
                    let step = Step::roll(&mut dice, task);
                    let core = match which {
                        2..8 => &self.steady[which as usize % self.steady.len()],
                        _ => &self.stormy[which as usize % self.stormy.len()],
                    };
                    play(self, core, step).await;
                }
            }
            yield_now().await; // not all that a caller does has to wait
        }
    }

    /// Has a caller polled on in another runtime than it was.
    pub(crate) fn sends_away(&self, caller: Caller) {
        if mortal::is_here() {
            self.outside.home.spawn(caller);
        } else if caller.record.books.rules.loses_runtimes {
            self.emigrants.lock().push(caller);
        } else {
            self.outside.home.spawn(caller);
        }
    }

    /// Callers who have found no runtime to go to.
    pub(crate) fn left_behind(&self) -> Vec<Caller> {
        mem::take(&mut self.emigrants.lock())
    }

    /// The books of each pool, with what it says of itself and its flights.
    pub(crate) fn pools(&self) -> Vec<(&Arc<Books>, Stats, usize)> {
        let cores = self.steady.iter().chain(&self.stormy);
        let mut pools: Vec<_> = cores
            .map(|core| (&core.books, core.pool.stats(), core.pool.in_flight()))
            .collect();
        for web in &self.web {
            pools.push((&web.books, web.pool.stats(), web.pool.in_flight()));
        }
        pools
    }

    fn dice(&self, task: u64) -> Dice {
        Dice::new(self.seed, task, self.keys, self.exponent)
    }
}
