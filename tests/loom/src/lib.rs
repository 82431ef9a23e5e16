//! The races of the flight core, of the shared body, and of responses that arrive,
//! each in every interleaving that it has.
//!
//! Their own files are built here upon [`sync`]: loom's locks and threads
//! in place of real ones, and a runtime whose tasks are such threads. loom runs
//! a model again and again, with its threads in another order each time, until
//! it has seen all orders that differ (or, in CI, all with so many preemptions).
//! A caller or reader that is never woken is found as a deadlock.
//!
//! ```text
//! cargo test -p loom-models --release                            at most 3 preemptions
//! LOOM_MAX_PREEMPTIONS=4 cargo test -p loom-models --release     at most 4: some minutes
//! LOOM_MAX_PREEMPTIONS=99 cargo test -p loom-models --release    all there are
//! ```
//!
//! Most models of the core have more orders than anybody waits for: give the last
//! one the name of a model.
//!
//! Every model is told in [`models`] by what races in it. [`world`] has what
//! all assert: a call never begins while another of its key is alive, nor is one
//! polled that was replaced (but where a model means it: see [`call::Site`]), every
//! caller has an end, and at the end nothing is left. [`stage`] has the same for
//! bodies: frames come in order, the body is gone before its end is seen, and at the
//! end nothing is left.

#![cfg(test)]

#[path = "../../../src/http/arriving.rs"]
mod arriving;
#[path = "../../../src/error.rs"]
#[allow(dead_code, reason = "built for the shared body, which needs less")]
mod error;
#[path = "../../../src/flight/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "some of it is for others in the crate"
)]
mod flight;
#[path = "../../../src/policy.rs"]
#[allow(dead_code, reason = "built for the core, which needs less")]
mod policy;
#[path = "../../../src/stats.rs"]
#[allow(dead_code, reason = "built for the core, which needs less")]
mod stats;

#[allow(
    dead_code,
    unused_imports,
    reason = "some of it is for others in the crate"
)]
mod body;
mod call;
mod models;
mod park;
mod request_key;
mod runtime;
mod stage;
mod sync;
mod world;

/// Where the shared body looks for them.
mod http {
    pub(crate) mod policy {
        /// No model reads trailers.
        pub(crate) const OF_ONE_CLIENT: [&str; 0] = [];
    }
}

use error::SharedError;
