//! What a pool promises, as a plain model on one thread: it says for each step
//! of a program all that is to be seen of it.
//!
//! 1. One call. While a flight is under way a caller of an equal key joins it.
//! 2. Only while under way. It leaves the table before its outcome is seen, and
//!    no outcome is kept for later.
//! 3. Transparent. A lone caller sees what it would see without the pool.
//! 4. Nobody depends on the leader, be it dropped, held or never polled.
//! 5. The last one out cancels, or lets the call finish in a task.
//! 6. Failures are shared as they are: an error is cloned, a panic unwinds in all.
//! 7. A flight that cannot finish is replaced by that of one of its callers.
//! 8. Back pressure stays honest. The flight itself waits for readiness.
//! 9. Nothing leaks.
//! 10. No busy work. Whoever waits is woken for a reason, and by the end once.
//!
//! Written from these and from the docs of what users see, not from the code of
//! the pool. Where they leave something open, the model looks at what was seen,
//! and goes on from there if that is allowed.

mod callers;
mod calls;
mod due;
mod flights;
mod panics;
mod poll;
mod tasks;
mod there;

use std::collections::BTreeMap;

use tower_pool::Stats;

use self::{due::Due, panics::Panic};
use crate::{
    meter::{Meter, Rare},
    program::{Action, Ending, Id, Judge, Place, Setup},
    runtimes::LATER,
    seen::Seen,
};

/// A point in time: an hour has a thousand units.
type Time = u64;

pub struct Model<'a> {
    setup: &'a Setup,
    callers: Vec<Caller>,
    /// One for each caller, made or not.
    calls: Vec<Call>,
    /// All that ever were.
    flights: Vec<Flight>,
    /// Those that a newcomer can join.
    table: BTreeMap<u8, FlightId>,
    stats: Stats,
    /// Which are there.
    runtimes: Vec<bool>,
    /// Tasks of abandoned flights that have not ended yet, in each runtime.
    idle_tasks: Vec<usize>,
    hour: u64,
    /// All flights that ended in one.
    panics: Vec<Panic>,
    due: Due,
    /// What has come about.
    meter: Meter,
}

type FlightId = usize;

struct Caller {
    key: Option<u8>,
    state: State,
    /// Its request is its own, and no call was made of it yet.
    has_request: bool,
    /// The waker that the pool has of it, until it is woken.
    waker: Option<u32>,
    /// How many wakers it had before the one that it was polled with last.
    wakers: u32,
    /// How many retries its flight had before it joined.
    retries_before: u32,
    /// Must it be polled, or else nothing comes of it?
    is_woken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Aboard(FlightId),
    /// Its flight has this outcome for it, and perhaps for the others, too.
    Answered {
        of: Id,
        shared: bool,
    },
    /// Its flight ended in a panic.
    Burst(usize),
    /// It is to make a call of its own, when it is next polled.
    Released,
    /// Its call was lost, and nobody is left to share another with.
    Stranded,
    /// It has a call of its own.
    Alone,
    Done,
    Dropped,
}

#[derive(Default)]
struct Call {
    /// Its request is there.
    alive: bool,
    /// It was polled in a runtime.
    bound: bool,
    /// The inner service has its request.
    called: bool,
    ready: bool,
    yields: bool,
    end: Option<(Ending, Judge)>,
    /// Whom a wake of it wakes.
    wakes: Wakes,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wakes {
    #[default]
    Nobody,
    /// The caller that polled it, with its waker.
    One(Id, u32),
    /// All who wait aboard.
    All(FlightId),
    Task(FlightId),
}

struct Flight {
    key: u8,
    callers: Vec<Id>,
    /// Whose request was made a call, if it is aboard.
    leader: Option<Id>,
    phase: Phase,
    driver: Driver,
    /// Where its task is to be: where the leader was polled last, or took the lead.
    home: Place,
    /// A runtime was lost, and the call was not.
    grounded: bool,
    retries: u32,
    /// When it was made, or led anew; none while it waits for somebody to do so.
    born: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Vacant(Vacancy),
    Flying(Id),
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vacancy {
    Unbegun,
    Retry,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    Callers,
    Task {
        runtime: usize,
        /// It has been woken.
        runs: bool,
    },
}

impl<'a> Model<'a> {
    pub fn new(setup: &'a Setup) -> Self {
        Self {
            setup,
            callers: Vec::new(),
            calls: Vec::new(),
            flights: Vec::new(),
            table: BTreeMap::new(),
            stats: Stats::default(),
            runtimes: vec![true; setup.runtimes],
            idle_tasks: vec![0; setup.runtimes],
            hour: 0,
            panics: Vec::new(),
            due: Due::default(),
            meter: Meter::default(),
        }
    }

    /// Follows a step, and says what is wrong with what was seen of it.
    pub fn step(&mut self, action: Action, seen: &Seen) -> Result<(), String> {
        self.due.calls_back = seen.called_back();
        match action {
            Action::Call { key, place } => self.call(key, place),
            Action::Poll {
                caller,
                place,
                anew,
            } => {
                self.callers[caller].wakers += u32::from(anew);
                self.callers[caller].is_woken = false;
                self.due.polls = Some(caller);
                if place.is_some_and(|runtime| !self.runtimes[runtime]) {
                    self.meter.met(Rare::PolledInLostRuntime);
                }
                let got = self.poll(caller, place, seen);
                self.due.got = Some(got);
            }
            Action::Drop { caller, .. } => self.drop(caller),
            Action::End {
                call,
                ending,
                judge,
            } => {
                self.calls[call].end = Some((ending, judge));
                self.wake(call);
            }
            Action::Ready(call) => {
                self.calls[call].ready = true;
                self.wake(call);
            }
            Action::Wake(call) => self.wake(call),
            Action::Yield(call) => self.calls[call].yields = true,
            Action::Tick(runtime) => self.tick(runtime, seen),
            Action::StartUp => {
                self.runtimes.push(true);
                self.idle_tasks.push(0);
            }
            Action::ShutDown(runtime) => self.shut_down(runtime, seen),
            Action::Forget(key) => self.forget(key),
            Action::Advance(hours) => self.hour += hours,
            Action::CallBack => {}
        }
        // It was woken for what it is not said to be woken for, but may be.
        if let Some(by) = self.due.calls_back.take() {
            self.call(self.callers[by].key, None);
        }
        self.check(seen)
    }

    /// What has come about up to now.
    pub fn meter(&mut self) -> &mut Meter {
        self.meter.read(&self.stats);
        &mut self.meter
    }

    /// Outside a runtime time is not put forward, and is a trifle later.
    fn now(&self, place: Place) -> Time {
        match place {
            Some(_) => 1_000 * (LATER + self.hour),
            None => 1,
        }
    }
}
