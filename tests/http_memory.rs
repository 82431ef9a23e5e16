//! What sharing a body allocates, and that nothing is left of it: measured by an
//! allocator that counts for each thread, so that tests do not disturb each other.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tower_pool::http::SharedBody;

struct Counting;

thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// The crate forbids unsafe code; counting what it allocates cannot be done without.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size() as isize);
        PEAK.set(PEAK.get().max(BYTES.get()));
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size() as isize);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// So many frames from a function, and between them so many pending polls.
struct Frames<F> {
    left: usize,
    waits: usize,
    waited: usize,
    make: F,
    waker: Option<Waker>,
}

impl<F: FnMut() -> Bytes + Unpin> Body for Frames<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.waited < self.waits {
            self.waited += 1;
            cx.waker().wake_by_ref();
            self.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.waited = 0;
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data((self.make)()))))
    }
}

fn shared(
    frames: usize,
    waits: usize,
    make: impl FnMut() -> Bytes + Unpin + Send + 'static,
) -> SharedBody {
    SharedBody::new(Frames {
        left: frames,
        waits,
        waited: 0,
        make,
        waker: None,
    })
}

fn poll(body: &mut SharedBody) -> Poll<Option<usize>> {
    let mut cx = Context::from_waker(Waker::noop());
    let polled = Pin::new(body).poll_frame(&mut cx);
    polled.map(|frame| frame.map(|frame| frame.unwrap().into_data().unwrap().len()))
}

/// The next frame's length, after any number of polls.
fn next(body: &mut SharedBody) -> Option<usize> {
    loop {
        if let Poll::Ready(frame) = poll(body) {
            return frame;
        }
    }
}

#[test]
fn a_gibibyte_streamed_to_even_readers_takes_no_more_than_a_few_mebibytes() {
    const FRAME: usize = 64 * 1024;
    const FRAMES: usize = (1 << 30) / FRAME;
    let first = shared(FRAMES, 1, || Bytes::from(vec![0; FRAME]));
    let mut readers: Vec<_> = (0..9).map(|_| first.clone()).collect();
    readers.push(first);
    let before = BYTES.get();
    PEAK.set(before);
    let mut total = 0;
    for _ in 0..FRAMES {
        for reader in &mut readers {
            total += next(reader).expect("a frame");
        }
    }
    assert_eq!(total, 10 << 30);
    assert!(readers.iter_mut().all(|reader| next(reader).is_none()));
    let peak = PEAK.get() - before;
    assert!(peak < 1 << 20, "{peak} bytes at once");
}

#[test]
fn a_slow_reader_costs_no_more_than_the_limit() {
    const FRAME: usize = 64 * 1024;
    let mut fast = shared(10_000, 0, || Bytes::from(vec![0; FRAME]));
    let slow = fast.clone();
    let before = BYTES.get();
    PEAK.set(before);
    while next(&mut fast).is_some() {}
    let peak = PEAK.get() - before;
    assert!((4 << 20..5 << 20).contains(&peak), "{peak} bytes at once");
    let left = BYTES.get() - before;
    assert!(left < 1024, "{left} bytes left behind");
    drop(slow);
}

#[test]
fn a_frame_costs_a_lone_reader_no_allocation() {
    for waits in [0, 2] {
        let count = |frames| {
            let before = ALLOCATIONS.get();
            let mut body = shared(frames, waits, || Bytes::from_static(b"frame"));
            while next(&mut body).is_some() {}
            drop(body);
            ALLOCATIONS.get() - before
        };
        assert_eq!(count(1_000), count(10));
        assert!(count(10) <= 4, "{} for a body", count(10));
    }
}

#[test]
fn a_frame_costs_even_readers_no_allocation_and_one_if_they_wait() {
    const READERS: usize = 100;
    for (waits, each) in [(0, 0), (1, 1)] {
        let count = |frames| {
            let first = shared(frames, waits, || Bytes::from_static(b"frame"));
            let mut readers: Vec<_> = (1..READERS).map(|_| first.clone()).collect();
            readers.push(first);
            let before = ALLOCATIONS.get();
            // Until the first of them is at its end.
            while readers
                .iter_mut()
                .all(|reader| poll(reader) != Poll::Ready(None))
            {}
            ALLOCATIONS.get() - before
        };
        let added = count(1_000) - count(100);
        assert!(
            added <= 2 * each * 900,
            "{added} allocations for 900 frames"
        );
    }
}

#[test]
fn memory_is_given_back_after_a_burst() {
    let mut fast = shared(200_000, 0, || Bytes::from_static(b"x"));
    let mut slow = fast.clone();
    let before = BYTES.get();
    for _ in 0..100_000 {
        next(&mut fast);
    }
    assert!(BYTES.get() - before > 1 << 20);
    for _ in 0..100_000 {
        next(&mut slow);
    }
    let left = BYTES.get() - before;
    assert!(left < 8 * 1024, "{left} bytes left behind");
}

/// Never has anything, and never wakes.
struct Stalled(Option<Waker>);

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[test]
fn readers_that_come_and_go_while_the_body_stalls_leave_nothing() {
    let mut stay = SharedBody::new(Stalled(None));
    let keeper = stay.clone();
    assert!(poll(&mut stay).is_pending());
    let before = BYTES.get();
    for order in [
        "one after another",
        "first come, first gone",
        "last come, first gone",
    ] {
        let mut crowd = Vec::new();
        for _ in 0..100_000 {
            let mut reader = keeper.clone();
            assert!(poll(&mut reader).is_pending());
            crowd.push(reader);
            if order == "one after another" {
                crowd.clear();
            }
        }
        if order == "last come, first gone" {
            crowd.reverse();
        }
        crowd.into_iter().for_each(drop);
        let left = BYTES.get() - before;
        assert!(left < 4 * 1024, "{order}: {left} bytes left behind");
    }
}

#[test]
fn nothing_is_left_of_a_body_though_it_keeps_its_waker() {
    let before = BYTES.get();
    for _ in 0..1_000 {
        let mut body = shared(10, 1, || Bytes::from(vec![0; 100]));
        let other = body.clone();
        next(&mut body);
        assert!(poll(&mut body).is_pending());
        drop((body, other));
    }
    assert_eq!(BYTES.get() - before, 0);
}
