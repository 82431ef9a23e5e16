//! gRPC over real sockets on loopback, with tonic on both sides. The names of the
//! tests are the specification.
//!
//! Tests are deterministic: they answer each call that reaches the server when
//! they like, and wait for what must come. No test measures real time.

#![allow(unreachable_pub)] // of a crate that is only tests

mod axum;
#[allow(dead_code)] // what only the tests of HTTP need
#[path = "../http/bodies.rs"]
mod bodies;
mod by_hand;
mod channels;
mod clients;
mod clock;
mod collecting;
mod compression;
mod deadlines;
mod debug;
mod errors;
mod heads;
mod health;
mod inner;
mod inner_errors;
mod interceptors;
mod keys;
mod layers;
mod lost_leader;
mod methods;
mod places;
mod policies;
#[path = "../support/printed.rs"]
mod printed;
mod random_requests;
mod reading;
mod refused;
mod replay;
mod seen;
mod send_sync;
mod server;
mod settings;
mod shop;
mod site;
mod stalling;
mod streams;
mod support;
mod tenants;
mod unary;
mod unreachable;
mod untouched;
mod watch;
mod watching;
mod watching_ends;
mod watching_server;
mod web;

#[rustfmt::skip]
#[path = "../../examples/grpc_catalog/shop.rs"]
mod proto;
