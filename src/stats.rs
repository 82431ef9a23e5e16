//! What a pool has done so far: [`Stats`].

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A snapshot of what a pool has done since it was made.
///
/// The inner service was called at most `led + solo + released` times; what it
/// was called less are calls that ended before they were made: dropped or lost
/// before they were polled, or while the inner service was not ready, or by an
/// error of its readiness. Each number is exact; they are read one after
/// another, so a busy pool may move between two.
///
/// ```
/// use tower::{ServiceBuilder, service_fn};
/// use tower_pool::PoolLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let pool = ServiceBuilder::new()
///     .layer(PoolLayer::new(|n: &u64| Some(*n)))
///     .service(service_fn(|n: u64| async move { Ok::<_, std::fmt::Error>(n * n) }));
///
/// let (a, b) = tokio::join!(pool.request(7), pool.request(8));
/// assert_eq!((a.unwrap(), b.unwrap()), (49, 64));
/// assert_eq!((pool.stats().led, pool.stats().joined), (2, 0));
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Flights: inner calls that others could join, retries included.
    pub led: u64,
    /// Callers who joined a flight that was under way.
    pub joined: u64,
    /// Callers who passed the pool by: no key, or a full flight.
    pub solo: u64,
    /// Followers who were answered with the outcome of their flight, be it an
    /// error. Those who saw a panic are not among them. They are counted when it
    /// lands; one that is dropped without having looked is taken back.
    pub shared: u64,
    /// Followers who went on to an inner call of their own: by
    /// [`Verdict::Solo`](crate::Verdict::Solo), with no retry left, or since they
    /// were made inside the call that they waited for and came out too late.
    pub released: u64,
    /// Flights led by a follower after a [`Verdict::Retry`](crate::Verdict::Retry).
    pub retried: u64,
    /// Calls that were dropped before they had an outcome, with no caller left.
    pub cancelled: u64,
    /// Flights that ended in a panic.
    pub panicked: u64,
}

/// The counters behind [`Stats`], but for the flights first led, which the
/// table counts under a lock that it holds anyway.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Flights led by a follower, after a retry or the loss of a runtime.
    pub(crate) relaunched: Counter,
    pub(crate) joined: Counter,
    pub(crate) solo: Counter,
    pub(crate) shared: Counter,
    pub(crate) released: Counter,
    pub(crate) retried: Counter,
    pub(crate) cancelled: Counter,
    pub(crate) panicked: Counter,
}

impl Counters {
    pub(crate) fn snapshot(&self, first_led: u64) -> Stats {
        Stats {
            led: first_led + self.relaunched.get(),
            joined: self.joined.get(),
            solo: self.solo.get(),
            shared: self.shared.get(),
            released: self.released.get(),
            retried: self.retried.get(),
            cancelled: self.cancelled.get(),
            panicked: self.panicked.get(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// For several at once.
    pub(crate) fn add(&self, several: usize) {
        self.0.fetch_add(several as u64, Relaxed);
    }

    pub(crate) fn take_back_one(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
