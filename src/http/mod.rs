//! HTTP: one response for all who ask for the same, where that is safe.
//!
//! ```
//! use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tower::{ServiceBuilder, service_fn};
//! use tower_pool::{PoolLayer, http::Role};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let reports = ServiceBuilder::new()
//!     .layer(PoolLayer::http())
//!     .service(service_fn(|request: Request<Full<Bytes>>| async move {
//!         tokio::task::yield_now().await; // dear
//!         let report = format!("the report at {}", request.uri());
//!         Ok::<_, Infallible>(Response::new(Full::from(report)))
//!     }));
//!
//! let get = || Request::get("/report/7").body(Full::<Bytes>::default()).unwrap();
//! let (a, b) = tokio::join!(reports.request(get()), reports.request(get()));
//! let (a, b) = (a?, b?);
//! assert_eq!(b.extensions().get(), Some(&Role::Follower));
//! assert_eq!(a.into_body().collect().await?.to_bytes(), "the report at /report/7");
//! assert_eq!(b.into_body().collect().await?.to_bytes(), "the report at /report/7");
//! # Ok(())
//! # }
//! ```
//!
//! # In axum
//!
//! With the feature `axum`, [`PoolLayer::http()`](crate::PoolLayer::http) goes
//! on a `Router` (`layer` or `route_layer`) or a `MethodRouter`:
//!
//! ```no_run
//! use axum::{Router, extract::Path, routing::get};
//! use tower_pool::PoolLayer;
//!
//! # async fn report(Path(_): Path<u32>) {}
//! # async fn health() {}
//! let app = Router::new()
//!     .route("/report/{id}", get(report).layer(PoolLayer::http()))
//!     .route("/health", get(health));
//! # let _: Router = app;
//! ```
//!
//! To put it around a whole `Router`, give axum back its body:
//!
//! ```no_run
//! use axum::{Router, ServiceExt, body::Body};
//! use http::Request;
//! use tower::{Layer, ServiceBuilder};
//! use tower_pool::{PoolLayer, http::SharedBody};
//!
//! # async fn serve(app: Router) -> std::io::Result<()> {
//! let app = ServiceBuilder::new()
//!     .map_response(|response: http::Response<SharedBody>| response.map(Body::from))
//!     .layer(PoolLayer::http())
//!     .service(app);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! axum::serve(listener, ServiceExt::<Request<Body>>::into_make_service(app)).await
//! # }
//! ```
//!
//! Services that a layer is put on share nothing with each other: each route, and
//! each method of it, has flights of its own. If a router has no state, axum makes
//! its services anew for each connection, and even for each request of a `Router`
//! that is called as a service; those that it makes of one and the same handler
//! share their flights all the same. Two things to know about that:
//!
//! - Clones of a router that are given different states, after the layer was put
//!   on, are not told apart. **A state that differs by who asks is an identity
//!   like any other**: add it to the key with [`and`](HttpPoolLayer::and), or put
//!   the layer on each clone.
//! - It does not go for a fallback, for `MethodRouter::route_layer`, nor for a
//!   router inside of `nest_service`: there nothing is shared between connections,
//!   unless the router was made ready with `with_state(())`.
//!
//! # Around a client
//!
//! The errors of a client are not `Clone`, so they are [shared](crate::SharedError):
//!
//! ```
//! use bytes::Bytes;
//! use http_body_util::Empty;
//! use hyper_util::{client::legacy::Client, rt::TokioExecutor};
//! use tower::ServiceBuilder;
//! use tower_pool::{PoolLayer, SharedError};
//!
//! let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
//! let client = ServiceBuilder::new()
//!     .layer(PoolLayer::http())
//!     .map_err(SharedError::new)
//!     .service(client);
//! # fn is_service<B: http_body::Body>(_: impl tower::Service<http::Request<B>>) {}
//! # is_service::<Empty<Bytes>>(client);
//! ```
//!
//! # The parts
//!
//! - [`HttpPoolLayer`] and [`HttpPool`] are the layer and its service.
//! - [`HttpKey`] says which requests are the same, and which may not be shared.
//!   **What it does not see it cannot tell apart**: add an identity that is in the
//!   request's extensions or in a header of your own.
//! - [`HttpPolicy`] says which responses may be handed to others. If one may not,
//!   all who wait for it are let go at once, in parallel, and the next callers
//!   of its key do not wait at all for a while.
//! - [`SharedBody`] is one body that many read, each at its own pace, while it
//!   arrives. [`ShareBodyLayer`] makes such bodies without a pool.
//! - [`Role`] in a response's extensions says how it came about.
//!
//! # What to know
//!
//! - A follower's response has the version of its own request, and everything
//!   else from its leader's: also what is in its extensions.
//! - A deadline of one caller belongs outside of the pool. One that is inside
//!   counts for all who share the call.
//! - Nobody waits for who reads slowly. A reader that is 4 MiB behind the fastest
//!   loses the rest ([`max_lag`](HttpPoolLayer::max_lag)), which can happen only
//!   with a body that does not say its length: a longer one that does is not
//!   shared. So much may a body cost while somebody reads on and somebody does
//!   not, and more if it comes in frames of a few bytes.
//! - A call that is under way for 30 seconds takes no newcomers, lest one that
//!   hangs take its key with it ([`max_age`](HttpPoolLayer::max_age)).
//! - A handler that sends a request of its own key to its own router waits for
//!   itself.
//! - Errors, 5xx and panics are handed on like all else. If a request can cause
//!   one by what is not in its key, think of
//!   [`server_errors`](HttpPoolLayer::server_errors).
//! - The rules are those of RFC 9110 and RFC 9111 for a shared cache. An answer
//!   that depends on something it does not say in `Vary` or `Cache-Control` is
//!   taken at its word.

// The way of a request: `layer` and `builder` make a `service`, which asks `key`
// (with `eligible`, `keyed`, `names`, `line`, `nested`) for a `request_key`, `memory` and
// `arriving` for a shorter way, and enters `flights`, its own or those that
// `lineage` has for its route. `origin` is the call inside, `policy` (with
// `cache_control`) judges what it gives, `body` streams it, and `future` hands it
// to one caller, with its `role`.
mod arriving;
#[cfg(feature = "axum")]
mod axum;
mod body;
mod builder;
mod cache_control;
mod eligible;
mod flights;
mod future;
mod key;
mod keyed;
mod layer;
mod line;
mod lineage;
mod memory;
mod names;
mod nested;
mod origin;
mod policy;
mod request_key;
#[cfg(feature = "reqwest")]
mod reqwest;
mod role;
mod service;

#[cfg(feature = "reqwest")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
pub use self::reqwest::{ReqwestFuture, ReqwestService};
pub use self::{
    body::{
        DEFAULT_MAX_LAG, ShareBody, ShareBodyFuture, ShareBodyLayer, SharedBody, SharedBodyError,
    },
    future::ResponseFuture,
    key::{Credentials, HttpKey},
    layer::{HttpPoolLayer, Join},
    origin::HttpService,
    policy::HttpPolicy,
    request_key::RequestKey,
    role::Role,
    service::HttpPool,
};
#[cfg(feature = "grpc")]
pub(crate) use self::{
    layer::DEFAULT_MAX_AGE,
    line::Line,
    lineage::{Home, Lineage, Route},
    names::Kind,
    nested::assert_seen_through,
    policy::OF_ONE_CLIENT,
};
