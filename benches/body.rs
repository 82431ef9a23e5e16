//! What a shared body costs over the bare one, in time and in allocations.
//!
//! ```text
//! cargo bench --features http --bench body
//! ```
//!
//! The same frames are read as many times: by clones of one shared body in turn,
//! and from as many bare bodies. Every read is checked for its bytes, and every
//! frame for its address: nothing is copied. The allocations are counted first
//! and printed; then criterion takes the times, the bare bodies beside the shared.
#![allow(missing_docs)] // of what criterion's macros make

use std::{
    alloc::{GlobalAlloc, Layout, System},
    convert::Infallible,
    hint::black_box,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use http_body::{Body, Frame};
use tower_pool::http::SharedBody;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FRAMES: usize = 256;
const FRAME: usize = 16 * 1024;
const READERS: [usize; 4] = [1, 10, 100, 1_000];

/// When the body has its next frame.
#[derive(Clone, Copy)]
enum When {
    AtOnce,
    AfterOneYield,
}

impl When {
    const ALL: [(Self, &str); 2] = [
        (Self::AtOnce, "ready at once"),
        (Self::AfterOneYield, "after one yield"),
    ];

    fn body(self, data: &Bytes) -> Frames {
        Frames {
            data: data.clone(),
            left: FRAMES,
            when: self,
            yielded: false,
        }
    }
}

/// The same bytes again and again.
struct Frames {
    data: Bytes,
    left: usize,
    when: When,
    yielded: bool,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let When::AfterOneYield = self.when {
            self.yielded = !self.yielded;
            if self.yielded {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.data.clone()))))
    }
}

/// Reads all bodies a frame at a time in turn, to their ends. Returns the time,
/// to which making and dropping them does not count.
fn read<B: Body<Data = Bytes> + Unpin>(bodies: &mut [B], data: &Bytes) -> Duration {
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = 0;
    let mut left = bodies.len();
    let start = Instant::now();
    while left > 0 {
        for body in &mut *bodies {
            match Pin::new(body).poll_frame(&mut cx) {
                Poll::Ready(Some(frame)) => {
                    let frame = frame.ok().and_then(|frame| frame.into_data().ok());
                    let frame = black_box(frame).expect("data");
                    assert_eq!((frame.as_ptr(), frame.len()), (data.as_ptr(), FRAME));
                    frames += 1;
                }
                Poll::Ready(None) => left -= 1,
                Poll::Pending => {}
            }
        }
        if frames == FRAMES * bodies.len() && left < bodies.len() {
            break; // who is at its end is not polled again
        }
    }
    let time = start.elapsed();
    assert_eq!(frames, FRAMES * bodies.len());
    time
}

fn bare(when: When, readers: usize, data: &Bytes) -> Vec<Frames> {
    (0..readers).map(|_| when.body(data)).collect()
}

fn shared(when: When, readers: usize, data: &Bytes) -> Vec<SharedBody> {
    vec![SharedBody::new(when.body(data)); readers]
}

fn data() -> Bytes {
    // As it comes from a buffer of many bodies: reference-counted from the start.
    let mut all = Bytes::from(vec![7; 2 * FRAME]);
    all.split_to(FRAME)
}

fn readers(criterion: &mut Criterion) {
    let data = data();
    for (when, name) in When::ALL {
        let mut group = criterion.benchmark_group(format!("body, {name}"));
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(100))
            .measurement_time(Duration::from_millis(400));
        for readers in READERS {
            group.throughput(Throughput::Elements((readers * FRAMES) as u64));
            group.bench_function(BenchmarkId::new("bare", readers), |bencher| {
                bencher.iter_custom(|runs| {
                    let run = |_| read(&mut bare(when, readers, &data), &data);
                    (0..runs).map(run).sum()
                });
            });
            group.bench_function(BenchmarkId::new("shared", readers), |bencher| {
                bencher.iter_custom(|runs| {
                    let run = |_| read(&mut shared(when, readers, &data), &data);
                    (0..runs).map(run).sum()
                });
            });
        }
        group.finish();
    }
}

/// Prints what a reader's frame allocates, the making of its body included, and
/// sees to it that they are few.
fn allocations() {
    let data = data();
    for (when, name) in When::ALL {
        for readers in READERS {
            let count = |run: &dyn Fn() -> Duration| {
                let before = ALLOCATIONS.load(Relaxed);
                run();
                ALLOCATIONS.load(Relaxed) - before
            };
            let bare = count(&|| read(&mut bare(when, readers, &data), &data));
            let shared = count(&|| read(&mut shared(when, readers, &data), &data));
            let each = (shared - bare) as f64 / (readers * FRAMES) as f64;
            println!(
                "{name}, {readers} readers: {shared} allocations for {FRAMES} frames \
                 (bare {bare}): {each:.4} added for a frame of a reader"
            );
            assert!(each < 0.5, "a frame allocates nothing for each reader");
        }
    }
}

/// Prints what sharing adds to the time of a reader's frame: the median of many
/// short runs in turn, so that both sides see the same machine.
fn added_time() {
    const TURNS: usize = 51;
    let data = data();
    for (when, name) in When::ALL {
        for readers in READERS {
            let each = |time: Duration| time.as_secs_f64() * 1e9 / (readers * FRAMES) as f64;
            let mut times = [(); TURNS].map(|()| {
                let bare = each(read(&mut bare(when, readers, &data), &data));
                let shared = each(read(&mut shared(when, readers, &data), &data));
                (bare, shared - bare)
            });
            times.sort_by(|a, b| a.1.total_cmp(&b.1));
            let added = times[TURNS / 2].1;
            times.sort_by(|a, b| a.0.total_cmp(&b.0));
            let bare = times[TURNS / 2].0;
            println!("{name}, {readers} readers: bare {bare:.0} ns, added {added:.0} ns a frame");
        }
    }
}

criterion_group!(benches, readers);

fn main() {
    allocations();
    added_time();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
