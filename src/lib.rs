//! `PoolLayer<Service>`: concurrent requests with equal keys share one inner call.
//!
//! Call a service from anywhere as you always do. If the same call is already
//! under way it is not made twice: both callers get its answer, or its failure.
//! Once it has answered, the next call gets through; nothing is kept for later.
//! The field calls this request coalescing, request collapsing, single flight.
//!
//! ```
//! use std::{convert::Infallible, time::Duration};
//! use tower::{ServiceBuilder, service_fn};
//! use tower_pool::PoolLayer;
//!
//! #[derive(Clone)]
//! struct Report { id: u32 }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let reports = ServiceBuilder::new()
//!     .layer(PoolLayer::new(|report: &Report| Some(report.id)))
//!     .service(service_fn(|report: Report| async move {
//!         tokio::time::sleep(Duration::from_secs(1)).await; // dear
//!         Ok::<_, Infallible>(format!("report {}", report.id))
//!     }));
//!
//! let (a, b, c) = tokio::join!(
//!     reports.request(Report { id: 7 }),
//!     reports.request(Report { id: 7 }),
//!     reports.request(Report { id: 8 }),
//! );
//! assert_eq!(a, b);
//! assert_eq!(c.unwrap(), "report 8");
//! assert_eq!(reports.stats().led, 2); // two calls for three callers
//! # }
//! ```
//!
//! # The parts
//!
//! - [`PoolLayer`] is what you configure, and [`Pool`] the service it makes: a
//!   [`Service`](tower_service::Service) with the inner service's response and
//!   error, and no error of its own.
//! - A [`KeyExtractor`] says which requests are the same. It is usually a closure.
//!   **The key decides who sees whose answer**: put the caller's identity in it,
//!   wherever the answer depends on it.
//! - A [`Policy`] may look at an outcome before it is handed out, and give
//!   another [`Verdict`] than to share it.
//! - [`SharedError`] makes any error cloneable.
//! - [`Stats`] says what a pool has done.
#![cfg_attr(
    feature = "http",
    doc = "- [`http`](mod@http) has a key and a policy for HTTP, in one line: [`PoolLayer::http`]."
)]
#![cfg_attr(
    feature = "grpc",
    doc = "- [`grpc`] does the same for gRPC, around tonic's channels and in its servers: [`PoolLayer::grpc`]."
)]
//!
//! # What happens to a call
//!
//! The caller of a key that is polled first **leads** a flight: the inner service
//! gets its request. Callers of an equal key **follow** until the call has answered. A
//! caller without a key goes **solo**, past the pool.
//!
//! A leader that stays alone polls the inner call itself: the same task, the
//! same cancellation, the same panic, and no clone. As soon as it is followed,
//! the call moves to a task of the leader's runtime, and everybody waits alike.
//! So nobody depends on the leader: it can be dropped, time out, or be held and
//! never polled again.
//!
//! - **Cancellation.** The last caller to be dropped drops the inner call with
//!   it, unless [`OnAbandon::Finish`] is set.
//! - **Errors** are cloned to all, unless a policy says otherwise.
//! - **Panics** unwind in every caller: with the original payload in one, with
//!   its message in the others.
//! - **Back pressure.** A pool is always ready. Each flight waits for its own
//!   clone of the inner service to be ready, so that followers hold no permits.
//!   To bound how many wait, put a concurrency limit outside.
//! - **Runtimes.** When the runtime that drives a flight shuts down, one of the
//!   callers left makes the call anew for all of them. A leader that outlives
//!   its runtime has no request any more, and shares that call. If nobody is left
//!   to make it, the leader has its own call back to go on with, or panics rather
//!   than hang if that is gone.
//!
//! # What to know
//!
//! - A request is kept until its caller is answered: a follower needs it if it
//!   has to make the call itself after all. So is a clone of the inner service.
//! - After the move to a task, task-locals of the leader's task are not visible
//!   to the inner call.
//! - A task goes on only while its runtime is run. A current-thread runtime is
//!   run only inside its `block_on`: if a call was led in one that is then left
//!   alone, neither run nor dropped, the call's followers in other runtimes wait
//!   until it is. Runtimes with worker threads have no such gap.
//! - A call that calls the pool with its own key, and awaits the answer, waits
//!   on itself. It blocks no thread, and dropping its callers ends it; but it
//!   has no answer, so with [`OnAbandon::Finish`] it is never done. A call that
//!   *spawns* such a caller, or two keys that wait for each other, cannot be
//!   found out, and wait for as long as those tasks live.
//! - If the leader is outside a tokio runtime there is no task to move to. The
//!   callers of its flight then drive it in turn, and each wake of the inner
//!   call wakes them all. All else holds, but that `Finish` cancels.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod error;
mod flight;
mod future;
#[cfg(feature = "grpc")]
#[cfg_attr(docsrs, doc(cfg(feature = "grpc")))]
pub mod grpc;
#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
pub mod http;
mod key;
mod layer;
mod policy;
mod service;
mod stats;
mod sync;

pub use self::{
    error::SharedError,
    future::ResponseFuture,
    key::KeyExtractor,
    layer::PoolLayer,
    policy::{And, OnAbandon, Policy, ShareAll, Verdict},
    service::Pool,
    stats::Stats,
};

/// The README's example is a test as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
