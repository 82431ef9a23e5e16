//! Bytes and allocations of those who wait, and what is left of those who do not.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use super::{Case, one_thread};
use crate::{
    Peer,
    alloc::Heap,
    work::{Ending, Ends},
};

pub struct Memory {
    /// Callers that wait at one time.
    pub waiting: usize,
    /// Flights that end, one after another, each with a key of its own.
    pub ended: u64,
}

/// Bytes and allocations of one, its future included, its task not: there is none.
#[derive(Clone, Copy, Debug)]
pub struct Footprint {
    pub flight_bytes: f64,
    pub flight_allocations: f64,
    /// One more caller of a key that is under way.
    pub follower_bytes: f64,
    pub follower_allocations: f64,
    /// Bytes that are left of all flights that were cancelled, failed, panicked.
    pub left: [i64; 3],
}

impl Case for Memory {
    type Key = u64;
    type Work = Ends;
    type Figures = Footprint;

    fn run<P: Peer<u64, Ends>>(&self) -> Footprint {
        let runtime = one_thread();
        let _inside = runtime.enter();
        let (flight_bytes, flight_allocations) = waiting::<P>(self.waiting, |number| number);
        let (follower_bytes, follower_allocations) = waiting::<P>(self.waiting, |_| 0);
        Footprint {
            flight_bytes,
            flight_allocations,
            follower_bytes,
            follower_allocations,
            left: [Ending::Cancelled, Ending::Failed, Ending::Panicked]
                .map(|ending| left::<P>(self.ended, ending)),
        }
    }
}

/// What each of so many callers takes while all of them wait.
fn waiting<P: Peer<u64, Ends>>(callers: usize, key: impl Fn(u64) -> u64) -> (f64, f64) {
    let peer = P::new(Ends(Ending::Cancelled));
    let mut waiting = Vec::with_capacity(callers);
    let begin = |number: usize| {
        let mut call = Box::pin(peer.call(key(number as u64)));
        assert!(poll(call.as_mut()).is_pending(), "{}", P::NAME);
        call
    };
    let first = begin(0); // whatever is there once, and the leader of followers
    let before = Heap::now();
    waiting.extend((1..=callers).map(begin));
    let heap = Heap::now().since(before);
    drop((waiting, first));
    let each = |all: f64| all / callers as f64;
    // Less the box that a future is in here.
    (each(heap.bytes as f64), each(heap.allocations as f64) - 1.0)
}

/// Bytes left of so many flights.
fn left<P: Peer<u64, Ends>>(flights: u64, ending: Ending) -> i64 {
    const WARM_UP: u64 = 2_000;
    let peer = P::new(Ends(ending));
    let end = |key| {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let mut call = Box::pin(peer.call(key));
            poll(call.as_mut()).is_ready()
        }));
        assert_eq!(ended.ok(), expected::<P>(ending), "{}", P::NAME);
    };
    (0..WARM_UP).for_each(end);
    let before = Heap::now();
    (WARM_UP..WARM_UP + flights).for_each(end);
    Heap::now().since(before).bytes
}

/// Whether a call is over when it was polled; none if it panics.
fn expected<P: Peer<u64, Ends>>(ending: Ending) -> Option<bool> {
    match ending {
        Ending::Cancelled => Some(false),
        Ending::Failed => Some(true),
        Ending::Panicked if P::CATCHES_PANICS => Some(true),
        Ending::Panicked => None,
    }
}

fn poll<F: Future>(call: Pin<&mut F>) -> Poll<F::Output> {
    call.poll(&mut Context::from_waker(std::task::Waker::noop()))
}
