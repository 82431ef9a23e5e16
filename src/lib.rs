//! placeholder
#![forbid(unsafe_code)]
mod error;
mod flight;
mod future;
mod key;
mod layer;
mod policy;
mod service;
mod stats;

pub use self::{
    error::SharedError,
    future::ResponseFuture,
    key::KeyExtractor,
    layer::PoolLayer,
    policy::{OnAbandon, Policy, ShareAll, Verdict},
    service::Pool,
    stats::Stats,
};
