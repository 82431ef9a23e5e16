//! What a user configures: [`PoolLayer`].

use std::{borrow::Cow, fmt, hash::BuildHasher, marker::PhantomData, sync::Arc, time::Duration};

use ahash::RandomState;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    flight::Config,
    key::KeyExtractor,
    policy::{OnAbandon, Policy, ShareAll},
    service::Pool,
};

/// Wraps a service in a [`Pool`], which lets concurrent requests with equal
/// keys share one inner call.
///
/// A layer holds no flights: each service that it is put on gets a table of its
/// own, so that two of them can never mix their answers.
///
/// ```
/// use std::time::Duration;
/// use tower::{ServiceBuilder, service_fn};
/// use tower_pool::{OnAbandon, PoolLayer, Verdict};
///
/// let layer = PoolLayer::new(|path: &String| Some(path.clone()))
///     .policy(|outcome: Result<&String, &std::io::Error>| match outcome {
///         Ok(_) => Verdict::Share,
///         Err(_) => Verdict::Solo,
///     })
///     .on_abandon(OnAbandon::Finish)
///     .max_callers(10_000)
///     .max_age(Duration::from_secs(5))
///     .max_retries(1)
///     .name("reports");
/// # let _ = layer;
/// ```
pub struct PoolLayer<Req, X, P = ShareAll, H = RandomState> {
    extractor: Arc<X>,
    policy: Arc<P>,
    hasher: H,
    config: Config,
    /// It takes requests, and holds none: always `Send` and `Sync`.
    request: PhantomData<fn(Req)>,
}

impl<Req, X: KeyExtractor<Req>> PoolLayer<Req, X> {
    /// Creates a layer that shares calls between requests of equal key.
    ///
    /// A request whose key is `None` passes straight through. The key decides
    /// who sees whose answer: see [`KeyExtractor`].
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// // Requests that start with a bang are never shared.
    /// let layer = PoolLayer::new(|line: &String| (!line.starts_with('!')).then(|| line.clone()));
    /// # let _ = layer;
    /// ```
    pub fn new(extractor: X) -> Self {
        Self {
            extractor: Arc::new(extractor),
            policy: Arc::new(ShareAll),
            hasher: RandomState::new(),
            config: Config::default(),
            request: PhantomData,
        }
    }
}

impl<Req, X, P, H> PoolLayer<Req, X, P, H> {
    /// Sets who may have an outcome. By default every outcome, also an error,
    /// is shared.
    ///
    /// ```
    /// use tower_pool::{PoolLayer, Verdict};
    ///
    /// // An error is the leader's; one of the others tries again for the rest.
    /// let layer = PoolLayer::new(|n: &u64| Some(*n)).policy(
    ///     |outcome: Result<&u64, &std::fmt::Error>| match outcome {
    ///         Ok(_) => Verdict::Share,
    ///         Err(_) => Verdict::Retry,
    ///     },
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn policy<Q>(self, policy: Q) -> PoolLayer<Req, X, Q, H> {
        PoolLayer {
            extractor: self.extractor,
            policy: Arc::new(policy),
            hasher: self.hasher,
            config: self.config,
            request: PhantomData,
        }
    }

    /// Sets how keys are hashed, by default with ahash's [`RandomState`]: fast,
    /// and seeded anew for each layer, so that nobody can know which keys
    /// collide.
    ///
    /// Equal hashes never make two keys equal. Whoever could choose keys that
    /// collide would slow down look-ups among the flights under way, which are
    /// no more than the requests that are open at that moment. If that is still
    /// too much, std's [`RandomState`](std::hash::RandomState) is the hasher to
    /// set: it was made to withstand this, and takes 10 to 20 ns more for a short
    /// key.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::new(|n: &u64| Some(*n)).hasher(std::hash::RandomState::new());
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn hasher<B: BuildHasher>(self, hasher: B) -> PoolLayer<Req, X, P, B> {
        PoolLayer {
            extractor: self.extractor,
            policy: self.policy,
            hasher,
            config: self.config,
            request: PhantomData,
        }
    }

    /// Sets what becomes of an inner call when its last caller is dropped, by
    /// default [`OnAbandon::Cancel`].
    ///
    /// ```
    /// use tower_pool::{OnAbandon, PoolLayer};
    ///
    /// let layer = PoolLayer::new(|n: &u64| Some(*n)).on_abandon(OnAbandon::Finish);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn on_abandon(mut self, on_abandon: OnAbandon) -> Self {
        self.config.on_abandon = on_abandon;
        self
    }

    /// Sets how many callers one flight may have at a time, its leader
    /// included; one more goes solo. Not limited by default.
    ///
    /// With 0 or 1 nobody shares.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::new(|n: &u64| Some(*n)).max_callers(10_000);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_callers(mut self, max_callers: usize) -> Self {
        self.config.max_callers = max_callers;
        self
    }

    /// Sets the age from which on a flight takes no newcomers, by default none.
    /// The next caller then leads a fresh flight; those aboard are not affected.
    ///
    /// The age counts from the call that made the flight, or from when a follower
    /// led it anew, after a retry for instance; by tokio's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_pool::PoolLayer;
    ///
    /// // Nobody gets an answer that was asked for more than 5 s before it asked.
    /// let layer = PoolLayer::new(|n: &u64| Some(*n)).max_age(Duration::from_secs(5));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.config.max_age = Some(max_age);
        self
    }

    /// Sets how many times in a row one caller goes round again after
    /// [`Verdict::Retry`](crate::Verdict::Retry), by default 2, before it goes
    /// solo.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::new(|n: &u64| Some(*n)).max_retries(5);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.config.max_retries = max_retries;
        self
    }

    /// Names the pool, for its [`Debug`](fmt::Debug) output and its traces.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::new(|n: &u64| Some(*n)).name("reports");
    /// assert!(format!("{layer:?}").contains("reports"));
    /// ```
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.config.name = Some(name.into());
        self
    }
}

impl<S, Req, X, P, H> Layer<S> for PoolLayer<Req, X, P, H>
where
    S: Service<Req>,
    S::Future: Send + 'static,
    S::Response: Send + Sync + 'static,
    S::Error: Send + Sync + 'static,
    S: Send + 'static,
    Req: Send + 'static,
    X: KeyExtractor<Req>,
    P: Policy<S::Response, S::Error> + Send + Sync + 'static,
    H: BuildHasher + Clone + Send + Sync + 'static,
{
    type Service = Pool<S, Req, X, P, H>;

    fn layer(&self, inner: S) -> Self::Service {
        Pool::new(
            inner,
            Arc::clone(&self.extractor),
            Arc::clone(&self.policy),
            self.hasher.clone(),
            self.config.clone(),
        )
    }
}

impl<Req, X, P, H: Clone> Clone for PoolLayer<Req, X, P, H> {
    fn clone(&self) -> Self {
        Self {
            extractor: Arc::clone(&self.extractor),
            policy: Arc::clone(&self.policy),
            hasher: self.hasher.clone(),
            config: self.config.clone(),
            request: PhantomData,
        }
    }
}

impl<Req, X, P, H> fmt::Debug for PoolLayer<Req, X, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolLayer")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
