//! What a lone call costs over the bare service, in time and in allocations.
//!
//! ```text
//! cargo bench --bench pool
//! ```
//!
//! Both sides make the same call in the same way, a clone of the service made
//! ready and called once; one of them through a pool. Each call has another key
//! and each answer is checked. The allocations are counted first and printed;
//! then criterion takes the times, the bare service beside the pool.
#![allow(missing_docs)] // of what criterion's macros make

use std::{
    alloc::{GlobalAlloc, Layout, System},
    convert::Infallible,
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, criterion_group};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer as _, Service, ServiceExt, service_fn};
use tower_pool::PoolLayer;

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

/// When the inner service has its answer.
#[derive(Clone, Copy)]
enum Inner {
    AtOnce,
    AfterOneYield,
}

impl Inner {
    const ALL: [(Self, &str); 2] = [
        (Self::AtOnce, "ready at once"),
        (Self::AfterOneYield, "after one yield"),
    ];

    fn service(
        self,
    ) -> impl Service<u64, Response = u64, Error = Infallible, Future: Send> + Clone + Send + 'static
    {
        service_fn(move |n: u64| async move {
            match self {
                Self::AtOnce => {}
                Self::AfterOneYield => tokio::task::yield_now().await,
            }
            Ok(n + 1)
        })
    }
}

/// Makes `calls` calls, one after another, and returns the time they took.
async fn run<S>(service: &S, calls: u64) -> Duration
where
    S: Service<u64, Response = u64, Error = Infallible> + Clone,
{
    let start = Instant::now();
    for n in 0..calls {
        assert_eq!(black_box(service.clone()).oneshot(n).await, Ok(n + 1));
    }
    start.elapsed()
}

fn pooled<S>(service: S) -> impl Service<u64, Response = u64, Error = Infallible> + Clone
where
    S: Service<u64, Response = u64, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    PoolLayer::new(|n: &u64| Some(*n)).layer(service)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn lone(criterion: &mut Criterion) {
    let runtime = runtime();
    for (inner, name) in Inner::ALL {
        let mut group = criterion.benchmark_group(format!("lone, {name}"));
        let (bare, pool) = (inner.service(), pooled(inner.service()));
        group.bench_function(BenchmarkId::from_parameter("bare"), |bencher| {
            bencher.iter_custom(|calls| runtime.block_on(run(&bare, calls)));
        });
        group.bench_function(BenchmarkId::from_parameter("pool"), |bencher| {
            bencher.iter_custom(|calls| runtime.block_on(run(&pool, calls)));
        });
        group.finish();
    }
}

/// Prints the allocations of one call, and sees to it that they are as promised.
fn allocations() {
    const CALLS: u64 = 10_000;
    let runtime = runtime();
    let count = |run: &dyn Fn() -> Duration| {
        run(); // whatever is allocated once, and kept
        let before = ALLOCATIONS.load(Relaxed);
        run();
        (ALLOCATIONS.load(Relaxed) - before) as f64 / CALLS as f64
    };
    for (inner, name) in Inner::ALL {
        let (bare, pool) = (inner.service(), pooled(inner.service()));
        let bare = count(&|| runtime.block_on(run(&bare, CALLS)));
        let pool = count(&|| runtime.block_on(run(&pool, CALLS)));
        println!("lone, {name}: allocations of a call: bare {bare:.3}, pool {pool:.3}");
        assert!(
            pool - bare <= 2.0,
            "a pool adds at most two allocations to a call"
        );
    }
}

/// Prints what the pool adds to the time of a call: the median of many short
/// runs in turn, so that both sides see the same machine.
fn added_time() {
    const TURNS: usize = 501;
    const CALLS: u64 = 2_000;
    let runtime = runtime();
    for (inner, name) in Inner::ALL {
        let (bare, pool) = (inner.service(), pooled(inner.service()));
        let mut times = [(); TURNS].map(|()| {
            let per_call = |time: Duration| time.as_secs_f64() * 1e9 / CALLS as f64;
            let bare = per_call(runtime.block_on(run(&bare, CALLS)));
            let pool = per_call(runtime.block_on(run(&pool, CALLS)));
            (bare, pool - bare)
        });
        times.sort_by(|a, b| a.1.total_cmp(&b.1));
        let added = times[TURNS / 2].1;
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let bare = times[TURNS / 2].0;
        println!("lone, {name}: bare {bare:.0} ns, added by the pool {added:.0} ns");
    }
}

criterion_group!(benches, lone);

fn main() {
    allocations();
    added_time();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
