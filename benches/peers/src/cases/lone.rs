//! A call that nobody shares, again and again: each with another key.

use std::{
    future::poll_fn,
    hint::black_box,
    task::Poll,
    time::{Duration, Instant},
};

use http::Request;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tower_pool::{
    KeyExtractor,
    http::{HttpKey, RequestKey},
};

use super::{Case, one_thread};
use crate::{Key, Peer, alloc::Heap, work::Yields};

/// Calls with these keys, one after another.
pub struct Lone<K> {
    pub keys: Vec<K>,
    pub yields: u32,
}

/// What all the calls of a [`Lone`] took.
#[derive(Clone, Copy, Debug)]
pub struct LoneCost {
    pub time: Duration,
    pub allocations: u64,
    pub calls: usize,
}

impl LoneCost {
    /// Nanoseconds for each call.
    pub fn nanos(&self) -> f64 {
        self.time.as_secs_f64() * 1e9 / self.calls as f64
    }

    pub fn allocations(&self) -> f64 {
        self.allocations as f64 / self.calls as f64
    }
}

impl<K: Key> Case for Lone<K> {
    type Key = K;
    type Work = Yields;
    type Figures = LoneCost;

    fn run<P: Peer<K, Yields>>(&self) -> LoneCost {
        let peer = P::new(Yields(self.yields));
        let (warm_up, timed) = self.keys.split_at(self.keys.len() / 10);
        let (warm_up, timed) = (warm_up.to_vec(), timed.to_vec());
        let calls = timed.len();
        let begun = Yields::begun();
        let cost = one_thread().block_on(async {
            for key in warm_up {
                assert_eq!(peer.call(key).await, Ok(42));
            }
            let before = Heap::now();
            let start = Instant::now();
            for key in timed {
                assert_eq!(peer.call(key).await, Ok(42));
            }
            LoneCost {
                time: start.elapsed(),
                allocations: Heap::now().since(before).allocations,
                calls,
            }
        });
        assert_eq!(
            Yields::begun() - begun,
            self.keys.len() as u64,
            "{}",
            P::NAME
        );
        cost
    }
}

/// What it takes, in nanoseconds and at least, to leave a call between two polls
/// where others can go on with it if its caller does not: a lock to put it there
/// and one to take it back, a waker for the caller, and the runtime for the task.
pub fn parking_floor() -> f64 {
    const TIMES: u32 = 10_000;
    one_thread().block_on(poll_fn(|cx| {
        let place = Mutex::new(None);
        let start = Instant::now();
        for _ in 0..TIMES {
            let waker = cx.waker().clone();
            let runtime = Handle::try_current().ok();
            *black_box(&place).lock() = Some((waker, runtime));
            drop(black_box(&place).lock().take());
        }
        Poll::Ready(start.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES))
    }))
}

/// Makes keys of requests as a browser makes them, the way the HTTP pool does.
pub struct HttpKeys(HttpKey);

impl HttpKeys {
    #[expect(clippy::new_without_default, reason = "it is made once")]
    pub fn new() -> Self {
        Self(HttpKey::new())
    }

    pub fn key(&self, number: u64) -> RequestKey {
        let request = Request::get(format!(
            "http://shop.example/articles/{number}?page=2&sort=price"
        ))
        .header("host", "shop.example")
        .header(
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        )
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("accept-language", "en-GB,en;q=0.7,de;q=0.3")
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        )
        .body(String::new())
        .expect("a request");
        self.0.extract(&request).expect("a key")
    }
}
