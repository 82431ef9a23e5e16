//! `PoolLayer::http()` and its parts.

mod requests;
mod responses;
mod support;
