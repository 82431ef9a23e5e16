//! A held start, and who may join by it: not public, so not among the tests of
//! `tests/http`.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use ::http::HeaderMap;
use bytes::Bytes;
use futures::channel::mpsc::{self, UnboundedSender};
use http_body::{Body, Frame};
use http_body_util::{Empty, StreamBody};

use tower::BoxError;

use super::{DEFAULT_MAX_LAG, SharedBody, WeakBody, queue::MAX_FRAMES};

type Sender = UnboundedSender<io::Result<Frame<Bytes>>>;

/// Counts its drops, and sees whether it could be joined when it was dropped.
#[derive(Default)]
struct Guard {
    drops: Arc<AtomicUsize>,
    body: Arc<OnceLock<WeakBody>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Relaxed);
        if let Some(body) = self.body.get() {
            body.readers(); // would never return under the lock
        }
    }
}

fn held(max_lag: u64, hold: u64) -> (Sender, SharedBody, WeakBody, Arc<AtomicUsize>) {
    let (sender, receiver) = mpsc::unbounded();
    let guard = Guard::default();
    let (drops, weak) = (guard.drops.clone(), guard.body.clone());
    let body = shared_and_held(StreamBody::new(receiver), max_lag, hold, guard);
    assert!(weak.set(body.downgrade()).is_ok());
    let weak = body.downgrade();
    (sender, body, weak, drops)
}

fn shared_and_held<B>(
    body: B,
    max_lag: u64,
    hold: u64,
    guard: impl Send + Sync + 'static,
) -> SharedBody
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let body = SharedBody::with_max_lag(body, max_lag);
    body.hold(hold, Box::new(guard));
    body
}

fn send(sender: &Sender, data: &'static str) {
    let frame = Frame::data(Bytes::from_static(data.as_bytes()));
    sender.unbounded_send(Ok(frame)).expect("a receiver");
}

fn poll(body: &mut SharedBody) -> Poll<Option<Bytes>> {
    let mut cx = Context::from_waker(Waker::noop());
    let polled = Pin::new(body).poll_frame(&mut cx);
    polled.map(|frame| frame.map(|frame| frame.expect("no error").into_data().expect("data")))
}

fn data(body: &mut SharedBody) -> Bytes {
    match poll(body) {
        Poll::Ready(Some(data)) => data,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_newcomer_gets_the_start_that_all_have_read() {
    let (sender, mut body, weak, drops) = held(DEFAULT_MAX_LAG, 4);
    send(&sender, "12");
    send(&sender, "34");
    data(&mut body);
    data(&mut body);
    let mut joined = weak.join(usize::MAX).expect("it is held");
    assert_eq!(weak.readers(), 2);
    assert_eq!(
        (data(&mut joined), data(&mut joined)),
        ("12".into(), "34".into())
    );
    assert!(poll(&mut joined).is_pending());
    assert_eq!(drops.load(Relaxed), 0);

    let mut cloned = body.clone();
    assert_eq!(data(&mut cloned), "12");
}

#[test]
fn the_start_is_gone_once_more_has_come_than_is_held() {
    let (sender, mut body, weak, drops) = held(DEFAULT_MAX_LAG, 4);
    send(&sender, "12");
    send(&sender, "34");
    send(&sender, "5");
    data(&mut body);
    data(&mut body);
    let mut early = weak.join(usize::MAX).expect("it is held");
    data(&mut body);
    assert_eq!(drops.load(Relaxed), 1);
    assert!(weak.join(usize::MAX).is_none());
    assert_eq!(data(&mut early), "12");
    drop((body, early));
    assert_eq!(drops.load(Relaxed), 1);
}

#[test]
fn frames_that_were_held_for_nobody_are_freed_with_the_hold() {
    struct Probe {
        _alive: Arc<()>,
    }
    impl AsRef<[u8]> for Probe {
        fn as_ref(&self) -> &[u8] {
            b"probe"
        }
    }
    let (sender, mut body, _, _) = held(DEFAULT_MAX_LAG, 10);
    let alive = Arc::new(());
    for left in [1, 2, 0] {
        let frame = Frame::data(Bytes::from_owner(Probe {
            _alive: alive.clone(),
        }));
        sender.unbounded_send(Ok(frame)).expect("a receiver");
        data(&mut body);
        assert_eq!(Arc::strong_count(&alive) - 1, left);
    }
}

#[test]
fn nobody_joins_a_body_that_is_over() {
    for ending in ["end", "error"] {
        let (sender, mut body, weak, drops) = held(DEFAULT_MAX_LAG, 4);
        send(&sender, "12");
        data(&mut body);
        match ending {
            "end" => drop(sender),
            _ => drop(sender.unbounded_send(Err(io::Error::other("broken")))),
        }
        assert!(weak.join(usize::MAX).is_some());
        assert_eq!(drops.load(Relaxed), 0);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut body).poll_frame(&mut cx).is_ready());
        assert_eq!(drops.load(Relaxed), 1, "{ending}");
        assert!(weak.join(usize::MAX).is_none(), "{ending}");
        assert_eq!(weak.readers(), 1);
    }
}

#[test]
fn nobody_joins_a_body_that_panicked() {
    struct Panics;
    impl Body for Panics {
        type Data = Bytes;
        type Error = io::Error;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            panic!("boiler")
        }
    }
    let guard = Guard::default();
    let drops = guard.drops.clone();
    let mut body = shared_and_held(Panics, 10, 10, guard);
    let weak = body.downgrade();
    let other = weak.join(usize::MAX).expect("it is held");
    let poll = std::panic::AssertUnwindSafe(|| poll(&mut body));
    std::panic::catch_unwind(poll).expect_err("a panic");
    assert_eq!(drops.load(Relaxed), 1);
    assert!(weak.join(usize::MAX).is_none());
    drop(other);
}

#[test]
fn nobody_joins_when_the_last_reader_is_gone() {
    let (sender, body, weak, drops) = held(DEFAULT_MAX_LAG, 4);
    let joined = weak.join(usize::MAX).expect("it is held");
    drop(body);
    let again = weak.join(usize::MAX).expect("it is held");
    drop(again);
    assert_eq!((weak.readers(), drops.load(Relaxed)), (1, 0));
    drop(joined);
    assert_eq!((weak.readers(), drops.load(Relaxed)), (0, 1));
    assert!(weak.join(usize::MAX).is_none());
    assert!(sender.is_closed());
}

#[test]
fn a_body_without_a_hold_takes_no_newcomers() {
    let body = SharedBody::new(StreamBody::new(futures::stream::pending::<
        io::Result<Frame<Bytes>>,
    >()));
    assert!(body.downgrade().join(usize::MAX).is_none());
}

#[test]
fn the_guard_of_a_body_at_its_end_is_dropped_at_once() {
    let guard = Guard::default();
    let drops = guard.drops.clone();
    let body = shared_and_held(Empty::new(), 10, 10, guard);
    assert_eq!(drops.load(Relaxed), 1);
    assert!(body.downgrade().join(usize::MAX).is_none());
}

#[test]
fn a_body_that_was_read_from_is_not_held() {
    let (sender, receiver) = mpsc::unbounded();
    let mut body = SharedBody::new(StreamBody::new(receiver));
    send(&sender, "1");
    assert_eq!(data(&mut body), "1");
    let guard = Guard::default();
    let drops = Arc::clone(&guard.drops);
    body.hold(10, Box::new(guard));
    assert_eq!(drops.load(Relaxed), 1);
    assert!(body.downgrade().join(usize::MAX).is_none());
}

#[test]
fn no_more_is_held_than_a_reader_may_lag() {
    let (sender, mut body, weak, drops) = held(3, 1_000);
    send(&sender, "123");
    data(&mut body);
    assert!(weak.join(usize::MAX).is_some());
    send(&sender, "4");
    let mut slow = weak.join(usize::MAX).expect("it is held");
    data(&mut body);
    assert_eq!(drops.load(Relaxed), 1);
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Err(error))) = Pin::new(&mut slow).poll_frame(&mut cx) else {
        panic!("it is too far behind");
    };
    assert!(error.is_lagged());
}

#[test]
fn endless_frames_without_a_byte_end_the_hold() {
    let (sender, mut body, weak, drops) = held(DEFAULT_MAX_LAG, 4);
    for _ in 0..MAX_FRAMES {
        send(&sender, "");
        data(&mut body);
    }
    assert_eq!(drops.load(Relaxed), 0);
    send(&sender, "");
    data(&mut body);
    assert_eq!(drops.load(Relaxed), 1);
    assert!(weak.join(usize::MAX).is_none());
}

#[test]
fn a_guard_that_panics_costs_nobody_a_frame() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("a guard");
        }
    }
    let (sender, receiver) = mpsc::unbounded();
    let mut body = shared_and_held(StreamBody::new(receiver), 10, 1, Panics);
    let mut other = body.downgrade().join(usize::MAX).expect("it is held");
    send(&sender, "12");
    let poll_it = std::panic::AssertUnwindSafe(|| poll(&mut body));
    std::panic::catch_unwind(poll_it).expect_err("a panic");
    assert_eq!(
        (data(&mut body), data(&mut other)),
        ("12".into(), "12".into())
    );
    assert!(body.downgrade().join(usize::MAX).is_none());
    assert!(poll(&mut body).is_pending());
}

#[test]
fn no_more_join_than_may_read() {
    let (sender, body, weak, _) = held(DEFAULT_MAX_LAG, 4);
    let second = weak.join(2).expect("there is one reader");
    assert!(weak.join(2).is_none());
    drop(second);
    assert!(weak.join(2).is_some());
    drop((sender, body));
}

#[test]
fn a_follower_gets_no_trailers_that_speak_of_another() {
    let (sender, mut own, _, _) = held(DEFAULT_MAX_LAG, 4);
    let mut others = own.clone();
    others.for_follower();
    let mut trailers = HeaderMap::new();
    trailers.insert("set-cookie", "session=1".parse().unwrap());
    trailers.insert("x-checksum", "7".parse().unwrap());
    sender
        .unbounded_send(Ok(Frame::trailers(trailers)))
        .unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut names = |body: &mut SharedBody| match Pin::new(body).poll_frame(&mut cx) {
        Poll::Ready(Some(Ok(frame))) => frame.into_trailers().expect("trailers").len(),
        other => panic!("{other:?}"),
    };
    let mut clone = others.clone();
    assert_eq!(
        [names(&mut own), names(&mut others), names(&mut clone)],
        [2, 1, 1]
    );
}
