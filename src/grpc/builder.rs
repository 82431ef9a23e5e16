//! What can be set on a [`GrpcPoolLayer`].

use std::{borrow::Cow, marker::PhantomData, sync::Arc, time::Duration};

use ::http::{Request, Response};
use tonic::Status;

use super::layer::{GrpcPoolLayer, Settings};
use crate::{
    http::{Lineage, SharedBody},
    policy::{OnAbandon, Policy},
};

/// Which methods are pooled: those that are named here, and no other.
impl<B, X, P> GrpcPoolLayer<B, X, P> {
    /// Pools a method, by its full path.
    ///
    /// It is the path that a request has where the layer is: with that of the
    /// client's origin before it, if that has one, or of a `nest` outside.
    ///
    /// # Panics
    ///
    /// If `path` is not of the form `/package.Service/Method`, perhaps with a
    /// prefix as some servers have it.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().method("/shop.Catalog/Get");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn method(self, path: impl AsRef<str>) -> Self {
        self.set(|settings| settings.methods.add(path.as_ref()))
    }

    /// Pools several methods, each by its full path.
    ///
    /// # Panics
    ///
    /// If one is not of the form `/package.Service/Method`.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>()
    ///     .methods(["/shop.Catalog/Get", "/shop.Stock/Count"]);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn methods<M: AsRef<str>>(self, paths: impl IntoIterator<Item = M>) -> Self {
        self.set(|settings| {
            let add = |path: M| settings.methods.add(path.as_ref());
            paths.into_iter().for_each(add);
        })
    }

    /// Pools all methods of a service, `/package.Service/` or
    /// `package.Service`, as the `NAME` of a generated server has it.
    ///
    /// Name it only if all of its methods may be shared: none that writes. One
    /// whose *requests* are a stream is not shared unless it is one message, but
    /// each call of it is held up for as long as
    /// [`collect_timeout`](Self::collect_timeout).
    ///
    /// For one that is called by a longer path, see
    /// [`methods_that`](Self::methods_that).
    ///
    /// # Panics
    ///
    /// If `path` is something else.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().service("/shop.Catalog/");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn service(self, path: impl AsRef<str>) -> Self {
        self.set(|settings| settings.methods.add_service(path.as_ref()))
    }

    /// Pools all methods whose full path `predicate` is true for, besides those
    /// that are named.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>()
    ///     .methods_that(|path| path.starts_with("/shop.") && path.contains("/Get"));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn methods_that<F>(self, predicate: F) -> Self
    where
        F: Fn(&str) -> bool + Send + Sync + 'static,
    {
        self.set(|settings| settings.methods.add_all_that(Arc::new(predicate)))
    }
}

/// Which requests are the same.
impl<B, X, P> GrpcPoolLayer<B, X, P> {
    /// Leaves metadata out of the key: requests that differ in it are the same.
    ///
    /// **Whoever's answer depends on it may get another's.** Left out anyway are
    /// `user-agent`, and what tells one request of a trace from another:
    /// `traceparent`, `x-request-id` and the like.
    ///
    /// # Panics
    ///
    /// If `name` is not the name of metadata, or is `content-type`, `host`,
    /// `grpc-encoding` or `grpc-accept-encoding`, which have to be part of the
    /// key, or `grpc-timeout`, which is each caller's own.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().ignore_metadata("x-click-id");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn ignore_metadata(self, name: impl AsRef<str>) -> Self {
        self.set(|settings| settings.metadata.ignore(name.as_ref()))
    }

    /// Makes only this metadata part of the key, and what keeps answers apart
    /// that must not be mixed: how messages are encoded, and whatever has one of
    /// the usual names of credentials (`authorization`, `x-api-key` and the like),
    /// of what a proxy says of the request, or of deadlines, unless it is
    /// [ignored](Self::ignore_metadata) by name.
    ///
    /// **A credential of a name that is not usual has to be named here.**
    ///
    /// # Panics
    ///
    /// If one is not the name of metadata, or is `grpc-timeout`, which is each
    /// caller's own.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().key_metadata_only(["x-tenant"]);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn key_metadata_only<N: AsRef<str>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.set(|settings| settings.metadata.only(names))
    }

    /// Adds to the key what `hook` finds in the request: an identity in its
    /// extensions, for instance, as an interceptor or TLS leaves it there.
    /// **What is in no metadata is not seen otherwise.** A request for which it
    /// returns `None` goes through untouched.
    ///
    /// ```
    /// use tonic::transport::server::TcpConnectInfo;
    /// use tower_pool::PoolLayer;
    ///
    /// // For answers that depend on the address of whoever asks.
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().service("/shop.Catalog/").and(
    ///     |request| request.extensions().get::<TcpConnectInfo>()?.remote_addr().map(|peer| peer.ip()),
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn and<K, F>(self, hook: F) -> GrpcPoolLayer<B, (X, F), P>
    where
        F: Fn(&Request<B>) -> Option<K>,
    {
        GrpcPoolLayer {
            extractor: (self.extractor, hook),
            policy: self.policy,
            settings: self.settings,
            lineage: Lineage::new(),
            body: PhantomData,
        }
    }
}

/// How requests are read, and responses handed out.
impl<B, X, P> GrpcPoolLayer<B, X, P> {
    /// Sets how large a request may be that is shared, in bytes, with the five
    /// that gRPC puts before a message: by default 256 KiB. A larger one goes
    /// through as it is, and so does one in more than a thousand frames.
    ///
    /// So much may be kept of each request until its caller is answered.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().max_message(1024);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_message(self, bytes: usize) -> Self {
        self.set(|settings| settings.limits.max_message = bytes)
    }

    /// Sets how long a request waits for its own message, by default 100 ms. One
    /// that is not complete by then goes through as it is, with all that has
    /// come and is yet to come.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>()
    ///     .collect_timeout(Duration::from_millis(20));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn collect_timeout(self, time: Duration) -> Self {
        self.set(|settings| settings.limits.time = time)
    }

    /// Sets how many bytes a caller may be behind the fastest reader of a
    /// response, by default 8 MiB, before it loses the rest, with the status
    /// `ResourceExhausted`:
    /// see [`SharedBody::with_max_lag`].
    ///
    /// Raise it where answers are larger messages than that: who reads slowly
    /// would not get all of one.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().max_lag(1 << 20);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_lag(self, bytes: u64) -> Self {
        self.set(|settings| settings.max_lag = bytes)
    }

    /// Sets who may have an outcome, by default everybody who asked for it.
    ///
    /// A call that has failed at once is an `Err` with the status that a client
    /// sees, be it that the server said so, or a proxy in the words of HTTP, or
    /// that it was not reached. What else comes as a response is `Ok`; a status
    /// that comes after a message is not known yet.
    ///
    /// A response with `set-cookie` or a challenge is never handed to another,
    /// whatever the policy says.
    ///
    /// ```
    /// use http::Response;
    /// use tonic::{Code, Status};
    /// use tower_pool::{PoolLayer, Verdict, http::SharedBody};
    ///
    /// // One of those who wait tries again for the others.
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().policy(
    ///     |outcome: Result<&Response<SharedBody>, &Status>| match outcome {
    ///         Err(status) if status.code() == Code::Unavailable => Verdict::Retry,
    ///         _ => Verdict::Share,
    ///     },
    /// );
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn policy<Q>(self, policy: Q) -> GrpcPoolLayer<B, X, Q>
    where
        Q: Policy<Response<SharedBody>, Status>,
    {
        GrpcPoolLayer {
            extractor: self.extractor,
            policy: Arc::new(policy),
            settings: self.settings,
            lineage: Lineage::new(),
            body: PhantomData,
        }
    }
}

/// How calls are shared.
impl<B, X, P> GrpcPoolLayer<B, X, P> {
    /// As [`PoolLayer::on_abandon`](crate::PoolLayer::on_abandon).
    ///
    /// ```
    /// use tower_pool::{OnAbandon, PoolLayer};
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().on_abandon(OnAbandon::Finish);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn on_abandon(self, on_abandon: OnAbandon) -> Self {
        self.set(|settings| settings.config.on_abandon = on_abandon)
    }

    /// As [`PoolLayer::max_callers`](crate::PoolLayer::max_callers).
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().max_callers(10_000);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_callers(self, max_callers: usize) -> Self {
        self.set(|settings| settings.config.max_callers = max_callers)
    }

    /// As [`PoolLayer::max_age`](crate::PoolLayer::max_age), but by default 30
    /// seconds: one call that hangs takes its key with it for no longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().max_age(Duration::from_secs(5));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        self.set(|settings| settings.config.max_age = Some(max_age))
    }

    /// As [`PoolLayer::max_retries`](crate::PoolLayer::max_retries).
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().max_retries(1);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn max_retries(self, max_retries: u32) -> Self {
        self.set(|settings| settings.config.max_retries = max_retries)
    }

    /// Names the pool, for its [`Debug`](std::fmt::Debug) output and its traces.
    ///
    /// ```
    /// use tower_pool::PoolLayer;
    ///
    /// let layer = PoolLayer::grpc::<tonic::body::Body>().name("catalog");
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.set(|settings| settings.config.name = Some(name.into()))
    }

    /// Clones that were made before are other layers.
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self.lineage = Lineage::new();
        self
    }
}
