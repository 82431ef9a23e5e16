//! What all models share: a table, a site, a runtime, and what must be so at the end.

use std::{
    collections::BTreeSet,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use loom::model::Builder;

use crate::{
    call::{Answer, Call, Course, Failure, Site},
    flight::{Arrival, Caller, Config, Entered, Part, Table},
    park::{block_on, block_on_future, poll_once},
    policy::Verdict,
    runtime::Handle,
    stats::Stats,
};

/// How often at most a thread is stopped where it could go on, if
/// `LOOM_MAX_PREEMPTIONS` does not say.
const PREEMPTIONS: usize = 3;

/// All have one hash.
#[derive(PartialEq, Eq)]
enum Key {
    /// What all ask for, unless a model says otherwise.
    One,
    Another,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

type Hashers = BuildHasherDefault<DefaultHasher>;
type Verdicts = fn(Result<&Answer, &Failure>) -> Verdict;

/// Runs a model in every order of its threads, and returns what came of it in
/// one order or another: so that a model can tell that it saw the race both ways.
pub(crate) fn model<T>(model: impl Fn() -> T + Send + Sync + 'static) -> BTreeSet<T>
where
    T: Ord + Clone + Send + 'static,
{
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.max_branches = 10_000;
    let seen = Arc::new(Mutex::new((0_u64, BTreeSet::new())));
    builder.check({
        let seen = Arc::clone(&seen);
        move || {
            let outcome = model();
            let mut seen = seen.lock().unwrap();
            seen.0 += 1;
            seen.1.insert(outcome);
        }
    });
    let (orders, outcomes) = seen.lock().unwrap().clone();
    println!("{orders} orders, {} outcomes", outcomes.len());
    outcomes
}

/// A table, the site that the calls of its key arrive at, one for those of another
/// key with the same hash, and a runtime that the thread which made it is in.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) site: Arc<Site>,
    other_site: Arc<Site>,
    pub(crate) runtime: Handle,
    table: Arc<Table<Key, Call, Verdicts, Hashers>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Site::default(), Config::default(), |_| Verdict::Share)
    }

    pub(crate) fn with(site: Site, config: Config, verdicts: Verdicts) -> Self {
        let runtime = Handle::new();
        runtime.enter();
        Self {
            site: Arc::new(site),
            other_site: Arc::default(),
            runtime,
            table: Arc::new(Table::new(Arc::new(verdicts), Hashers::default(), config)),
        }
    }

    /// Another caller.
    pub(crate) fn call(&self, course: Course) -> Guest {
        self.try_call(course).expect("there is no limit")
    }

    /// Another caller, that has begun its call and is held.
    pub(crate) fn begun(&self, course: Course) -> Guest {
        let mut caller = self.call(course);
        assert!(caller.poll_once().is_pending());
        caller
    }

    /// Another caller, if there is room for it.
    pub(crate) fn try_call(&self, course: Course) -> Option<Guest> {
        self.enter(Key::One, Call::new(&self.site, course))
    }

    /// A caller of another key, whose hash is the same.
    pub(crate) fn call_another(&self, course: Course) -> Guest {
        let call = Call::new(&self.other_site, course);
        self.enter(Key::Another, call).expect("there is no limit")
    }

    fn enter(&self, key: Key, call: Call) -> Option<Guest> {
        match self.table.enter(key, call) {
            Entered::Aboard(caller) => Some(Guest(caller)),
            Entered::Full(_) => None,
        }
    }

    /// How many have joined a flight so far.
    pub(crate) fn joined(&self) -> u64 {
        self.table.counters.snapshot(0).joined
    }

    pub(crate) fn forget(&self) -> bool {
        self.table.forget(&Key::One)
    }

    /// Starts a thread that is inside the runtime.
    pub(crate) fn spawn<T: 'static>(
        &self,
        run: impl FnOnce(Self) -> T + 'static,
    ) -> loom::thread::JoinHandle<T> {
        let world = self.clone();
        loom::thread::spawn(move || {
            world.runtime.enter();
            run(world)
        })
    }

    /// When all callers have had their end: nothing is left of anything.
    pub(crate) fn end(self) -> Stats {
        assert_eq!(self.table.len(), 0, "a flight is left in the table");
        self.runtime.join();
        let stats = self.table.stats();
        let table = Arc::into_inner(self.table);
        drop(table.expect("a flight is left somewhere"));
        for site in [self.site, self.other_site] {
            let site = Arc::into_inner(site).expect("a call or an answer is left");
            assert!(!site.is_busy());
        }
        stats
    }
}

/// The first call comes to nothing for all but its leader.
pub(crate) fn retry_the_first(outcome: Result<&Answer, &Failure>) -> Verdict {
    match outcome {
        Ok(answer) if answer.number == 1 => Verdict::Retry,
        _ => Verdict::Share,
    }
}

/// A caller.
pub(crate) struct Guest(Caller<Key, Call, Verdicts, Hashers>);

impl Guest {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Arrival<Call>> {
        self.0.poll(cx)
    }

    pub(crate) fn poll_once(&mut self) -> Poll<Arrival<Call>> {
        poll_once(|cx| self.poll(cx))
    }

    /// Waits for the answer, on a call of its own if it is let go to one.
    pub(crate) fn answer(self) -> usize {
        self.answer_and_part().0
    }

    /// The same, and the part that it had in the answer.
    pub(crate) fn answer_and_part(mut self) -> (usize, Part) {
        let (outcome, part) = match block_on(|cx| self.poll(cx)) {
            Arrival::Outcome(outcome, part) => (outcome, part),
            Arrival::Alone(call) => (block_on_future(call), Part::Released),
        };
        (outcome.expect("no call fails").number, part)
    }

    /// Waits for the answer, or for the panic that takes its place.
    pub(crate) fn end(self) -> Option<usize> {
        catch_unwind(AssertUnwindSafe(|| self.answer())).ok()
    }
}
