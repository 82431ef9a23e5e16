//! Nobody depends on another reader, no wake is lost, and none is for nothing.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker},
    thread,
};

use bytes::Bytes;
use http_body::Body;
use tower_pool::http::SharedBody;

use crate::{
    bodies::{Reader, Script},
    counted::Counted,
};

#[test]
fn a_reader_that_is_polled_once_and_held_does_not_stop_the_others() {
    let (script, body) = Script::new();
    let mut held = Reader::new(SharedBody::new(body));
    let mut other = held.clone();
    held.assert_pending(); // the body's waker is from here
    other.assert_pending();
    for n in 0..3_u8 {
        script.data(vec![n]);
        assert!(other.is_woken());
        assert_eq!(other.data(), [n][..]);
        other.assert_pending();
    }
    script.end();
    other.assert_end();
    assert_eq!(held.rest().0, [0, 1, 2]);
}

#[test]
fn a_reader_that_is_polled_once_and_dropped_does_not_stop_the_others() {
    let (script, body) = Script::new();
    let mut gone = Reader::new(SharedBody::new(body));
    let mut other = gone.clone();
    other.assert_pending();
    gone.assert_pending();
    drop(gone);
    script.data("x");
    assert!(other.is_woken());
    assert_eq!(other.data(), "x");
}

#[test]
fn a_reader_that_was_woken_and_is_dropped_takes_no_wake_with_it() {
    let (script, body) = Script::new();
    let mut readers = [(); 3].map(|()| None);
    readers[0] = Some(Reader::new(SharedBody::new(body)));
    readers[1] = readers[0].clone();
    readers[2] = readers[0].clone();
    readers
        .iter_mut()
        .flatten()
        .for_each(Reader::assert_pending);
    script.data("x");
    readers[0] = None;
    readers[1] = None;
    let last = readers[2].as_mut().unwrap();
    assert!(last.is_woken());
    assert_eq!(last.data(), "x");
}

#[test]
fn a_waker_is_not_cloned_again_while_it_is_the_same() {
    let (_script, body) = Script::new();
    let counted = Counted::new(Waker::noop().clone());
    let waker = counted.waker();
    let mut first = SharedBody::new(body);
    let mut second = first.clone();
    let clones = |body: &mut SharedBody| {
        let before = counted.clones();
        let polled = Pin::new(body).poll_frame(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        counted.clones() - before
    };
    assert_eq!((clones(&mut first), clones(&mut second)), (1, 1));
    assert_eq!((clones(&mut first), clones(&mut second)), (0, 0));
    drop(second);
    assert_eq!(clones(&mut first), 0);
}

#[test]
fn a_body_that_wakes_itself_while_it_is_polled_is_polled_again() {
    let (script, body) = Script::new();
    let mut driver = Reader::new(SharedBody::new(body));
    let mut other = driver.clone();
    other.assert_pending();
    script.run(|waker| waker.wake_by_ref());
    driver.assert_pending();
    assert!(
        !driver.is_woken(),
        "it was not polled: the body has yet to wake"
    );
    script.wake();
    driver.assert_pending(); // runs, and wakes
    assert!(driver.is_woken());
    script.data("x");
    assert!(other.is_woken());
    assert_eq!(other.data(), "x");
}

#[test]
fn a_lone_reader_is_woken_by_a_body_that_wakes_itself() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    script.run(|waker| waker.wake_by_ref());
    reader.assert_pending();
    assert!(reader.is_woken());
}

#[test]
fn a_wake_from_another_thread_while_the_body_is_polled_is_not_lost() {
    let (script, body) = Script::new();
    let mut driver = Reader::new(SharedBody::new(body));
    let mut other = driver.clone();
    script.run(|waker| {
        let waker = waker.clone();
        thread::spawn(move || waker.wake()).join().unwrap();
    });
    driver.assert_pending();
    assert!(driver.is_woken());
    assert!(!other.is_woken());
    other.assert_pending(); // polls the body, which is not idle
    assert_eq!(script.polls(), 2);
}

#[test]
fn a_reader_that_comes_while_another_polls_the_body_waits_and_is_woken() {
    for gives in ["a frame", "an end", "a wake", "nothing"] {
        let (script, body) = Script::new();
        let mut driver = Reader::new(SharedBody::new(body));
        let inside = Arc::new(Mutex::new(driver.clone()));
        let other = inside.clone();
        let (inner, tx) = (script.clone(), script.clone());
        let before = move || {
            other.lock().unwrap().assert_pending();
            match gives {
                "a frame" => drop(inner.data("x")),
                "an end" => drop(inner.end()),
                _ => {}
            }
        };
        if gives == "a wake" || gives == "nothing" {
            script.run(move |waker| {
                before();
                if gives == "a wake" {
                    waker.wake_by_ref();
                }
            });
            driver.assert_pending();
        } else {
            script.run(move |_| before());
            driver.assert_pending(); // what is added wakes
            assert!(driver.is_woken());
            drop(driver.poll());
        }
        let mut other = inside.lock().unwrap();
        assert_eq!(other.is_woken(), gives != "nothing", "{gives}");
        match gives {
            "a frame" => assert_eq!(other.data(), "x"),
            "an end" => other.assert_end(),
            _ => {
                tx.data("later");
                assert!(other.is_woken(), "{gives}");
                assert_eq!(other.data(), "later");
            }
        }
    }
}

#[test]
fn of_all_who_wait_one_polls_the_body_for_each_wake() {
    let (script, body) = Script::new();
    let first = Reader::new(SharedBody::new(body));
    let mut readers: Vec<_> = (0..10).map(|_| first.clone()).collect();
    drop(first);
    for n in 0..5 {
        readers.iter_mut().for_each(Reader::assert_pending);
        assert_eq!(script.polls(), 1 + 2 * n);
        script.data("x");
        for reader in &mut readers {
            assert_eq!(reader.data(), "x");
        }
        assert_eq!(script.polls(), 2 + 2 * n);
    }
}

#[test]
fn a_lone_reader_polls_the_body_whenever_it_is_polled() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    for n in 1..=3 {
        reader.assert_pending();
        assert_eq!(script.polls(), n);
    }
    let other = reader.clone();
    drop(other);
    reader.assert_pending();
    assert_eq!(script.polls(), 4);
}

#[test]
fn a_reader_that_got_its_frame_is_not_woken_for_nothing() {
    let (script, body) = Script::new();
    let mut driver = Reader::new(SharedBody::new(body));
    let mut other = driver.clone();
    driver.assert_pending();
    other.assert_pending();
    script.data("x");
    assert_eq!(driver.data(), "x");
    assert!(!driver.is_registered() && !other.is_registered());
    assert_eq!(other.data(), "x");
    other.assert_pending();
    script.data("y");
    assert!(!driver.is_woken());
    assert_eq!(other.data(), "y");
    assert!(!driver.is_woken());
}

#[test]
fn a_reader_that_finds_a_frame_before_the_body_has_woken_is_not_woken_for_it() {
    let (script, body) = Script::new();
    let mut driver = Reader::new(SharedBody::new(body));
    let mut other = driver.clone();
    other.assert_pending();
    driver.assert_pending();
    drop(other);
    script.data_unheard("x");
    assert_eq!(driver.data(), "x");
    assert!(!driver.is_woken() && !driver.is_registered());
}

#[test]
fn a_reader_is_woken_where_it_was_polled_last() {
    let (script, body) = Script::new();
    let mut mover = SharedBody::new(body);
    let mut other = Reader::new(mover.clone());
    let wakes = [(); 2].map(|()| Arc::new(Wakes::default()));
    for driven_by_it in [true, false] {
        for wakes in &wakes {
            let waker = Waker::from(wakes.clone());
            if !driven_by_it {
                other.assert_pending();
            }
            let polled = Pin::new(&mut mover).poll_frame(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        script.wake();
        let before = wakes.each_ref().map(|wakes| wakes.0.swap(0, Relaxed));
        assert_eq!(before, [0, 1]);
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_waker_that_panics_does_not_cost_the_others_their_wake() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker");
        }
    }
    let (script, body) = Script::new();
    let first = Reader::new(SharedBody::new(body));
    let mut readers: Vec<_> = (0..4).map(|_| first.clone()).collect();
    let mut panics: Vec<_> = (0..4).map(|_| first.body().clone()).collect();
    for (reader, panics) in readers.iter_mut().zip(&mut panics) {
        let waker = Waker::from(Arc::new(Panics));
        let polled = Pin::new(panics).poll_frame(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        reader.assert_pending();
    }
    script.data("x");
    assert!(readers.iter().all(Reader::is_woken));
}

#[test]
fn one_of_two_that_wait_where_a_crowd_did_can_go() {
    let (script, body) = Script::new();
    let mut first = Reader::new(SharedBody::new(body));
    let mut crowd: Vec<_> = (0..100).map(|_| first.clone()).collect();
    crowd.iter_mut().for_each(Reader::assert_pending);
    script.data("for all");
    for reader in &mut crowd {
        assert!(reader.is_woken());
        assert_eq!(reader.data(), "for all");
    }
    assert_eq!(first.data(), "for all");
    first.assert_pending();
    crowd[0].assert_pending();
    drop(crowd);
    script.data("for one");
    assert!(first.is_woken());
    assert_eq!(first.data(), "for one");
}

#[test]
fn a_reader_that_is_dropped_leaves_no_waker() {
    let (script, body) = Script::new();
    let first = Reader::new(SharedBody::new(body));
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut bodies: Vec<_> = (0..100).map(|_| first.body().clone()).collect();
    for body in &mut bodies {
        let polled = Pin::new(body).poll_frame(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    drop(bodies);
    assert_eq!(Arc::strong_count(&wakes), 2);
    assert!(script.has_waker());
}

/// Uses the body wherever it is run: that would never return under the lock.
#[derive(Clone)]
struct Uses(Arc<Mutex<Option<SharedBody>>>, Arc<AtomicUsize>);

impl Uses {
    fn now(&self) {
        let body = self.0.lock().unwrap().clone();
        if let Some(body) = body {
            body.size_hint();
            self.1.fetch_add(1, Relaxed);
        }
    }

    /// A waker whose every operation uses the body.
    fn waker(&self) -> Waker {
        static TABLE: RawWakerVTable = RawWakerVTable::new(
            |data| {
                let uses = unsafe { &*data.cast::<Uses>() };
                uses.now();
                RawWaker::new(Box::into_raw(Box::new(uses.clone())).cast(), &TABLE)
            },
            |data| {
                let uses = unsafe { Box::from_raw(data.cast::<Uses>().cast_mut()) };
                uses.now();
            },
            |data| unsafe { &*data.cast::<Uses>() }.now(),
            |data| {
                let uses = unsafe { Box::from_raw(data.cast::<Uses>().cast_mut()) };
                uses.now();
            },
        );
        let data = Box::into_raw(Box::new(self.clone())).cast();
        unsafe { Waker::from_raw(RawWaker::new(data, &TABLE)) }
    }
}

/// Bytes that use the body when they are dropped.
struct UsingBytes(Uses);

impl AsRef<[u8]> for UsingBytes {
    fn as_ref(&self) -> &[u8] {
        b"0123456789"
    }
}

impl Drop for UsingBytes {
    fn drop(&mut self) {
        self.0.now();
    }
}

#[test]
fn no_code_of_others_runs_under_the_lock() {
    let (script, body) = Script::new();
    let uses = Uses(Arc::default(), Arc::default());
    let mut fast = SharedBody::with_max_lag(body, 15);
    let (mut slow, gone) = (fast.clone(), fast.clone());
    *uses.0.lock().unwrap() = Some(fast.clone());
    let poll = |body: &mut SharedBody| {
        let waker = uses.waker();
        let polled = Pin::new(body).poll_frame(&mut Context::from_waker(&waker));
        matches!(polled, Poll::Ready(Some(Ok(_))))
    };
    // Wakers that are cloned, replaced, woken and dropped.
    for _ in 0..2 {
        assert!(!poll(&mut fast));
        assert!(!poll(&mut slow));
    }
    let mut waits = slow.clone();
    assert!(!poll(&mut waits));
    drop(waits);
    // Frames that are freed when they are read, cut off, and left.
    for _ in 0..4 {
        script.data(Bytes::from_owner(UsingBytes(uses.clone())));
        assert!(poll(&mut fast));
        assert!(poll(&mut slow));
    }
    for _ in 0..2 {
        script.data(Bytes::from_owner(UsingBytes(uses.clone())));
        assert!(poll(&mut fast));
    }
    drop(gone);
    script.run({
        let uses = uses.clone();
        move |_| uses.now()
    });
    assert!(!poll(&mut fast));
    script.end();
    assert!(!poll(&mut fast));
    assert!(uses.1.load(Relaxed) > 20);
    uses.0.lock().unwrap().take();
}

#[test]
fn a_body_whose_waker_is_kept_keeps_no_frame() {
    struct Owner {
        _alive: Arc<()>,
    }
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            b"kept"
        }
    }
    let alive = Arc::new(());
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    let unread = reader.clone();
    script.data(Bytes::from_owner(Owner {
        _alive: alive.clone(),
    }));
    reader.data();
    reader.assert_pending();
    let waker = script.waker();
    drop((reader, unread));
    assert_eq!(Arc::strong_count(&alive), 1);
    drop(waker);
}
