//! Work that does what the test says, and callers that are polled by hand.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use peers::{Failure, Key, Peer, Work};
use tokio::{runtime::Runtime, task::yield_now};
use tokio_test::task::Spawn;

/// Work whose calls end when, and as, they are told to.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    alive: usize,
    most_alive: usize,
    meanwhile: Option<Meanwhile>,
}

/// What others do while a call is polled.
type Meanwhile = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Call {
    end: Option<End>,
    waker: Option<Waker>,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With its number as the answer.
    Ok,
    Err,
    Panic,
}

pub(crate) struct ScriptFuture {
    script: Script,
    number: Option<usize>,
}

impl Script {
    /// Ends this call, and wakes whoever polls it.
    pub(crate) fn end(&self, number: usize, end: End) {
        self.end_unseen(number, end);
        self.wake(number);
    }

    /// Ends this call, which nobody learns until it is polled or woken.
    pub(crate) fn end_unseen(&self, number: usize, end: End) {
        self.0.lock().calls[number].end = Some(end);
    }

    pub(crate) fn wake(&self, number: usize) {
        let waker = self.0.lock().calls[number].waker.take();
        waker.into_iter().for_each(Waker::wake);
    }

    /// Has others do this inside of the next poll of a call, ahead of its end.
    pub(crate) fn meanwhile(&self, others: impl FnOnce() + Send + 'static) {
        self.0.lock().meanwhile = Some(Box::new(others));
    }

    /// Ends every call well, and every call that is begun because of that.
    pub(crate) async fn end_all(&self, callers: &mut [Caller]) {
        let mut ended = 0;
        while ended < self.begun() {
            (ended..self.begun()).for_each(|number| self.end(number, End::Ok));
            ended = self.begun();
            settle(callers).await;
        }
    }

    /// Calls that were begun, which is when they are polled first.
    pub(crate) fn begun(&self) -> usize {
        self.0.lock().calls.len()
    }

    /// Calls that are begun, and neither done nor dropped.
    pub(crate) fn alive(&self) -> usize {
        self.0.lock().alive
    }

    /// The most that were alive at one time.
    pub(crate) fn most_alive(&self) -> usize {
        self.0.lock().most_alive
    }
}

impl<K: Key> Work<K> for Script {
    type Answer = usize;
    type Future = ScriptFuture;

    fn start(&self, _: &K) -> ScriptFuture {
        ScriptFuture {
            script: self.clone(),
            number: None,
        }
    }
}

impl Future for ScriptFuture {
    type Output = Result<usize, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let script = self.script.clone();
        let meanwhile = script.0.lock().meanwhile.take();
        meanwhile.into_iter().for_each(|others| others());
        let mut state = script.0.lock();
        let number = *self.number.get_or_insert_with(|| {
            state.calls.push(Call::default());
            state.alive += 1;
            state.most_alive = state.most_alive.max(state.alive);
            state.calls.len() - 1
        });
        match state.calls[number].end {
            None => {
                state.calls[number].waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(End::Ok) => Poll::Ready(Ok(number)),
            Some(End::Err) => Poll::Ready(Err(Failure::Work(format!("call {number} failed")))),
            Some(End::Panic) => {
                drop(state);
                std::panic::resume_unwind(Box::new(format!("call {number} panicked")))
            }
        }
    }
}

impl Drop for ScriptFuture {
    fn drop(&mut self) {
        if self.number.is_some() {
            self.script.0.lock().alive -= 1;
        }
    }
}

/// What has become of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Waits,
    /// The answer of the call of this number.
    Answer(usize),
    /// The error of the work, as it was.
    WorkFailed,
    /// An error of the peer's own, or in place of the work's.
    PeerFailed,
    Panicked,
}

type Boxed = Pin<Box<dyn Future<Output = Result<usize, Failure>> + Send>>;

/// A caller that is polled when the test says so.
pub(crate) struct Caller {
    call: Option<Spawn<Boxed>>,
    pub(crate) seen: Seen,
    pub(crate) polls: usize,
}

impl Caller {
    /// Calls, and does not poll yet.
    pub(crate) fn new<P: Peer<u64, Script>>(peer: &P) -> Self {
        Self::of(peer, 1)
    }

    /// The same, of a key that the test has made.
    pub(crate) fn of<K: Key, P: Peer<K, Script>>(peer: &P, key: K) -> Self {
        Self::by(peer.call(key))
    }

    /// One who has put more around the call.
    pub(crate) fn by(call: impl Future<Output = Result<usize, Failure>> + Send + 'static) -> Self {
        let call: Boxed = Box::pin(call);
        Self {
            call: Some(tokio_test::task::spawn(call)),
            seen: Seen::Waits,
            polls: 0,
        }
    }

    /// Calls, and polls once.
    pub(crate) fn polled<P: Peer<u64, Script>>(peer: &P) -> Self {
        let mut caller = Self::new(peer);
        caller.poll();
        caller
    }

    pub(crate) fn poll(&mut self) {
        let Some(call) = &mut self.call else { return };
        self.polls += 1;
        let polled = catch_unwind(AssertUnwindSafe(|| call.poll()));
        self.seen = match polled {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(Ok(number))) => Seen::Answer(number),
            Ok(Poll::Ready(Err(Failure::Work(_)))) => Seen::WorkFailed,
            Ok(Poll::Ready(Err(Failure::Peer(_)))) => Seen::PeerFailed,
            Err(_) => Seen::Panicked,
        };
        self.call = None;
    }

    pub(crate) fn poll_if_woken(&mut self) {
        if self.is_woken() {
            self.poll();
        }
    }

    fn is_woken(&mut self) -> bool {
        self.call.as_mut().is_some_and(|call| call.is_woken())
    }
}

/// Polls those who were woken, and lets the runtime run, until nothing happens
/// any more; for so long at most that one who wakes itself without end is seen.
pub(crate) async fn settle(callers: &mut [Caller]) {
    for _ in 0..200 {
        for _ in 0..10 {
            yield_now().await;
        }
        for caller in callers.iter_mut() {
            if caller.is_woken() {
                caller.poll();
            }
        }
    }
}

pub(crate) fn seen(callers: &[Caller]) -> Vec<Seen> {
    callers.iter().map(|caller| caller.seen.clone()).collect()
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}
