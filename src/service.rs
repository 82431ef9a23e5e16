//! The service that shares calls: [`Pool`].

use std::{
    fmt,
    hash::{BuildHasher, Hash},
    sync::Arc,
    task::{Context, Poll},
};

use ahash::RandomState;
use tower::{ServiceExt, util::Oneshot};
use tower_service::Service;

use crate::{
    flight::{Config, Entered, Table},
    future::ResponseFuture,
    key::KeyExtractor,
    policy::{Policy, ShareAll},
    stats::Stats,
};

/// Shares one inner call between concurrent requests of equal key.
///
/// It is made by a [`PoolLayer`](crate::PoolLayer), and used like the service
/// inside it: as a [`Service`] with the same response and error, or like a
/// function, by [`request`](Self::request). Clones share their flights.
///
/// The inner service has to be [`Clone`], and its response and error too. For
/// an error that is not, see [`SharedError`](crate::SharedError).
///
/// ```
/// use tower::{ServiceBuilder, service_fn};
/// use tower_pool::PoolLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let pool = ServiceBuilder::new()
///     .layer(PoolLayer::new(|place: &String| Some(place.clone())))
///     .service(service_fn(|place: String| async move {
///         tokio::task::yield_now().await; // a slow look into the boiler room
///         Ok::<_, std::fmt::Error>(format!("no problem in {place}"))
///     }));
///
/// let (a, b) = tokio::join!(
///     pool.request("the boiler room".to_owned()),
///     pool.request("the boiler room".to_owned()),
/// );
/// assert_eq!(a, Ok("no problem in the boiler room".to_owned()));
/// assert_eq!(a, b);
/// assert_eq!(pool.stats().led, 1); // one look for both
/// # }
/// ```
pub struct Pool<S, Req, X, P = ShareAll, H = RandomState>
where
    S: Service<Req>,
    X: KeyExtractor<Req>,
{
    inner: S,
    extractor: Arc<X>,
    table: Arc<TableOf<S, Req, X, P, H>>,
}

type TableOf<S, Req, X, P, H> = Table<<X as KeyExtractor<Req>>::Key, Oneshot<S, Req>, P, H>;

impl<S, Req, X, P, H> Pool<S, Req, X, P, H>
where
    S: Service<Req>,
    S::Future: Send + 'static,
    S::Response: Send + Sync + 'static,
    S::Error: Send + Sync + 'static,
    S: Send + 'static,
    Req: Send + 'static,
    X: KeyExtractor<Req>,
    P: Policy<S::Response, S::Error> + Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    pub(crate) fn new(
        inner: S,
        extractor: Arc<X>,
        policy: Arc<P>,
        hasher: H,
        config: Config,
    ) -> Self {
        Self {
            inner,
            extractor,
            table: Arc::new(Table::new(policy, hasher, config)),
        }
    }
}

impl<S, Req, X, P, H> Pool<S, Req, X, P, H>
where
    S: Service<Req> + Clone,
    X: KeyExtractor<Req>,
    H: BuildHasher,
{
    /// Calls the service, or joins a call of equal key that is under way.
    ///
    /// The request takes its place at once; the inner service is made ready and
    /// called when the future is polled. The answer is the inner service's own.
    ///
    /// # Errors
    ///
    /// Those of the inner service, of its readiness too. A follower gets a
    /// clone of its leader's.
    ///
    /// # Panics
    ///
    /// If the key extractor, or the [`Eq`] or [`Hash`] of the
    /// key, panics. Nobody else is affected.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future never disturbs other callers: see [`ResponseFuture`].
    ///
    /// ```
    /// use tower::{ServiceBuilder, service_fn};
    /// use tower_pool::PoolLayer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let square = ServiceBuilder::new()
    ///     .layer(PoolLayer::new(|n: &u64| Some(*n)))
    ///     .service(service_fn(|n: u64| async move { Ok::<_, std::fmt::Error>(n * n) }));
    ///
    /// assert_eq!(square.request(7).await, Ok(49));
    /// # }
    /// ```
    pub fn request(&self, request: Req) -> ResponseFuture<X::Key, Oneshot<S, Req>, P, H> {
        let key = self.extractor.extract(&request);
        // A clone starts without readiness: its call waits for it when polled,
        // so that a follower never takes a permit that it does not use.
        let call = self.inner.clone().oneshot(request);
        enter(&self.table, key, call)
    }

    /// Has later callers of `key` not join the flight that is under way: the
    /// next one leads a fresh flight. Those aboard still get their answer.
    ///
    /// For when the answer under way is known to be out of date, after a write
    /// for instance. Returns whether there was such a flight.
    ///
    /// ```
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new()
    /// #     .layer(PoolLayer::new(|n: &u64| Some(*n)))
    /// #     .service(service_fn(|n: u64| async move { Ok::<_, std::fmt::Error>(n) }));
    /// let before = pool.request(7);
    /// assert!(pool.forget(&7));
    /// let after = pool.request(7);
    ///
    /// let _ = tokio::join!(before, after);
    /// assert_eq!(pool.stats().led, 2);
    /// # }
    /// ```
    pub fn forget(&self, key: &X::Key) -> bool {
        self.table.forget(key)
    }
}

impl<S, Req, X, P, H> Pool<S, Req, X, P, H>
where
    S: Service<Req>,
    X: KeyExtractor<Req>,
{
    /// Returns the number of flights under way: those that were not forgotten,
    /// whatever their age.
    ///
    /// ```
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new()
    /// #     .layer(PoolLayer::new(|n: &u64| Some(*n)))
    /// #     .service(service_fn(|n: u64| async move { Ok::<_, std::fmt::Error>(n) }));
    /// let callers = (pool.request(7), pool.request(7), pool.request(8));
    /// assert_eq!(pool.in_flight(), 2);
    /// drop(callers);
    /// assert_eq!(pool.in_flight(), 0);
    /// # }
    /// ```
    pub fn in_flight(&self) -> usize {
        self.table.len()
    }

    /// Returns what this pool, with its clones, has done so far.
    ///
    /// ```
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new()
    /// #     .layer(PoolLayer::new(|n: &u64| Some(*n)))
    /// #     .service(service_fn(|n: u64| async move { Ok::<_, std::fmt::Error>(n) }));
    /// let _ = tokio::join!(pool.request(7), pool.request(7), pool.request(8));
    /// assert_eq!((pool.stats().led, pool.stats().shared), (2, 1));
    /// # }
    /// ```
    pub fn stats(&self) -> Stats {
        self.table.stats()
    }

    /// Returns the inner service.
    ///
    /// ```
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// let square = |n: u64| async move { Ok::<_, std::fmt::Error>(n * n) };
    /// let pool = ServiceBuilder::new()
    ///     .layer(PoolLayer::new(|n: &u64| Some(*n)))
    ///     .service(service_fn(square));
    ///
    /// let _unpooled = pool.get_ref().clone();
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

/// Has a caller take its place: aboard a flight, or alone.
pub(crate) fn enter<K, F, P, H>(
    table: &Arc<Table<K, F, P, H>>,
    key: Option<K>,
    call: F,
) -> ResponseFuture<K, F, P, H>
where
    K: Hash + Eq,
    F: Future,
    H: BuildHasher,
{
    let solo = match key {
        None => call,
        Some(key) => match table.enter(key, call) {
            Entered::Aboard(caller) => return ResponseFuture::aboard(caller),
            Entered::Full(call) => call,
        },
    };
    table.counters.solo.add_one();
    ResponseFuture::alone(solo)
}

impl<S, Req, X, P, H> Service<Req> for Pool<S, Req, X, P, H>
where
    S: Service<Req> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Response: Clone + Send + Sync + 'static,
    S::Error: Clone + Send + Sync + 'static,
    Req: Send + 'static,
    X: KeyExtractor<Req>,
    P: Policy<S::Response, S::Error> + Send + Sync + 'static,
    H: BuildHasher + Send + Sync + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<X::Key, Oneshot<S, Req>, P, H>;

    /// Always ready: each flight waits for the inner service itself.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    /// As [`request`](Self::request).
    fn call(&mut self, request: Req) -> Self::Future {
        self.request(request)
    }
}

impl<S, Req, X, P, H> Clone for Pool<S, Req, X, P, H>
where
    S: Service<Req> + Clone,
    X: KeyExtractor<Req>,
{
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            extractor: Arc::clone(&self.extractor),
            table: Arc::clone(&self.table),
        }
    }
}

impl<S, Req, X, P, H> fmt::Debug for Pool<S, Req, X, P, H>
where
    S: Service<Req>,
    X: KeyExtractor<Req>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("config", &self.table.config)
            .field("in_flight", &self.in_flight())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
