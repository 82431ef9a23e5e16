//! gRPC over real sockets on loopback, with tonic on both sides. The names of the
//! tests are the specification.
//!
//! Tests are deterministic: they answer each call that reaches the server when
//! they like, and wait for what must come. No test measures real time.

#![allow(unreachable_pub)] // of a crate that is only tests

mod axum;
mod channels;
mod clients;
mod health;
mod interceptors;
mod layers;
mod places;
mod server;
mod shop;
mod support;
mod tenants;
mod unary;
mod watch;
mod web;

#[rustfmt::skip]
#[path = "../../examples/grpc_catalog/shop.rs"]
mod proto;
