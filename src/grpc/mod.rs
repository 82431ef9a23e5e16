//! gRPC: one call for all who ask for the same, of the methods that you name.
mod builder;
mod collect;
mod error;
mod flights;
mod future;
mod layer;
mod metadata;
mod methods;
mod origin;
mod replay;
mod service;
mod timeout;

pub use self::{
    error::GrpcError,
    future::ResponseFuture,
    layer::GrpcPoolLayer,
    replay::{ReplayBody, RequestBody},
    service::{GrpcPool, GrpcService},
};
