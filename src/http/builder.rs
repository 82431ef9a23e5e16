//! What can be set on an [`HttpPoolLayer`].

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc, time::Duration};

use ::http::{HeaderName, Request};

use super::{
    key::{Credentials, HttpKey},
    layer::{HttpPoolLayer, Join},
    lineage::Lineage,
};
use crate::policy::{OnAbandon, Verdict};

/// Which requests are the same.
impl<B, X, P> HttpPoolLayer<B, X, P> {
    /// Makes all values of a header part of the key: see [`HttpKey::header`].
    ///
    /// # Panics
    ///
    /// If `name` is not the name of a header.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().header("x-tenant");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn header<N>(mut self, name: N) -> Self
    where
        N: TryInto<HeaderName> + fmt::Debug + Clone,
    {
        self.key = self.key.header(name);
        self.alone()
    }

    /// Sets what becomes of requests with credentials, by default
    /// [`Credentials::Bypass`].
    ///
    /// ```
    /// use tower_pool::{PoolLayer, http::Credentials};
    ///
    /// let layer = PoolLayer::http::<String>().credentials(Credentials::Key);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.key = self.key.credentials(credentials);
        self.alone()
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
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use tower_pool::PoolLayer;
    ///
    /// // A layer in front has collected the body, and left a copy.
    /// let layer = PoolLayer::http::<Full<Bytes>>()
    ///     .and_body(|request| request.extensions().get::<Bytes>().cloned());
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn and_body<K, F>(self, hook: F) -> HttpPoolLayer<B, (X, F), P>
    where
        F: Fn(&Request<B>) -> Option<K>,
    {
        self.with_key(|key| key.and_body(hook))
    }

    /// Clones that were made before are other layers.
    fn alone(mut self) -> Self {
        self.lineage = Lineage::new();
        self
    }

    fn with_key<Y>(self, key: impl FnOnce(HttpKey<X>) -> HttpKey<Y>) -> HttpPoolLayer<B, Y, P> {
        HttpPoolLayer {
            key: key(self.key),
            policy: self.policy,
            settings: self.settings,
            lineage: Lineage::new(),
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
    /// For other rules than HTTP's, stack the parts: a [`PoolLayer`](crate::PoolLayer) with an
    /// [`HttpKey`] over a [`ShareBodyLayer`](super::ShareBodyLayer).
    ///
    /// ```
    /// use http::Response;
    /// use tower_pool::{PoolLayer, Verdict, http::SharedBody};
    ///
    /// let layer = PoolLayer::http::<String>().policy(
    ///     |outcome: Result<&Response<SharedBody>, &std::io::Error>| match outcome {
    ///         Ok(response) if response.headers().contains_key("x-experiment") => Verdict::Solo,
    ///         Ok(_) => Verdict::Share,
    ///         Err(_) => Verdict::Retry,
    ///     },
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn policy<Q>(self, policy: Q) -> HttpPoolLayer<B, X, Q> {
        HttpPoolLayer {
            key: self.key,
            policy: Arc::new(policy),
            settings: self.settings,
            lineage: Lineage::new(),
            body: PhantomData,
        }
    }

    /// Sets what becomes of 5xx responses and of errors of the service, by
    /// default [`Verdict::Share`].
    ///
    /// ```
    /// use tower_pool::{PoolLayer, Verdict};
    ///
    /// let layer = PoolLayer::http::<String>().server_errors(Verdict::Retry);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn server_errors(mut self, verdict: Verdict) -> Self {
        self.settings.rules = self.settings.rules.server_errors(verdict);
        self.alone()
    }

    /// Sets whether responses with `private` are shared, by default not: see
    /// [`HttpPolicy::share_private`](super::HttpPolicy::share_private) for when that is safe.
    ///
    /// ```
    /// use tower_pool::{PoolLayer, http::Credentials};
    ///
    /// let layer = PoolLayer::http::<String>().credentials(Credentials::Key).share_private(true);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn share_private(mut self, share: bool) -> Self {
        self.settings.rules = self.settings.rules.share_private(share);
        self.alone()
    }

    /// Sets how large a body may be, in bytes, that says its size and is shared,
    /// and how much of a body is kept for those who join it late with
    /// [`Join::UntilBody`]. By default as much as [`max_lag`](Self::max_lag),
    /// so that nobody can fall too far behind in a body of known size.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().max_body(1 << 20);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.settings.max_body = Some(bytes);
        self.alone()
    }

    /// Sets how many bytes a reader of a shared body may fall behind the
    /// fastest, by default 4 MiB. It then gets an error, and the others go on:
    /// see [`SharedBodyError::is_lagged`](super::SharedBodyError::is_lagged).
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().max_lag(1 << 20);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_lag(mut self, bytes: u64) -> Self {
        self.settings.max_lag = bytes;
        self.alone()
    }

    /// Sets for how long a key is remembered whose response was kept from those
    /// who waited for it, by default two minutes. Requests of that key are sent
    /// at once, each for itself, until it is over or one gets a response that
    /// may be shared. With zero none is remembered.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().remember_unshareable(Duration::from_secs(10));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn remember_unshareable(mut self, time: Duration) -> Self {
        self.settings.remember = time;
        self.alone()
    }
}

/// How calls are shared.
impl<B, X, P> HttpPoolLayer<B, X, P> {
    /// Sets until when a request may join an equal one, by default
    /// [`Join::UntilHead`].
    ///
    /// ```
    /// use tower_pool::{PoolLayer, http::Join};
    ///
    /// let layer = PoolLayer::http::<String>().join(Join::UntilBody);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn join(mut self, join: Join) -> Self {
        self.settings.join = join;
        self.alone()
    }

    /// As [`PoolLayer::on_abandon`](crate::PoolLayer::on_abandon).
    ///
    /// ```
    /// use tower_pool::{OnAbandon, PoolLayer};
    ///
    /// let layer = PoolLayer::http::<String>().on_abandon(OnAbandon::Finish);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn on_abandon(mut self, on_abandon: OnAbandon) -> Self {
        self.settings.config.on_abandon = on_abandon;
        self.alone()
    }

    /// As [`PoolLayer::max_callers`](crate::PoolLayer::max_callers). Of those who
    /// join late, with [`Join::UntilBody`], as many may as make so many readers
    /// of the body.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().max_callers(10_000);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_callers(mut self, max_callers: usize) -> Self {
        self.settings.config.max_callers = max_callers;
        self.alone()
    }

    /// As [`PoolLayer::max_age`](crate::PoolLayer::max_age), but by default 30
    /// seconds: one call that hangs takes its key with it for no longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().max_age(Duration::from_secs(5));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.settings.config.max_age = Some(max_age);
        self.alone()
    }

    /// As [`PoolLayer::max_retries`](crate::PoolLayer::max_retries).
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().max_retries(1);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.settings.config.max_retries = max_retries;
        self.alone()
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
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().cache_status(true).name("reports");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn cache_status(mut self, add: bool) -> Self {
        self.settings.cache_status = add;
        self.alone()
    }

    /// Names the pool, for `Cache-Status`, its [`Debug`](fmt::Debug) output and
    /// its traces.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::http::<String>().name("reports");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.settings.config.name = Some(name.into());
        self.alone()
    }
}
