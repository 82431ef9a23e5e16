//! gRPC: one call for all who ask for the same, of the methods that you name.
//!
//! Around the channel of a tonic client:
//!
//! ```
//! use tonic::transport::Channel;
//! use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
//! use tower::ServiceBuilder;
//! use tower_pool::PoolLayer;
//! # use tonic::transport::{Server, server::TcpIncoming};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (_, health) = tonic_health::server::health_reporter();
//! # let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
//! # let server = format!("http://{}", incoming.local_addr()?);
//! # tokio::spawn(Server::builder().add_service(health).serve_with_incoming(incoming));
//! let channel = Channel::from_shared(server)?.connect().await?;
//! let channel = ServiceBuilder::new()
//!     .layer(PoolLayer::grpc().method("/grpc.health.v1.Health/Check"))
//!     .service(channel);
//!
//! let mut a = HealthClient::new(channel.clone());
//! let mut b = HealthClient::new(channel.clone());
//! let (a, b) = tokio::join!(
//!     a.check(HealthCheckRequest::default()),
//!     b.check(HealthCheckRequest::default()),
//! );
//! assert_eq!(a?.into_inner(), b?.into_inner());
//! assert_eq!(channel.stats().led, 1); // one call reached the server
//! # Ok(())
//! # }
//! ```
//!
//! Or in a server, where callers on all connections share:
//!
//! ```no_run
//! use tonic::transport::Server;
//! use tower_pool::PoolLayer;
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! # let (_, health) = tonic_health::server::health_reporter();
//! Server::builder()
//!     .layer(PoolLayer::grpc().method("/grpc.health.v1.Health/Check"))
//!     .add_service(health)
//!     .serve("127.0.0.1:50051".parse()?)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Or around one service of a server. tonic wants to see there that it cannot fail,
//! and what it is called:
//!
//! ```
//! use std::convert::Infallible;
//! use tonic::{service::LayerExt, transport::Server};
//! use tower::ServiceBuilder;
//! use tower_pool::PoolLayer;
//!
//! # let (_, health) = tonic_health::server::health_reporter();
//! let health = ServiceBuilder::new()
//!     .map_err(Infallible::from)
//!     .layer(PoolLayer::grpc().method("/grpc.health.v1.Health/Check"))
//!     .named_layer(health);
//! let server = Server::builder().add_service(health);
//! # let _ = server;
//! ```
//!
//! # Which calls are the same
//!
//! Nothing is pooled that is not named: a request does not say whether it is one
//! message or a stream of them, nor whether it may be answered by another's
//! answer. [`method`](GrpcPoolLayer::method), [`service`](GrpcPoolLayer::service)
//! and [`methods_that`](GrpcPoolLayer::methods_that) name what is. Name unary
//! methods that only read, and server-streaming ones whose stream may be shared.
//!
//! Two calls of such a method are the same if they have
//!
//! - the same path, scheme and authority, in an axum app also from before `nest`
//!   stripped a prefix;
//! - the very same message, byte by byte, and one encoding for it and its answer;
//! - the same metadata, in whichever order, but for what tells one request of a
//!   trace from another (`traceparent`, `x-request-id` and the like),
//!   `user-agent`, and `grpc-timeout`. So callers with different credentials
//!   share nothing. Nor do clients behind a proxy that adds `x-forwarded-for`, or
//!   a count of attempts. See [`ignore_metadata`](GrpcPoolLayer::ignore_metadata)
//!   and [`key_metadata_only`](GrpcPoolLayer::key_metadata_only).
//!
//! **An identity that is not in the metadata is not seen:** that of a client
//! certificate, of the connection, or what an interceptor has put into the
//! request's extensions. If an answer depends on one, add it to the key with
//! [`and`](GrpcPoolLayer::and).
//!
//! # What happens to a call
//!
//! A request's message is read before it takes its place, at most
//! [`max_message`](GrpcPoolLayer::max_message) bytes of it and for no longer than
//! [`collect_timeout`](GrpcPoolLayer::collect_timeout). What turns out not to be
//! one message within these limits goes on as it is, with all that was read. So
//! a stream of requests loses nothing if its method was named by mistake, but it
//! is held up for that time.
//!
//! - **Deadlines.** A caller's `grpc-timeout` is its own. The call itself has
//!   none: **the server of a pooled method sees no `grpc-timeout`**. So the pool
//!   keeps to it, for the whole of the call. When it is over before there is a
//!   response, the caller gets what tonic gives it, which is `Cancelled`, "Timeout
//!   expired"; after that, its response ends with `DeadlineExceeded`, as a server
//!   ends one that looks at the timeout, once the little that has come by then is
//!   read. The others wait on. When the last caller
//!   has given up, the call is cancelled. A timeout that is set inside of the pool
//!   (`Endpoint::timeout`) is the call's, and is over for all at once, also for
//!   whoever has just come.
//! - **Errors.** Every status reaches all callers as it is, with its details and
//!   metadata, and so does the failure of a connection: see [`GrpcError`]. With a
//!   [`policy`](GrpcPoolLayer::policy), some of them can be tried again. The pool
//!   itself is always ready; if the service inside will not be, its calls fail.
//! - **Responses** are streamed to all while they arrive
//!   ([`SharedBody`](crate::http::SharedBody)): those of a server-streaming method
//!   too, to all callers that came before the stream began. Whoever comes later
//!   gets one of its own. If a caller is slow the others go on, and one that is
//!   [8 MiB](GrpcPoolLayer::max_lag) behind loses the rest, with
//!   `ResourceExhausted`.
//! - A call that is under way for 30 seconds takes no newcomers
//!   ([`max_age`](GrpcPoolLayer::max_age)).
//!
//! Everything else goes through untouched, with the body and the error of the
//! service inside: other methods, HTTP, gRPC-Web, and a call whose `grpc-timeout`
//! is malformed. [`Role`](crate::http::Role) in a response's
//! extensions says how it came about.
//!
//! # In axum
//!
//! On a `Router` with gRPC services the layer can be put as it is, next to
//! ordinary routes. As with [`http`](mod@crate::http), what is put on several
//! services shares nothing between them.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use tonic::service::Routes;
//! use tower_pool::PoolLayer;
//!
//! # async fn about() {}
//! # let (_, health) = tonic_health::server::health_reporter();
//! let app: Router = Routes::new(health)
//!     .into_axum_router()
//!     .route("/about", get(about))
//!     .layer(PoolLayer::grpc().method("/grpc.health.v1.Health/Check"));
//! # let _ = app;
//! ```

// The way of a request: `layer` and `builder` make a `service`, which asks
// `flights` whether it may be shared (`methods`, `timeout`). `future` has it read
// by `collect`, and enters it with a key of its `metadata` and message, or sends
// it on as a `replay` of what was read. `origin` is the call inside: it makes the
// failure one that many can have (`error`), and shows a policy what has failed
// already (`head_status`). What one caller reads is a `response_body`.
mod builder;
mod collect;
mod error;
mod flights;
mod future;
mod head_status;
mod layer;
mod metadata;
mod methods;
mod origin;
mod replay;
mod response_body;
mod service;
mod timeout;

pub use self::{
    error::GrpcError,
    future::ResponseFuture,
    layer::GrpcPoolLayer,
    replay::{ReplayBody, RequestBody},
    response_body::ResponseBody,
    service::{GrpcPool, GrpcService},
};
