//! The one line for an HTTP service: [`HttpPoolLayer`].

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc, time::Duration};

use ::http::{HeaderName, Request, Response};
use http_body::Body;
use tower_layer::Layer;

use super::{
    arriving::{Arriving, Limits},
    body::{DEFAULT_MAX_LAG, SharedBody},
    key::{Credentials, HttpKey},
    memory::{self, Memory},
    nested,
    origin::{Common, HttpService},
    policy::HttpPolicy,
    role::CacheStatus,
    service::HttpPool,
};
use crate::{
    flight::Config,
    key::KeyExtractor,
    layer::PoolLayer,
    policy::{OnAbandon, Policy, ShareAll, Verdict},
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
    key: HttpKey<X>,
    rules: HttpPolicy,
    policy: Arc<P>,
    config: Config,
    join: Join,
    max_lag: u64,
    /// None: as `max_lag`.
    max_body: Option<u64>,
    remember: Duration,
    cache_status: bool,
    /// It takes requests, and holds none: always `Send` and `Sync`.
    body: PhantomData<fn(B)>,
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
            rules: HttpPolicy::default(),
            policy: Arc::new(ShareAll),
            config: Config::default(),
            join: Join::default(),
            max_lag: DEFAULT_MAX_LAG,
            max_body: None,
            remember: memory::DEFAULT_TIME,
            cache_status: false,
            body: PhantomData,
        }
    }
}

/// Which requests are the same.
impl<B, X, P> HttpPoolLayer<B, X, P> {
    /// Makes all values of a header part of the key: see [`HttpKey::header`].
    ///
    /// # Panics
    ///
    /// If `name` is not the name of a header.
    #[must_use]
    pub fn header<N>(mut self, name: N) -> Self
    where
        N: TryInto<HeaderName> + fmt::Debug + Clone,
    {
        self.key = self.key.header(name);
        self
    }

    /// Sets what becomes of requests with credentials, by default
    /// [`Credentials::Bypass`].
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.key = self.key.credentials(credentials);
        self
    }

    /// Adds to the key what `hook` finds in the request: see [`HttpKey::and`].
    ///
    /// ```no_run
    /// use std::net::SocketAddr;
    /// use axum::{Router, extract::ConnectInfo};
    /// use tower_pool::PoolLayer;
    ///
    /// // For answers that depend on the address of whoever asks.
    /// let app: Router = Router::new().layer(PoolLayer::http().and(
    ///     |request| request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip()),
    /// ));
    /// # let _ = app;
    /// ```
    #[must_use]
    pub fn and<K, F>(self, hook: F) -> HttpPoolLayer<B, (X, F), P>
    where
        F: Fn(&Request<B>) -> Option<K>,
    {
        self.with_key(|key| key.and(hook))
    }

    /// As [`and`](Self::and), for a hook that keys the request's body: see
    /// [`HttpKey::and_body`].
    #[must_use]
    pub fn and_body<K, F>(self, hook: F) -> HttpPoolLayer<B, (X, F), P>
    where
        F: Fn(&Request<B>) -> Option<K>,
    {
        self.with_key(|key| key.and_body(hook))
    }

    fn with_key<Y>(self, key: impl FnOnce(HttpKey<X>) -> HttpKey<Y>) -> HttpPoolLayer<B, Y, P> {
        HttpPoolLayer {
            key: key(self.key),
            rules: self.rules,
            policy: self.policy,
            config: self.config,
            join: self.join,
            max_lag: self.max_lag,
            max_body: self.max_body,
            remember: self.remember,
            cache_status: self.cache_status,
            body: PhantomData,
        }
    }
}

/// Which responses may be handed to others.
impl<B, X, P> HttpPoolLayer<B, X, P> {
    /// Adds a policy to the rules of HTTP, in place of one that was given
    /// before. The more cautious verdict counts: it can keep a response from
    /// followers, and not hand them one that HTTP keeps from them.
    ///
    /// It is asked about responses that HTTP lets be shared, and about errors.
    /// With [`Join::UntilBody`] it is asked as soon as a response has come,
    /// also if nobody waits for it yet.
    ///
    /// For other rules than HTTP's, stack the parts: a [`PoolLayer`] with an
    /// [`HttpKey`] over a [`ShareBodyLayer`](super::ShareBodyLayer).
    #[must_use]
    pub fn policy<Q>(self, policy: Q) -> HttpPoolLayer<B, X, Q> {
        HttpPoolLayer {
            key: self.key,
            rules: self.rules,
            policy: Arc::new(policy),
            config: self.config,
            join: self.join,
            max_lag: self.max_lag,
            max_body: self.max_body,
            remember: self.remember,
            cache_status: self.cache_status,
            body: PhantomData,
        }
    }

    /// Sets what becomes of 5xx responses and of errors of the service, by
    /// default [`Verdict::Share`].
    #[must_use]
    pub fn server_errors(mut self, verdict: Verdict) -> Self {
        self.rules = self.rules.server_errors(verdict);
        self
    }

    /// Sets whether responses with `private` are shared, by default not: see
    /// [`HttpPolicy::share_private`] for when that is safe.
    #[must_use]
    pub fn share_private(mut self, share: bool) -> Self {
        self.rules = self.rules.share_private(share);
        self
    }

    /// Sets from which size on, in bytes, a body that says its size is not
    /// shared, and how much of a body is kept for those who join it late with
    /// [`Join::UntilBody`]. By default as much as [`max_lag`](Self::max_lag),
    /// so that nobody can fall too far behind in a body of known size.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Sets how many bytes a reader of a shared body may fall behind the
    /// fastest, by default 16 MiB. It then gets an error, and the others go on:
    /// see [`SharedBodyError::is_lagged`](super::SharedBodyError::is_lagged).
    #[must_use]
    pub fn max_lag(mut self, bytes: u64) -> Self {
        self.max_lag = bytes;
        self
    }

    /// Sets for how long a key is remembered whose response was kept from those
    /// who waited for it, by default two minutes. Requests of that key are sent
    /// at once, each for itself, until it is over or one gets a response that
    /// may be shared. With zero none is remembered.
    #[must_use]
    pub fn remember_unshareable(mut self, time: Duration) -> Self {
        self.remember = time;
        self
    }
}

/// How calls are shared.
impl<B, X, P> HttpPoolLayer<B, X, P> {
    /// Sets until when a request may join an equal one, by default
    /// [`Join::UntilHead`].
    #[must_use]
    pub fn join(mut self, join: Join) -> Self {
        self.join = join;
        self
    }

    /// As [`PoolLayer::on_abandon`].
    #[must_use]
    pub fn on_abandon(mut self, on_abandon: OnAbandon) -> Self {
        self.config.on_abandon = on_abandon;
        self
    }

    /// As [`PoolLayer::max_callers`].
    #[must_use]
    pub fn max_callers(mut self, max_callers: usize) -> Self {
        self.config.max_callers = max_callers;
        self
    }

    /// As [`PoolLayer::max_age`].
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.config.max_age = Some(max_age);
        self
    }

    /// As [`PoolLayer::max_retries`].
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.config.max_retries = max_retries;
        self
    }

    /// Sets whether each response says in `Cache-Status` (RFC 9211) how it came
    /// about, by default not.
    ///
    /// | response | `Cache-Status` |
    /// | --- | --- |
    /// | handed to several | `NAME; fwd=miss; collapsed` |
    /// | for a follower, to a call of its own | `NAME; fwd=miss; collapsed=?0` |
    /// | for one, though others could have joined | `NAME; fwd=miss` |
    /// | to a method that is never shared | `NAME; fwd=method` |
    /// | to another request that may not be shared | `NAME; fwd=bypass` |
    ///
    /// `NAME` is the [`name`](Self::name) of the pool, or `tower-pool`.
    #[must_use]
    pub fn cache_status(mut self, add: bool) -> Self {
        self.cache_status = add;
        self
    }

    /// Names the pool, for `Cache-Status`, its [`Debug`](fmt::Debug) output and
    /// its traces.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.config.name = Some(name.into());
        self
    }
}

impl<S, B, X, P> Layer<S> for HttpPoolLayer<B, X, P>
where
    S: HttpService<B> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + Sync + 'static,
    B: Body + Send + 'static,
    X: KeyExtractor<Request<B>> + Clone,
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
        let max_body = self.max_body.unwrap_or(self.max_lag);
        let mut rules = self.rules.clone().max_body(max_body);
        rules.set_key(&self.key);
        let limits = Limits {
            max_body,
            max_callers: self.config.max_callers,
            max_age: self.config.max_age,
        };
        let name = self.config.name.as_deref().unwrap_or("tower-pool");
        let common = Common {
            rules,
            policy: Arc::clone(&self.policy),
            memory: Memory::new(self.remember),
            arriving: (self.join == Join::UntilBody).then(|| Arc::new(Arriving::new(limits))),
            cache_status: self.cache_status.then(|| CacheStatus::new(name)),
            max_lag: self.max_lag,
        };
        HttpPool::new(
            inner,
            Arc::new(self.key.clone()),
            common,
            self.config.clone(),
        )
    }
}

impl<B, X: Clone, P> Clone for HttpPoolLayer<B, X, P> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            rules: self.rules.clone(),
            policy: Arc::clone(&self.policy),
            config: self.config.clone(),
            join: self.join,
            max_lag: self.max_lag,
            max_body: self.max_body,
            remember: self.remember,
            cache_status: self.cache_status,
            body: PhantomData,
        }
    }
}

impl<B, X, P> fmt::Debug for HttpPoolLayer<B, X, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPoolLayer")
            .field("key", &self.key)
            .field("rules", &self.rules)
            .field("config", &self.config)
            .field("join", &self.join)
            .finish_non_exhaustive()
    }
}
