//! HTTP over real sockets on loopback, with axum and hyper on both sides. The
//! names of the tests are the specification.
//!
//! Tests are deterministic: they answer each call that reaches the origin when
//! they like, and wait for what must come. No test measures real time; those of
//! times run on a paused clock, without sockets.

#![allow(unreachable_pub)] // of a crate that is only tests

mod cache_status;
mod client;
mod disconnects;
mod forms;
mod late;
mod late_ends;
mod late_forgotten;
mod memory;
mod origin;
mod outbound;
mod places;
mod requests;
mod server;
mod shutdown;
mod siblings;
mod solo;
mod streaming;
mod support;
mod tenants;
mod users;
mod versions;
