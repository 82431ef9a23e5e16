//! The one line for an HTTP service: [`HttpPoolLayer`].

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use ::http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;

use super::{
    body::{DEFAULT_MAX_LAG, SharedBody},
    flights::Blueprint,
    key::HttpKey,
    lineage::Lineage,
    memory, nested,
    origin::HttpService,
    policy::HttpPolicy,
    role::CacheStatus,
    service::HttpPool,
};
use crate::{
    flight::Config,
    key::KeyExtractor,
    layer::PoolLayer,
    policy::{Policy, ShareAll},
};

/// Shares one call of an HTTP service between concurrent requests that ask for
/// the same, where that is safe: see [`PoolLayer::http`].
///
/// It is put together from parts that can be used alone: an [`HttpKey`] says
/// which requests are the same, an [`HttpPolicy`] which responses may be handed
/// to others, and a [`SharedBody`] streams one body to all of them.
///
/// ```
/// use std::time::Duration;
/// use http::Response;
/// use tower_pool::{PoolLayer, Verdict, http::{Credentials, Join, SharedBody}};
///
/// let layer = PoolLayer::http()
///     .header("x-tenant")
///     .credentials(Credentials::Key)
///     .policy(|outcome: Result<&Response<SharedBody>, &std::io::Error>| match outcome {
///         Ok(_) => Verdict::Share,
///         Err(_) => Verdict::Retry,
///     })
///     .max_lag(1 << 20)
///     .join(Join::UntilHead)
///     .cache_status(true)
///     .name("reports");
/// # fn of_a_body<B>(_: tower_pool::http::HttpPoolLayer<B, (), impl Sized>) {}
/// # of_a_body::<String>(layer);
/// ```
pub struct HttpPoolLayer<B, X = (), P = ShareAll> {
    pub(super) key: HttpKey<X>,
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
    pub(super) rules: HttpPolicy,
    pub(super) join: Join,
    pub(super) max_lag: u64,
    /// None: as `max_lag`.
    pub(super) max_body: Option<u64>,
    pub(super) remember: Duration,
    pub(super) cache_status: bool,
}

/// Until when a request may join an equal one.
///
/// ```
/// use tower_pool::{PoolLayer, http::Join};
///
/// let layer = PoolLayer::http().join(Join::UntilBody).max_body(1 << 20);
/// # fn of_a_body<B>(_: tower_pool::http::HttpPoolLayer<B>) {}
/// # of_a_body::<String>(layer);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Join {
    /// Until the head of the response has come, that is its status and headers.
    #[default]
    UntilHead,
    /// Until the end of its body, for as long as its start is still held:
    /// [`max_body`](HttpPoolLayer::max_body) bytes. Whoever comes later is sent
    /// on afresh. For large or slow bodies; it costs the memory.
    UntilBody,
}

/// So that a call which hangs does not take its key with it for long.
pub(crate) const DEFAULT_MAX_AGE: Duration = Duration::from_secs(30);

impl PoolLayer<(), ()> {
    /// The layer for HTTP services: one line, and safe as it is.
    ///
    /// GET and HEAD requests that ask for the same are answered with one
    /// response if a shared cache could have done so: [`HttpKey`] lists what
    /// makes requests the same, and which pass by; [`HttpPolicy`] lists which
    /// responses are not handed on. Everything else goes through as if there
    /// were no pool, but for the type of the body.
    ///
    /// ```no_run
    /// use axum::{Router, extract::Path, routing::get};
    /// use tower_pool::PoolLayer;
    ///
    /// async fn report(Path(id): Path<u32>) -> String {
    ///     format!("report {id}") // dear
    /// }
    ///
    /// let app: Router = Router::new()
    ///     .route("/report/{id}", get(report))
    ///     .layer(PoolLayer::http());
    /// # let _ = app;
    /// ```
    #[must_use]
    pub fn http<B>() -> HttpPoolLayer<B> {
        HttpPoolLayer {
            key: HttpKey::new(),
            policy: Arc::new(ShareAll),
            settings: Settings {
                config: Config {
                    max_age: Some(DEFAULT_MAX_AGE),
                    ..Config::default()
                },
                rules: HttpPolicy::default(),
                join: Join::default(),
                max_lag: DEFAULT_MAX_LAG,
                max_body: None,
                remember: memory::DEFAULT_TIME,
                cache_status: false,
            },
            lineage: Lineage::new(),
            body: PhantomData,
        }
    }
}

impl<S, B, X, P> Layer<S> for HttpPoolLayer<B, X, P>
where
    S: HttpService<B> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + Sync + 'static,
    B: Body + Send + 'static,
    X: KeyExtractor<Request<B>> + Clone + Send + Sync + 'static,
    P: Policy<Response<SharedBody>, S::Error> + Send + Sync + 'static,
{
    type Service = HttpPool<S, B, X, P>;

    /// # Panics
    ///
    /// If `Cache-Status` is on and the pool's name is not printable ASCII. If the
    /// requests are axum's, and the feature `axum` is off or is for another
    /// version of axum: tenants of a nested router might be mixed up.
    fn layer(&self, inner: S) -> Self::Service {
        nested::assert_seen_through::<B>();
        let settings = self.settings.clone();
        let name = settings.config.name.as_deref().unwrap_or("tower-pool");
        let blueprint = Blueprint {
            cache_status: settings.cache_status.then(|| CacheStatus::new(name)),
            key: Arc::new(self.key.clone()),
            policy: Arc::clone(&self.policy),
            settings,
        };
        HttpPool::new(inner, blueprint, self.lineage.home::<S, _>())
    }
}

impl<B, X: Clone, P> Clone for HttpPoolLayer<B, X, P> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            policy: Arc::clone(&self.policy),
            settings: self.settings.clone(),
            lineage: self.lineage.clone(),
            body: PhantomData,
        }
    }
}

impl<B, X, P> fmt::Debug for HttpPoolLayer<B, X, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPoolLayer")
            .field("key", &self.key)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
