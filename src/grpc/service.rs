//! The gRPC service that shares calls: [`GrpcPool`].

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use ::http::{Request, Response};
use bytes::Bytes;
use http_body::Body;
use tonic::Status;
use tower::BoxError;
use tower_service::Service;

use super::{
    error::GrpcError,
    flights::{Blueprint, Flights},
    future::ResponseFuture,
    replay::RequestBody,
    response_body::ResponseBody,
};
use crate::{
    http::{Home, HttpService, SharedBody},
    key::KeyExtractor,
    policy::{Policy, ShareAll},
    stats::Stats,
};

/// A service that answers gRPC requests. Every service that does is one; it is
/// only a name for what [`GrpcPoolLayer`](super::GrpcPoolLayer) asks for.
///
/// ```
/// fn is_grpc_service<S: tower_pool::grpc::GrpcService<tonic::body::Body>>() {}
///
/// is_grpc_service::<tonic::transport::Channel>();
/// is_grpc_service::<tonic::service::Routes>();
/// ```
pub trait GrpcService<B>: HttpService<B, Error: Into<BoxError>> {}

impl<S, B, R> GrpcService<B> for S
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
}

/// Shares one call between concurrent gRPC requests that ask for the same.
///
/// It is made by a [`GrpcPoolLayer`](super::GrpcPoolLayer), and given to a
/// generated client in place of its channel. Its responses have a
/// [`ResponseBody`], which every caller reads for itself, and their
/// [`Role`](crate::http::Role) in their extensions. Clones share their flights.
///
/// Around a channel its type is `GrpcPool<Channel, tonic::body::Body>`, for a
/// struct to keep a `HealthClient<GrpcPool<Channel, tonic::body::Body>>`.
///
/// ```
/// use tonic::transport::Channel;
/// use tonic_health::pb::health_client::HealthClient;
/// use tower::ServiceBuilder;
/// use tower_pool::PoolLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let channel = Channel::from_static("http://localhost:50051").connect_lazy();
/// let pool = ServiceBuilder::new()
///     .layer(PoolLayer::grpc().method("/grpc.health.v1.Health/Check"))
///     .service(channel);
/// let client = HealthClient::new(pool.clone());
/// assert_eq!(pool.stats().led, 0); // so far
/// # let _ = client;
/// # }
/// ```
pub struct GrpcPool<S, B, X = (), P = ShareAll>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    inner: S,
    blueprint: Arc<Blueprint<X, P>>,
    home: Home<Flights<S, B, X, P>>,
}

impl<S, B, X, P> GrpcPool<S, B, X, P>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    pub(super) fn new(
        inner: S,
        blueprint: Blueprint<X, P>,
        home: Home<Flights<S, B, X, P>>,
    ) -> Self {
        Self {
            inner,
            blueprint: Arc::new(blueprint),
            home,
        }
    }

    /// Returns the number of calls under way that a newcomer could join.
    ///
    /// ```
    /// # use tonic::transport::Channel;
    /// # use tower::Layer;
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let channel = Channel::from_static("http://localhost:50051").connect_lazy();
    /// let pool = PoolLayer::grpc().service("/shop.Catalog/").layer(channel);
    /// assert_eq!(pool.in_flight(), 0);
    /// # }
    /// ```
    pub fn in_flight(&self) -> usize {
        self.home.get().map_or(0, |flights| flights.table.len())
    }

    /// Returns what this pool, with its clones, has done so far.
    ///
    /// ```
    /// # use tonic::transport::Channel;
    /// # use tower::Layer;
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let channel = Channel::from_static("http://localhost:50051").connect_lazy();
    /// let pool = PoolLayer::grpc().service("/shop.Catalog/").layer(channel);
    /// assert_eq!((pool.stats().led, pool.stats().shared), (0, 0));
    /// # }
    /// ```
    pub fn stats(&self) -> Stats {
        let flights = self.home.get();
        flights.map_or_else(Stats::default, |flights| flights.table.stats())
    }

    /// Returns the inner service.
    ///
    /// ```
    /// # use tonic::transport::Channel;
    /// # use tower::Layer;
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let channel = Channel::from_static("http://localhost:50051").connect_lazy();
    /// let pool = PoolLayer::grpc().service("/shop.Catalog/").layer(channel);
    /// let unpooled: Channel = pool.get_ref().clone();
    /// # }
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, B, X, P> GrpcPool<S, B, X, P>
where
    S: GrpcService<B> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: RequestBody,
    X: KeyExtractor<Request<B>> + Send + Sync + 'static,
    P: Policy<Response<SharedBody>, Status> + Send + Sync + 'static,
{
    /// Sends a request, or joins an equal one that is under way.
    ///
    /// A request takes its place when its message was read, with the first poll
    /// if that is at hand.
    ///
    /// # Errors
    ///
    /// Those of the inner service: see [`GrpcError`]. A call that has failed with
    /// a status is no error here, but a response.
    ///
    /// # Panics
    ///
    /// If a hook of the key panics. Nobody else is affected.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future never disturbs other callers.
    ///
    /// ```
    /// # use http::{Request, Response};
    /// # use tonic::{Status, body::Body};
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let pool = ServiceBuilder::new().layer(PoolLayer::grpc()).service(service_fn(
    ///     |_: Request<Body>| async { Ok::<_, Status>(Response::new(Body::empty())) },
    /// ));
    /// let response = pool.request(Request::new(Body::empty())).await;
    /// assert!(response.is_ok());
    /// # }
    /// ```
    pub fn request(&self, request: Request<B>) -> ResponseFuture<S, B, X, P> {
        let make = |of_a_route| self.blueprint.flights(of_a_route);
        let flights = Arc::clone(self.home.get_or_make(make));
        // A clone starts without readiness: each call waits for its own.
        let inner = self.inner.clone();
        match flights.look(request) {
            Ok((candidate, body)) => ResponseFuture::asking(inner, candidate, body, flights),
            Err(request) => ResponseFuture::apart(inner, request, flights),
        }
    }
}

impl<S, B, X, P> Service<Request<B>> for GrpcPool<S, B, X, P>
where
    S: GrpcService<B> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: RequestBody,
    X: KeyExtractor<Request<B>> + Send + Sync + 'static,
    P: Policy<Response<SharedBody>, Status> + Send + Sync + 'static,
{
    type Response = Response<ResponseBody<S::ResponseBody>>;
    type Error = GrpcError<S::Error>;
    type Future = ResponseFuture<S, B, X, P>;

    /// Always ready: each call waits for the inner service itself.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    /// As [`request`](Self::request).
    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.request(request)
    }
}

impl<S, B, X, P> Clone for GrpcPool<S, B, X, P>
where
    S: GrpcService<B> + Clone,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            blueprint: Arc::clone(&self.blueprint),
            home: self.home.clone(),
        }
    }
}

impl<S, B, X, P> fmt::Debug for GrpcPool<S, B, X, P>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcPool")
            .field("settings", &self.blueprint.settings)
            // Services with the same have them in common.
            .field("flights", &self.home.get().map(Arc::as_ptr))
            .field("in_flight", &self.in_flight())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
