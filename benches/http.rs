//! What `PoolLayer::http()` costs an ordinary GET of a browser that nobody shares.
//!
//! ```text
//! cargo bench --features http --bench http
//! ```
//!
//! Measured are the key alone, the policy alone, and the whole call through the
//! layer to the end of its body, beside the same call of the bare service. Each
//! request is made anew on all sides, and each answer is checked.
#![allow(missing_docs)] // of what criterion's macros make

mod measure;

use std::{
    convert::Infallible,
    hint::black_box,
    time::{Duration, Instant},
};

use bytes::Bytes;
use criterion::{Criterion, criterion_group};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer as _, Service, ServiceExt, service_fn};
use tower_pool::{
    KeyExtractor, Policy, PoolLayer, Verdict,
    http::{HttpKey, HttpPolicy},
};

const PAGE: &str = "a page";

/// What a browser sends with a GET of a page: 14 headers.
fn request() -> Request<Full<Bytes>> {
    Request::get("/report/7?year=2026&view=table")
        .header("host", "reports.example.com")
        .header("connection", "keep-alive")
        .header("cache-control", "max-age=0")
        .header(
            "sec-ch-ua",
            "\"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"",
        )
        .header("sec-ch-ua-mobile", "?0")
        .header("sec-ch-ua-platform", "\"Linux\"")
        .header("upgrade-insecure-requests", "1")
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/142.0.0.0 Safari/537.36",
        )
        .header(
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        )
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("accept-language", "en-GB,en;q=0.9,de;q=0.8")
        .body(Full::default())
        .expect("a valid request")
}

fn response() -> Response<Full<Bytes>> {
    Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .header("cache-control", "public, max-age=60")
        .header("vary", "accept-encoding")
        .header("etag", "\"7\"")
        .body(Full::from(PAGE))
        .expect("a valid response")
}

fn service()
-> impl Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    service_fn(|request| async move {
        black_box(request);
        Ok(response())
    })
}

/// Makes `calls` calls, one after another, and returns the time they took.
async fn run<S, B>(service: &S, calls: u64) -> Duration
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes>,
{
    let start = Instant::now();
    for _ in 0..calls {
        let Ok(response) = service.clone().oneshot(request()).await;
        let body = response.into_body().collect().await;
        let page = body.map(|body| body.to_bytes());
        assert!(page.is_ok_and(|page| page == PAGE));
    }
    start.elapsed()
}

fn timed(calls: u64, call: impl Fn()) -> Duration {
    let start = Instant::now();
    (0..calls).for_each(|_| call());
    start.elapsed()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn lone(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("a browser's GET");
    let (bare, pool) = (service(), PoolLayer::http().layer(service()));
    group.bench_function("bare", |bencher| {
        bencher.iter_custom(|calls| runtime.block_on(run(&bare, calls)));
    });
    group.bench_function("pool", |bencher| {
        bencher.iter_custom(|calls| runtime.block_on(run(&pool, calls)));
    });
    group.finish();
}

/// Prints what each part of the layer costs.
fn parts() {
    let (request, response) = (request(), response());
    let key = HttpKey::new();
    let policy = HttpPolicy::for_key(&key);
    let extract = |calls| {
        timed(calls, || {
            assert!(black_box(key.extract(&request)).is_some())
        })
    };
    let judge = |calls| {
        timed(calls, || {
            let verdict = policy.verdict(Ok::<_, &Infallible>(black_box(&response)));
            assert_eq!(verdict, Verdict::Share);
        })
    };
    let nothing = |calls| timed(calls, || _ = black_box(&request));
    print("the key", nothing, extract);
    print("the policy", nothing, judge);

    let runtime = runtime();
    let (bare, pool) = (service(), PoolLayer::http().layer(service()));
    let bare = |calls| runtime.block_on(run(&bare, calls));
    let pool = |calls| runtime.block_on(run(&pool, calls));
    print("a browser's GET", bare, pool);
}

fn print(
    name: &str,
    bare: impl Fn(u64) -> Duration + Copy,
    other: impl Fn(u64) -> Duration + Copy,
) {
    let allocations = measure::allocations(10_000, other) - measure::allocations(10_000, bare);
    let (bare, added) = measure::bare_and_added(501, 2_000, bare, other);
    println!("{name}: bare {bare:.0} ns; {added:.0} ns and {allocations:.3} allocations more");
}

criterion_group!(benches, lone);

fn main() {
    parts();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
