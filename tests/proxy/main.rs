//! The proxy of the examples over real sockets: it treats messages alike with a
//! pool and without, and with a pool it shares answers.
//!
//! Clients and origins are scripted by each test, so that nothing depends on
//! timing. Where one side has to wait for what it cannot see, it asks the
//! proxy's statistics until they say so.

// Not all of a program is of use in a test of it.
#[allow(dead_code)]
#[path = "../../examples/proxy/main.rs"]
mod example;

#[path = "../support/command_line.rs"]
mod command_line;

mod arguments;
mod faithful;
mod http2;
mod message;
mod pooled;
mod shutdown;
mod support;
mod upgrade;
