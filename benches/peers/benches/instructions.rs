//! Instructions of lone calls and of a herd, counted by callgrind: the same in
//! each run, however busy the machine is. What an instruction takes is another
//! matter: those that are locked, as locks and counts of references are, take
//! many times as long as others. And some peers hash with seeds that are new in
//! each run, or look at the clock, as moka does: theirs vary by a percent or so.
//!
//! What is counted is the whole of a case, runtime and keys included: subtract
//! the bare work, or the floor.
//!
//! ```text
//! benches/peers/setup
//! cargo bench -p peers --features callgrind --bench instructions
//! ```
#![allow(missing_docs)] // of what gungraun's macros make

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use peers::{
    AsyncSingleflight, Bare, Moka, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap,
    SingleflightAsync, TowerPool, TowerResilience, Uniflight,
    cases::{Case, Herd, Lone, notify_floor},
    work::{Gate, Yields},
};

const CALLS: u64 = 1_000;

fn lone<P: Peer<u64, Yields>>(yields: u32) {
    let case = Lone {
        keys: (0..CALLS).collect(),
        yields,
    };
    black_box(case.run::<P>());
}

fn herd<P: Peer<u64, Gate<u64>>>(callers: usize) {
    black_box(Herd { callers }.run::<P>());
}

fn floor(callers: usize) {
    black_box(notify_floor(&Herd { callers }));
}

#[library_benchmark]
#[bench::bare(lone::<Bare<_>>, 0)]
#[bench::tower_pool(lone::<TowerPool<_, _>>, 0)]
#[bench::tower_resilience(lone::<TowerResilience<_, _>>, 0)]
#[bench::uniflight(lone::<Uniflight<_, _>>, 0)]
#[bench::rs_singleflight(lone::<RsSingleflight<_, _>>, 0)]
#[bench::singleflight_async(lone::<SingleflightAsync<_, _>>, 0)]
#[bench::async_singleflight(lone::<AsyncSingleflight<_, _>>, 0)]
#[bench::moka(lone::<Moka<_, _>>, 0)]
#[bench::quick_cache(lone::<QuickCache<_, _>>, 0)]
#[bench::shared_map(lone::<SharedMap<_, _>>, 0)]
#[bench::once_cell_map(lone::<OnceCellMap<_, _>>, 0)]
fn ready_at_once(run: fn(u32), yields: u32) {
    run(yields);
}

#[library_benchmark]
#[bench::bare(lone::<Bare<_>>, 1)]
#[bench::tower_pool(lone::<TowerPool<_, _>>, 1)]
#[bench::tower_resilience(lone::<TowerResilience<_, _>>, 1)]
#[bench::uniflight(lone::<Uniflight<_, _>>, 1)]
#[bench::rs_singleflight(lone::<RsSingleflight<_, _>>, 1)]
#[bench::singleflight_async(lone::<SingleflightAsync<_, _>>, 1)]
#[bench::async_singleflight(lone::<AsyncSingleflight<_, _>>, 1)]
#[bench::moka(lone::<Moka<_, _>>, 1)]
#[bench::quick_cache(lone::<QuickCache<_, _>>, 1)]
#[bench::shared_map(lone::<SharedMap<_, _>>, 1)]
#[bench::once_cell_map(lone::<OnceCellMap<_, _>>, 1)]
fn after_one_yield(run: fn(u32), yields: u32) {
    run(yields);
}

#[library_benchmark]
#[bench::floor(floor, 100)]
#[bench::tower_pool(herd::<TowerPool<_, _>>, 100)]
#[bench::tower_resilience(herd::<TowerResilience<_, _>>, 100)]
#[bench::uniflight(herd::<Uniflight<_, _>>, 100)]
#[bench::rs_singleflight(herd::<RsSingleflight<_, _>>, 100)]
#[bench::singleflight_async(herd::<SingleflightAsync<_, _>>, 100)]
#[bench::async_singleflight(herd::<AsyncSingleflight<_, _>>, 100)]
#[bench::moka(herd::<Moka<_, _>>, 100)]
#[bench::quick_cache(herd::<QuickCache<_, _>>, 100)]
#[bench::shared_map(herd::<SharedMap<_, _>>, 100)]
#[bench::once_cell_map(herd::<OnceCellMap<_, _>>, 100)]
fn herd_of_100(run: fn(usize), callers: usize) {
    run(callers);
}

library_benchmark_group!(
    name = calls,
    benchmarks = [ready_at_once, after_one_yield, herd_of_100]
);
main!(library_benchmark_groups = calls);
