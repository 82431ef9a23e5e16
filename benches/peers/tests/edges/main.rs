//! What this crate and its peers do at the edges: each scenario is written once
//! and run over all. COMPARE.md says in words what is asserted here.

mod answers;
mod crossing;
mod failures;
mod keys;
mod leader;
mod leaks;
mod permits;
mod support;
mod surroundings;

#[global_allocator]
static ALLOCATOR: peers::alloc::Counting = peers::alloc::Counting;
