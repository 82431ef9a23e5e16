//! The one line for gRPC: [`GrpcPoolLayer`].

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use ::http::{Request, Response};
use tonic::Status;
use tower_layer::Layer;

use super::{
    collect::Limits,
    flights::Blueprint,
    metadata::KeyedMetadata,
    methods::Methods,
    replay::RequestBody,
    service::{GrpcPool, GrpcService},
};
use crate::{
    flight::Config,
    http::{DEFAULT_MAX_AGE, Lineage, SharedBody, assert_seen_through},
    key::KeyExtractor,
    layer::PoolLayer,
    policy::{Policy, ShareAll},
};

/// Shares one call between concurrent gRPC requests for the same, of the methods
/// that are named: see [`PoolLayer::grpc`].
///
/// ```
/// use std::time::Duration;
/// use http::Response;
/// use tonic::{Code, Status};
/// use tower_pool::{PoolLayer, Verdict, http::SharedBody};
///
/// let layer = PoolLayer::grpc()
///     .method("/shop.Catalog/Get")
///     .max_message(16 * 1024)
///     .collect_timeout(Duration::from_millis(20))
///     .ignore_metadata("x-click-id")
///     .policy(|outcome: Result<&Response<SharedBody>, &Status>| match outcome {
///         Err(status) if status.code() == Code::Unavailable => Verdict::Retry,
///         _ => Verdict::Share,
///     })
///     .name("catalog");
/// # fn of_a_body<B>(_: tower_pool::grpc::GrpcPoolLayer<B, (), impl Sized>) {}
/// # of_a_body::<tonic::body::Body>(layer);
/// ```
pub struct GrpcPoolLayer<B, X = (), P = ShareAll> {
    pub(super) extractor: X,
    pub(super) policy: Arc<P>,
    pub(super) settings: Settings,
    pub(super) lineage: Lineage,
    /// It takes requests, and holds none: always `Send` and `Sync`.
    pub(super) body: PhantomData<fn(B)>,
}

/// What else a user may set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) config: Config,
    pub(super) methods: Methods,
    pub(super) metadata: KeyedMetadata,
    pub(super) limits: Limits,
    pub(super) max_lag: u64,
}

/// What a unary call asks with is seldom larger.
const DEFAULT_MAX_MESSAGE: usize = 256 * 1024;

/// A message that is under way at all is here by then. It is as long as a stream
/// of a pooled method waits for nothing.
const DEFAULT_COLLECT_TIMEOUT: Duration = Duration::from_millis(100);

/// Twice the largest message that tonic takes unless told otherwise, so that
/// nobody loses part of a unary answer for being slow.
const DEFAULT_MAX_LAG: u64 = 8 * 1024 * 1024;

impl PoolLayer<(), ()> {
    /// The layer for gRPC: around the channel of a client, or in a server.
    ///
    /// It shares nothing unless methods are named, as a request does not say
    /// whether it is one message or a stream of them: name unary methods, and
    /// server-streaming ones whose stream may be shared.
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
    /// let channel = ServiceBuilder::new()
    ///     .layer(PoolLayer::grpc().method("/grpc.health.v1.Health/Check"))
    ///     .service(channel);
    /// let client = HealthClient::new(channel);
    /// # let _ = client;
    /// # }
    /// ```
    #[must_use]
    pub fn grpc<B>() -> GrpcPoolLayer<B> {
        GrpcPoolLayer {
            extractor: (),
            policy: Arc::new(ShareAll),
            settings: Settings {
                config: Config {
                    max_age: Some(DEFAULT_MAX_AGE),
                    ..Config::default()
                },
                methods: Methods::default(),
                metadata: KeyedMetadata::new(),
                limits: Limits {
                    max_message: DEFAULT_MAX_MESSAGE,
                    time: DEFAULT_COLLECT_TIMEOUT,
                },
                max_lag: DEFAULT_MAX_LAG,
            },
            lineage: Lineage::new(),
            body: PhantomData,
        }
    }
}

impl<S, B, X, P> Layer<S> for GrpcPoolLayer<B, X, P>
where
    S: GrpcService<B> + Send + 'static,
    S::Future: Send + 'static,
    B: RequestBody,
    X: KeyExtractor<Request<B>> + Clone + Send + Sync + 'static,
    P: Policy<Response<SharedBody>, Status> + Send + Sync + 'static,
{
    type Service = GrpcPool<S, B, X, P>;

    /// # Panics
    ///
    /// If the requests are axum's, of another version of axum than this crate's:
    /// tenants of a nested router might be mixed up.
    fn layer(&self, inner: S) -> Self::Service {
        assert_seen_through::<B>();
        let blueprint = Blueprint {
            extractor: Arc::new(self.extractor.clone()),
            policy: Arc::clone(&self.policy),
            settings: Arc::new(self.settings.clone()),
        };
        GrpcPool::new(inner, blueprint, self.lineage.home::<S, _>())
    }
}

impl<B, X: Clone, P> Clone for GrpcPoolLayer<B, X, P> {
    fn clone(&self) -> Self {
        Self {
            extractor: self.extractor.clone(),
            policy: Arc::clone(&self.policy),
            settings: self.settings.clone(),
            lineage: self.lineage.clone(),
            body: PhantomData,
        }
    }
}

impl<B, X, P> fmt::Debug for GrpcPoolLayer<B, X, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcPoolLayer")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
