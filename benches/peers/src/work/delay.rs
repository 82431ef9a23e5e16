//! Work that takes some time.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::task::{JoinHandle, yield_now};

use crate::{Failure, Work};

/// Is woken once when its time is over. A timer of the runtime would be no finer
/// than a millisecond, so a task keeps the time: see [`Delay::clock`].
#[derive(Clone)]
pub struct Delay(Arc<Shared>);

struct Shared {
    delay: Duration,
    /// Those that wait, by the time when they are to be woken.
    waiting: Mutex<VecDeque<(Instant, Place)>>,
    begun: AtomicU64,
    /// Those that were polled by another than who began them.
    handed_over: AtomicU64,
}

/// Where a call keeps its waker: the last one, as a future should.
type Place = Arc<Mutex<Waker>>;

/// The answer of [`Delay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dated {
    pub key: u64,
    /// When the work was done.
    pub done: Instant,
}

/// The future of [`Delay`].
pub struct DelayFuture {
    key: u64,
    delay: Delay,
    /// Until when it waits, and where.
    begun: Option<(Instant, Place)>,
    handed_over: bool,
}

impl Delay {
    pub fn new(delay: Duration) -> Self {
        Self(Arc::new(Shared {
            delay,
            waiting: Mutex::default(),
            begun: AtomicU64::new(0),
            handed_over: AtomicU64::new(0),
        }))
    }

    /// Starts the task that wakes those whose time has come, as often as the
    /// runtime lets it run. It is to be aborted in the end.
    pub fn clock(&self) -> JoinHandle<()> {
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            loop {
                while let Some(place) = shared.next_due() {
                    place.lock().wake_by_ref();
                }
                yield_now().await;
            }
        })
    }

    /// How many calls were begun.
    pub fn begun(&self) -> u64 {
        self.0.begun.load(Relaxed)
    }

    /// How many of them were polled by another than who began them.
    pub fn handed_over(&self) -> u64 {
        self.0.handed_over.load(Relaxed)
    }
}

impl Shared {
    fn next_due(&self) -> Option<Place> {
        let mut waiting = self.waiting.lock();
        let due = waiting
            .front()
            .is_some_and(|(until, _)| *until <= Instant::now());
        due.then(|| waiting.pop_front())?.map(|(_, place)| place)
    }
}

impl Work<u64> for Delay {
    type Answer = Dated;
    type Future = DelayFuture;

    fn start(&self, key: &u64) -> DelayFuture {
        DelayFuture {
            key: *key,
            delay: self.clone(),
            begun: None,
            handed_over: false,
        }
    }
}

impl Future for DelayFuture {
    type Output = Result<Dated, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some((until, place)) = &this.begun {
            // The waker first: the clock may just be waking the one before.
            let mut waker = place.lock();
            if !this.handed_over && !waker.will_wake(cx.waker()) {
                this.handed_over = true;
                this.delay.0.handed_over.fetch_add(1, Relaxed);
            }
            waker.clone_from(cx.waker());
            drop(waker);
            let now = Instant::now();
            return if now >= *until {
                Poll::Ready(Ok(Dated {
                    key: this.key,
                    done: now,
                }))
            } else {
                Poll::Pending
            };
        }
        let shared = &this.delay.0;
        shared.begun.fetch_add(1, Relaxed);
        let until = Instant::now() + shared.delay;
        let place = Arc::new(Mutex::new(cx.waker().clone()));
        shared.waiting.lock().push_back((until, Arc::clone(&place)));
        this.begun = Some((until, place));
        Poll::Pending
    }
}
