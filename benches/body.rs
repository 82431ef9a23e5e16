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

mod measure;

use std::{
    convert::Infallible,
    hint::black_box,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use http_body::{Body, Frame};
use tower_pool::http::SharedBody;

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
            group.throughput(Throughput::Bytes((readers * FRAMES * FRAME) as u64));
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

/// Prints what sharing adds to a frame of a reader, the making of its body
/// included, and sees to it that it allocates next to nothing.
fn added() {
    let data = data();
    for (when, name) in When::ALL {
        for readers in READERS {
            let bodies = |calls: u64| calls / (readers * FRAMES) as u64;
            let each = |calls, run: &dyn Fn() -> Duration| (0..bodies(calls)).map(|_| run()).sum();
            let bare = |calls| each(calls, &|| read(&mut bare(when, readers, &data), &data));
            let shared = |calls| each(calls, &|| read(&mut shared(when, readers, &data), &data));

            let frames = (readers * FRAMES) as u64;
            let allocations =
                measure::allocations(frames, shared) - measure::allocations(frames, bare);
            let (time, added) = measure::bare_and_added(51, frames, bare, shared);
            println!(
                "{name}, {readers} readers: a frame bare {time:.0} ns; {added:.0} ns and \
                 {allocations:.4} allocations more"
            );
            assert!(
                allocations < 0.5,
                "a frame allocates nothing for each reader"
            );
        }
    }
}

criterion_group!(benches, readers);

fn main() {
    added();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
