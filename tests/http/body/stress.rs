//! Readers on many threads that come, stall and go as dice say.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    task::{Context, Waker},
    thread,
};

use futures::executor::block_on;
use http_body::Body;
use tower_pool::http::SharedBody;

use crate::bodies::{Random, Script, trailers};

const ROUNDS: u64 = 800;
const THREADS: u64 = 6;

/// Frame `n` of a round.
fn frame(round: u64, n: u64) -> Vec<u8> {
    let mut random = Random::new(round * 1_000 + n);
    (0..random.below(20))
        .map(|_| random.below(256) as u8)
        .collect()
}

/// Reads as the dice say. Returns whether it got to the end.
fn read(mut body: SharedBody, expected: &[u8], random: &mut Random) -> bool {
    let mut got = 0;
    let gives_up_after = random.below(3 * expected.len() as u64 + 10) as usize;
    let mut has_trailers = false;
    loop {
        match random.below(20) {
            0 => {
                // Polled by nobody who could be woken, and left for a while.
                let mut clone = body.clone();
                let mut cx = Context::from_waker(Waker::noop());
                let _ = Pin::new(&mut clone).poll_frame(&mut cx);
                thread::yield_now();
            }
            1 => thread::yield_now(),
            _ => {}
        }
        let hint = body.size_hint();
        assert!(hint.lower() <= (expected.len() - got) as u64);
        assert!(
            hint.upper()
                .is_none_or(|upper| upper == (expected.len() - got) as u64)
        );
        match block_on(poll_fn(|cx| Pin::new(&mut body).poll_frame(cx))) {
            Some(frame) => match frame.expect("no error").into_data() {
                Ok(data) => {
                    assert_eq!(data, expected[got..got + data.len()]);
                    got += data.len();
                }
                Err(_) => has_trailers = true,
            },
            None => {
                assert_eq!(got, expected.len());
                assert!(has_trailers && body.is_end_stream());
                return true;
            }
        }
        if got > gives_up_after {
            return false;
        }
    }
}

#[test]
fn readers_on_many_threads_get_every_byte_whoever_stalls_or_leaves() {
    let ends = AtomicUsize::new(0);
    for round in 0..ROUNDS {
        let mut random = Random::new(round);
        let frames = random.below(60);
        let expected: Vec<u8> = (0..frames).flat_map(|n| frame(round, n)).collect();
        let (script, body) = Script::new();
        if random.below(2) == 0 {
            script.tell_end();
        }
        let keeper = SharedBody::with_max_lag(body, u64::MAX);
        thread::scope(|scope| {
            let (expected, ends, keeper) = (&expected, &ends, &keeper);
            for n in 0..THREADS {
                scope.spawn(move || {
                    let mut random = Random::new(round * THREADS + n + 1_000_000);
                    for _ in 0..1 + random.below(3) {
                        if read(keeper.clone(), expected, &mut random) {
                            ends.fetch_add(1, Relaxed);
                        }
                    }
                });
            }
            for n in 0..frames {
                match random.below(8) {
                    0 => thread::yield_now(),
                    1 if script.has_waker() => script.waker().wake(),
                    _ => {}
                }
                script.data(frame(round, n));
            }
            script.trailers(trailers("sum", "0")).end();
        });
        let unread = keeper.clone();
        drop(keeper);
        assert!(read(unread, &expected, &mut Random::new(1)) || script.polls() > 0);
    }
    assert!(ends.load(Relaxed) > ROUNDS as usize);
}
