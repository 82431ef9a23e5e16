//! What the program has told the inner service, and all that was seen there.

use std::{
    mem,
    panic::resume_unwind,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use parking_lot::{Mutex, MutexGuard};
use tower_pool::Verdict;

use crate::{
    program::{Ending, Id, Judge},
    values::Answer,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A call was polled, be it for the readiness of its service.
    Polled(Id),
    /// The service got its request.
    Called(Id),
    /// A request was dropped, and the call with it that was made of it.
    Dropped(Id),
    /// The policy was asked about the outcome of this call.
    Judged(Id),
    /// The outcome of this call was cloned.
    Cloned(Id),
    Woken {
        caller: Id,
        /// How many wakers it had before this one.
        waker: u32,
    },
    /// This one has called the pool when it was woken.
    CalledBack(Id),
    /// It was called without having said that it is ready.
    NotReady(Id),
}

/// What the program knows of the inner service, and what has happened there.
#[derive(Default)]
pub struct World(Mutex<State>);

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    events: Vec<Event>,
    /// How many outcomes there are.
    outcomes: usize,
    /// What the next that is woken does.
    ring: Option<Ring>,
    /// A call is being polled: whoever called now would be inside it.
    hushed: bool,
}

/// Is told the key of whoever was woken.
type Ring = Box<dyn FnOnce(Option<u8>) + Send>;

#[derive(Default)]
struct Call {
    key: Option<u8>,
    ready: bool,
    end: Option<Ending>,
    judge: Option<Judge>,
    yields: bool,
    waker: Option<Waker>,
}

impl World {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    pub fn note(&self, event: Event) {
        let events = &mut self.lock().events;
        let endless = matches!(event, Event::Polled(_)) && events.len() > 10_000;
        assert!(!endless, "there is no end to this step");
        events.push(event);
    }

    pub fn set_ring(&self, ring: Option<Ring>) {
        let before = mem::replace(&mut self.lock().ring, ring);
        drop(before); // without the lock
    }

    /// Whose call is the last that was added.
    pub fn last_call(&self) -> Id {
        self.lock().calls.len().wrapping_sub(1)
    }

    /// The outcome of this call is there, perhaps once more. Returns its key.
    pub fn add_outcome(&self, of: Id) -> Option<u8> {
        let mut state = self.lock();
        state.outcomes += 1;
        state.calls[of].key
    }

    pub fn remove_outcome(&self) {
        self.lock().outcomes -= 1;
    }

    pub fn drop_waker(&self, call: Id) {
        let waker = self.lock().calls[call].waker.take();
        drop(waker); // without the lock
    }

    pub fn outcomes(&self) -> usize {
        self.lock().outcomes
    }

    pub fn events(&self) -> Vec<Event> {
        mem::take(&mut self.lock().events)
    }

    /// The next caller is about to call.
    pub fn add_call(&self, key: Option<u8>, ready: bool) -> Id {
        let call = Call {
            key,
            ready,
            ..Call::default()
        };
        let mut state = self.lock();
        state.calls.push(call);
        state.calls.len() - 1
    }

    pub fn end(&self, call: Id, ending: Ending, judge: Judge) {
        let mut state = self.lock();
        state.calls[call].end = Some(ending);
        state.calls[call].judge = Some(judge);
        drop(state);
        self.wake(call);
    }

    pub fn readiness(&self, call: Id) -> (bool, Option<Ending>) {
        let state = self.lock();
        (state.calls[call].ready, state.calls[call].end)
    }

    pub fn make_ready(&self, call: Id) {
        self.lock().calls[call].ready = true;
        self.wake(call);
    }

    pub fn wake(&self, call: Id) {
        let waker = self.lock().calls[call].waker.take();
        waker.inspect(Waker::wake_by_ref);
    }

    pub fn let_yield(&self, call: Id) {
        self.lock().calls[call].yields = true;
    }

    /// Keeps the waker of a poll that was in vain.
    pub fn wait(&self, call: Id, cx: &Context<'_>) {
        let mut state = self.lock();
        let call_state = &mut state.calls[call];
        let yields = mem::take(&mut call_state.yields);
        let before = call_state.waker.replace(cx.waker().clone());
        drop(state);
        drop(before);
        if yields {
            self.lock().hushed = true;
            self.wake(call);
            self.lock().hushed = false;
        }
    }

    pub fn judge(&self, outcome: Result<&Answer, &Answer>) -> Verdict {
        let (Ok(answer) | Err(answer)) = outcome;
        self.note(Event::Judged(answer.of));
        let judge = self.lock().calls[answer.of].judge;
        match judge.expect("it has ended") {
            Judge::Share => Verdict::Share,
            Judge::Retry => Verdict::Retry,
            Judge::Solo => Verdict::Solo,
            Judge::Panic => resume_unwind(Box::new(judge_message(answer.of))),
        }
    }
}

pub fn burst_message(call: Id) -> String {
    format!("call {call} burst")
}

pub fn judge_message(call: Id) -> String {
    format!("the judge of {call} burst")
}

/// One of a caller's wakers.
pub struct Bell {
    pub caller: Id,
    pub number: u32,
    pub world: Arc<World>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.world.note(Event::Woken {
            caller: self.caller,
            waker: self.number,
        });
        let mut state = self.world.lock();
        let ring = if state.hushed {
            None
        } else {
            state.ring.take()
        };
        let key = state.calls[self.caller].key;
        drop(state);
        if let Some(ring) = ring {
            self.world.note(Event::CalledBack(self.caller));
            ring(key);
        }
    }
}
