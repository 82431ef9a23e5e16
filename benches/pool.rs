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

mod measure;

use std::{
    convert::Infallible,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, criterion_group};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer as _, Service, ServiceExt, service_fn};
use tower_pool::PoolLayer;

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

/// Prints what the pool adds to a call, and sees to it that it allocates no more
/// than is promised.
fn added() {
    let runtime = runtime();
    for (inner, name) in Inner::ALL {
        let (bare, pool) = (inner.service(), pooled(inner.service()));
        let bare = |calls| runtime.block_on(run(&bare, calls));
        let pool = |calls| runtime.block_on(run(&pool, calls));

        let allocations = [
            measure::allocations(10_000, bare),
            measure::allocations(10_000, pool),
        ];
        let (time, added) = measure::bare_and_added(501, 2_000, bare, pool);
        println!(
            "lone, {name}: bare {time:.0} ns and {:.3} allocations; with a pool {added:.0} ns more \
             and {:.3} allocations",
            allocations[0], allocations[1],
        );
        assert!(
            allocations[1] - allocations[0] <= 1.0,
            "a pool adds at most one allocation to a call"
        );
    }
}

criterion_group!(benches, lone);

fn main() {
    added();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
