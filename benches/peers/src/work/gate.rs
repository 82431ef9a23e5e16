//! Work that is done when the case says so.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

use crate::{Failure, Key, Work};

/// Holds its calls back until it is opened, and answers with a clone of what it
/// was made of.
pub struct Gate<A>(Arc<Shared<A>>);

struct Shared<A> {
    answer: A,
    open: AtomicBool,
    /// Of the calls that wait, one waker each, as a future keeps it.
    waiting: Mutex<Vec<(u64, Waker)>>,
    begun: AtomicU64,
    polls: AtomicU64,
}

/// The future of a [`Gate`].
pub struct GateFuture<A> {
    gate: Gate<A>,
    number: Option<u64>,
}

impl<A> Gate<A> {
    pub fn new(answer: A) -> Self {
        Self(Arc::new(Shared {
            answer,
            open: AtomicBool::new(false),
            waiting: Mutex::new(Vec::new()),
            begun: AtomicU64::new(0),
            polls: AtomicU64::new(0),
        }))
    }

    /// Lets all calls come to their end.
    pub fn open(&self) {
        self.0.open.store(true, SeqCst);
        self.wake();
    }

    /// Wakes all calls, be they done or not.
    pub fn wake(&self) {
        let waiting = std::mem::take(&mut *self.0.waiting.lock());
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// How many calls were begun.
    pub fn begun(&self) -> u64 {
        self.0.begun.load(SeqCst)
    }

    /// How often calls were polled.
    pub fn polls(&self) -> u64 {
        self.0.polls.load(SeqCst)
    }
}

impl<K: Key, A> Work<K> for Gate<A>
where
    A: Clone + fmt::Debug + PartialEq + Send + Sync + 'static,
{
    type Answer = A;
    type Future = GateFuture<A>;

    fn start(&self, _: &K) -> GateFuture<A> {
        GateFuture {
            gate: self.clone(),
            number: None,
        }
    }
}

impl<A: Clone> Future for GateFuture<A> {
    type Output = Result<A, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let shared = Arc::clone(&self.gate.0);
        shared.polls.fetch_add(1, SeqCst);
        let number = *self
            .number
            .get_or_insert_with(|| shared.begun.fetch_add(1, SeqCst));
        let mut waiting = shared.waiting.lock();
        if shared.open.load(SeqCst) {
            return Poll::Ready(Ok(shared.answer.clone()));
        }
        match waiting.iter_mut().find(|(n, _)| *n == number) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => waiting.push((number, cx.waker().clone())),
        }
        Poll::Pending
    }
}

impl<A> Clone for Gate<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
