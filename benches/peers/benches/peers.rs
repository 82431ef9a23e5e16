//! The cases whose result is a time, for criterion: it keeps the results of
//! former runs and tells what has changed. The report takes its own figures.
//!
//! ```text
//! cargo bench -p peers --bench peers
//! ```
#![allow(missing_docs)] // of what criterion's macros make

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use peers::{
    Bare, Key,
    cases::{Cancel, Clones, Herd, HttpKeys, Lone, Mixed, Runner, notify_floor, runners},
};

/// Calls of one turn of a lone case: a tenth of the keys only warms up.
const CALLS: u64 = 1_000;

fn lone(criterion: &mut Criterion) {
    let http = HttpKeys::new();
    for yields in [0, 1] {
        lone_with(criterion, "u64", yields, |number| number);
        lone_with(criterion, "60 bytes", yields, |number| {
            format!("{number:060}")
        });
        lone_with(criterion, "HTTP", yields, |number| http.key(number));
    }
}

fn lone_with<K: Key>(criterion: &mut Criterion, kind: &str, yields: u32, key: impl Fn(u64) -> K) {
    let mut group = criterion.benchmark_group(format!("lone, {kind}, {yields} yields"));
    let mut runners = runners::<Lone<K>>();
    runners.insert(0, Runner::of::<Bare<_>>());
    let case = Lone {
        keys: (0..CALLS).map(key).collect(),
        yields,
    };
    for runner in runners {
        group.bench_function(BenchmarkId::from_parameter(runner.name), |bencher| {
            bencher.iter_custom(|calls| {
                let turns = calls.div_ceil(CALLS);
                let nanos: f64 = (0..turns).map(|_| (runner.run)(&case).nanos()).sum();
                Duration::from_secs_f64(nanos / turns as f64 * calls as f64 / 1e9)
            });
        });
    }
    group.finish();
}

fn herd(criterion: &mut Criterion) {
    for callers in [2, 10, 100, 1_000] {
        let mut group =
            criterion.benchmark_group(format!("herd of {callers}, gate to last answer"));
        group.throughput(Throughput::Elements(callers as u64));
        let case = Herd { callers };
        group.bench_function("the floor, one Notify", |bencher| {
            bencher.iter_custom(|turns| (0..turns).map(|_| notify_floor(&case).answers).sum());
        });
        for runner in runners::<Herd>() {
            group.bench_function(BenchmarkId::from_parameter(runner.name), |bencher| {
                bencher.iter_custom(|turns| (0..turns).map(|_| (runner.run)(&case).answers).sum());
            });
        }
        group.finish();
    }
}

fn cancel(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("leader dropped, 100 followers");
    for runner in runners::<Cancel>() {
        group.bench_function(BenchmarkId::from_parameter(runner.name), |bencher| {
            let time = || (runner.run)(&Cancel { followers: 100 }).time;
            let time = || time().unwrap_or_else(|| panic!("{}: they hang", runner.name));
            bencher.iter_custom(|turns| (0..turns).map(|_| time()).sum());
        });
    }
    group.finish();
}

fn clones(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1 MiB for 8 callers");
    group.sample_size(10);
    for runner in runners::<Clones>() {
        group.bench_function(BenchmarkId::from_parameter(runner.name), |bencher| {
            let time = || (runner.run)(&Clones { callers: 8 }).time;
            bencher.iter_custom(|turns| (0..turns).map(|_| time()).sum());
        });
    }
    group.finish();
}

fn mixed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mixed, for each answer");
    group.sample_size(10);
    let mut runners = runners::<Mixed>();
    // A cache would call once for each key, and never again.
    runners.retain(|runner| !runner.keeps_answers);
    for runner in runners {
        group.bench_function(BenchmarkId::from_parameter(runner.name), |bencher| {
            bencher.iter_custom(|answers| {
                let case = Mixed {
                    calls: 6_400,
                    seed: 1,
                };
                let rate = (runner.run)(&case).answers_per_second;
                Duration::from_secs_f64(answers as f64 / rate)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, lone, herd, cancel, clones, mixed);
criterion_main!(benches);
