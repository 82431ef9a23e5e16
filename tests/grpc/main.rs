//! gRPC over real sockets on loopback, with tonic on both sides. The names of the
//! tests are the specification.
//!
//! Tests are deterministic: they answer each call that reaches the server when
//! they like, and wait for what must come. No test measures real time.

#![allow(unreachable_pub)] // of a crate that is only tests

mod by_hand;
mod clock;
mod compression;
mod deadlines;
mod errors;
mod inner_errors;
mod keys;
mod methods;
mod policies;
mod refused;
mod seen;
mod server;
mod settings;
mod shop;
mod site;
mod support;
mod unary;
mod unreachable;

#[rustfmt::skip]
#[path = "../../examples/grpc_catalog/shop.rs"]
mod proto;
