//! What a pool promises, one file a promise or a group of edges. The names of
//! the tests are the specification.
//!
//! Tests are deterministic: they poll by hand, wait for what must come, and
//! never sleep. See `support` for the inner service that they script.

#![allow(unreachable_pub)] // of a crate that is only tests

mod abandon;
mod brittle;
mod errors;
mod identity;
mod inside;
mod leader;
mod limits;
mod lone;
mod no_runtime;
mod panics;
mod readiness;
mod recursion;
mod runtime_loss;
mod seed;
mod send_sync;
mod stampede;
mod stats;
mod support;
mod transparency;
mod verdicts;
mod wakers;
