//! What is promised of HTTP: the names of the tests are the specification.

mod bodies;
mod body;
#[allow(dead_code)] // what only the tests of the pool need
#[path = "../support/counted.rs"]
mod counted;
mod debug;
mod late;
mod late_stats;
mod lost_leader;
mod memory;
#[path = "../support/printed.rs"]
mod printed;
mod readiness;
mod requests;
mod responses;
mod send_sync;
mod support;
