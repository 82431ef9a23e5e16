//! The inner service: its calls end when they are told to, and all that the
//! pool does to them is written down.

use std::{
    any::Any,
    hash::{BuildHasher, DefaultHasher, Hash, Hasher},
    mem,
    panic::resume_unwind,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Wake, Waker},
};

use tower::Service;
use tower_pool::Verdict;

use crate::program::{Ending, Id, Judge};

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
        /// The how manieth of its wakers.
        waker: u32,
    },
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
}

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
        self.0.lock().unwrap()
    }

    fn note(&self, event: Event) {
        self.lock().events.push(event);
    }

    pub fn outcomes(&self) -> usize {
        self.lock().outcomes
    }

    pub fn events(&self) -> Vec<Event> {
        mem::take(&mut self.lock().events)
    }

    /// The next caller is about to call.
    pub fn add_call(&self, key: Option<u8>, ready: bool) {
        let call = Call {
            key,
            ready,
            ..Call::default()
        };
        self.lock().calls.push(call);
    }

    pub fn end(&self, call: Id, ending: Ending, judge: Judge) {
        let mut state = self.lock();
        state.calls[call].end = Some(ending);
        state.calls[call].judge = Some(judge);
        drop(state);
        self.wake(call);
    }

    fn readiness(&self, call: Id) -> (bool, Option<Ending>) {
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
    fn wait(&self, call: Id, cx: &Context<'_>) {
        let mut state = self.lock();
        let call_state = &mut state.calls[call];
        let yields = mem::take(&mut call_state.yields);
        let before = call_state.waker.replace(cx.waker().clone());
        drop(state);
        drop(before);
        if yields {
            self.wake(call);
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

/// What a call panics with that has no message.
pub struct Wreck(pub Id);

/// A response, or an error.
pub struct Answer {
    pub of: Id,
    pub key: Option<u8>,
    world: Arc<World>,
}

impl Answer {
    fn new(of: Id, world: &Arc<World>) -> Self {
        let mut state = world.lock();
        state.outcomes += 1;
        Self {
            of,
            key: state.calls[of].key,
            world: Arc::clone(world),
        }
    }
}

impl Clone for Answer {
    fn clone(&self) -> Self {
        self.world.note(Event::Cloned(self.of));
        Self::new(self.of, &self.world)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.world.lock().outcomes -= 1;
    }
}

/// Moved from the caller into the service, never cloned.
pub struct Request {
    pub id: Id,
    pub key: Option<u8>,
    pub world: Arc<World>,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.world.note(Event::Dropped(self.id));
        let waker = self.world.lock().calls[self.id].waker.take();
        drop(waker);
    }
}

/// A key that shows whether any of its kind is left.
pub struct Key(pub u8, #[expect(dead_code)] pub Arc<()>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Hashes keys well, or all alike.
#[derive(Clone)]
pub struct Hashing {
    pub alike: bool,
}

pub struct KeyHasher(bool, DefaultHasher);

impl BuildHasher for Hashing {
    type Hasher = KeyHasher;
    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(self.alike, DefaultHasher::new())
    }
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.1.write(bytes);
    }
    fn finish(&self) -> u64 {
        if self.0 { 0 } else { self.1.finish() }
    }
}

/// The strictest of services: readiness is not cloned, and each clone is ready
/// for the call that it was made for.
pub struct Scripted {
    world: Arc<World>,
    /// Whose call this clone is for.
    id: Id,
    ready: bool,
}

impl Scripted {
    pub fn new(world: Arc<World>) -> Self {
        Self {
            world,
            id: Id::MAX,
            ready: false,
        }
    }
}

impl Clone for Scripted {
    /// A clone is made for the caller that called last.
    fn clone(&self) -> Self {
        let id = self.world.lock().calls.len().wrapping_sub(1);
        Self {
            world: Arc::clone(&self.world),
            id,
            ready: false,
        }
    }
}

impl Service<Request> for Scripted {
    type Response = Answer;
    type Error = Answer;
    type Future = Flying;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Answer>> {
        let id = self.id;
        self.world.note(Event::Polled(id));
        let (ready, end) = self.world.readiness(id);
        self.ready = match end {
            _ if ready => true,
            Some(Ending::Ok) => true,
            Some(ending) => return Poll::Ready(outcome(ending, id, &self.world).map(drop)),
            None => false,
        };
        if !self.ready {
            self.world.wait(id, cx);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Flying {
        let called = if mem::take(&mut self.ready) && request.id == self.id {
            Event::Called(request.id)
        } else {
            Event::NotReady(request.id)
        };
        self.world.note(called);
        Flying {
            request,
            was_called_just_now: true,
        }
    }
}

fn outcome(ending: Ending, of: Id, world: &Arc<World>) -> Result<Answer, Answer> {
    match ending {
        Ending::Ok => Ok(Answer::new(of, world)),
        Ending::Err => Err(Answer::new(of, world)),
        Ending::Burst => resume_unwind(Box::new(burst_message(of))),
        Ending::Wreck => resume_unwind(Box::new(Wreck(of))),
    }
}

pub struct Flying {
    request: Request,
    was_called_just_now: bool,
}

impl Future for Flying {
    type Output = Result<Answer, Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let was_called_just_now = mem::take(&mut self.was_called_just_now);
        let Request { id, ref world, .. } = self.request;
        if !was_called_just_now {
            world.note(Event::Polled(id)); // else it was noted for its readiness
        }
        let end = world.lock().calls[id].end;
        match end {
            Some(ending) => Poll::Ready(outcome(ending, id, world)),
            None => {
                world.wait(id, cx);
                Poll::Pending
            }
        }
    }
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
    }
}

/// What a panic carried.
pub fn payload(payload: Box<dyn Any + Send>) -> crate::program::Payload {
    use crate::program::Payload;
    match payload.downcast::<Wreck>() {
        Ok(wreck) => Payload::Wreck(wreck.0),
        Err(payload) => Payload::Message(match payload.downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => payload
                .downcast::<&'static str>()
                .map_or_else(|_| "neither".to_owned(), |message| (*message).to_owned()),
        }),
    }
}
