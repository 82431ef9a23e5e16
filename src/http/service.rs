//! The HTTP service that shares calls: [`HttpPool`].

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use ::http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    body::SharedBody,
    flights::{Blueprint, Flights},
    future::{Course, ResponseFuture},
    lineage::Home,
    origin::{Ask, HttpService},
};
use crate::{
    key::KeyExtractor,
    policy::{Policy, ShareAll},
    stats::Stats,
};

/// Shares one call between concurrent HTTP requests that ask for the same.
///
/// It is made by an [`HttpPoolLayer`](super::HttpPoolLayer). Its responses have
/// a [`SharedBody`], which every caller reads for itself, and their
/// [`Role`](super::Role) in their extensions. Clones share their flights.
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, service_fn};
/// use tower_pool::PoolLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let pool = ServiceBuilder::new().layer(PoolLayer::http()).service(service_fn(
///     |_: Request<String>| async {
///         tokio::task::yield_now().await;
///         Ok::<_, Infallible>(Response::new("a page".to_owned()))
///     },
/// ));
/// let page = || Request::new(String::new());
/// let _ = tokio::join!(pool.request(page()), pool.request(page()));
/// assert_eq!(pool.stats().led, 1); // one call for both
/// # }
/// ```
pub struct HttpPool<S, B, X = (), P = ShareAll>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    inner: S,
    blueprint: Arc<Blueprint<X, P>>,
    home: Home<Flights<S, B, X, P>>,
}

impl<S, B, X, P> HttpPool<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
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
}

impl<S, B, X, P> HttpPool<S, B, X, P>
where
    S: HttpService<B> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Clone + Send + Sync + 'static,
    B: Body + Send + 'static,
    X: KeyExtractor<Request<B>> + Send + Sync + 'static,
    P: Policy<Response<SharedBody>, S::Error> + Send + Sync + 'static,
{
    /// Sends a request, or joins an equal one that is under way.
    ///
    /// The request takes its place at once; it is sent when the future is polled.
    ///
    /// # Errors
    ///
    /// Those of the inner service. A follower gets a clone of its leader's.
    ///
    /// # Panics
    ///
    /// If a hook of the key panics, or the [`Eq`] or [`Hash`](std::hash::Hash)
    /// of what it returned. Nobody else is affected.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future never disturbs other callers.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use http::{Request, Response};
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new().layer(PoolLayer::http()).service(service_fn(
    /// #     |_: Request<String>| async { Ok::<_, Infallible>(Response::new("a page".to_owned())) },
    /// # ));
    /// let page = || Request::new(String::new());
    /// let response = pool.request(page()).await;
    /// assert!(response.is_ok());
    /// # }
    /// ```
    pub fn request(&self, request: Request<B>) -> ResponseFuture<S, B, X, P> {
        let version = request.version();
        let flights = self.flights();
        let common = &flights.common;
        let (key, course) = match flights.look(&request) {
            Err(why) => (None, Course::Ineligible(why)),
            Ok(key) if common.memory.holds(key.hash()) => (None, Course::Remembered(key.hash())),
            Ok(key) => (Some(Arc::new(key)), Course::Aboard),
        };
        let common = Arc::clone(common);
        // The key goes before there is something to return, which its drop would
        // have forgotten if it panicked.
        if let Some(late) = flights.join_late(key.as_deref()) {
            drop(key);
            return ResponseFuture::late(late, version, common);
        }
        let ask = Ask {
            request,
            asked: common.arriving.as_ref().map(|arriving| arriving.ask()),
            key: key.clone(),
        };
        let call = flights.enter(self.inner.clone(), ask);
        // The head may have come, and its flight be gone, since the first look.
        if let Some(late) = flights.join_late(key.as_deref()) {
            drop(key);
            return ResponseFuture::late(late, version, common);
        }
        drop(key);
        ResponseFuture::under_way(call, course, version, common)
    }

    fn flights(&self) -> &Flights<S, B, X, P> {
        let make = |of_a_route| self.blueprint.flights(of_a_route);
        self.home.get_or_make(make)
    }

    /// Has later requests that are equal to this one not join what is under
    /// way: the next one is sent anew. Those aboard still get their response.
    ///
    /// For when the response under way is known to be out of date, after a write
    /// for instance. Returns whether there was such a request under way.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use http::{Request, Response};
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new().layer(PoolLayer::http()).service(service_fn(
    /// #     |_: Request<String>| async { Ok::<_, Infallible>(Response::new("a page".to_owned())) },
    /// # ));
    /// let page = || Request::new(String::new());
    /// let before = pool.request(page());
    /// assert!(pool.forget(&page()));
    /// let after = pool.request(page());
    ///
    /// let _ = tokio::join!(before, after);
    /// assert_eq!(pool.stats().led, 2);
    /// # }
    /// ```
    pub fn forget(&self, request: &Request<B>) -> bool {
        let Some(flights) = self.home.get() else {
            return false;
        };
        let Ok(key) = flights.look(request) else {
            return false;
        };
        let arriving = flights.common.arriving.as_ref();
        let arriving = arriving.is_some_and(|arriving| arriving.forget(&key));
        flights.table.forget(&Arc::new(key)) || arriving
    }
}

impl<S, B, X, P> HttpPool<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    /// Returns the number of requests under way that a newcomer could join.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use http::{Request, Response};
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new().layer(PoolLayer::http()).service(service_fn(
    /// #     |_: Request<String>| async { Ok::<_, Infallible>(Response::new("a page".to_owned())) },
    /// # ));
    /// let page = || Request::new(String::new());
    /// let callers = (pool.request(page()), pool.request(page()));
    /// assert_eq!(pool.in_flight(), 1);
    /// drop(callers);
    /// assert_eq!(pool.in_flight(), 0);
    /// # }
    /// ```
    pub fn in_flight(&self) -> usize {
        self.home.get().map_or(0, |flights| flights.in_flight())
    }

    /// Returns what this pool, with its clones, has done so far.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use http::{Request, Response};
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new().layer(PoolLayer::http()).service(service_fn(
    /// #     |_: Request<String>| async { Ok::<_, Infallible>(Response::new("a page".to_owned())) },
    /// # ));
    /// let page = || Request::new(String::new());
    /// let _ = tokio::join!(pool.request(page()), pool.request(page()));
    /// assert_eq!((pool.stats().led, pool.stats().shared), (1, 1));
    /// # }
    /// ```
    pub fn stats(&self) -> Stats {
        let flights = self.home.get();
        flights.map_or_else(Stats::default, |flights| flights.table.stats())
    }

    /// Returns the inner service.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use http::{Request, Response};
    /// # use tower::{ServiceBuilder, service_fn};
    /// # use tower_pool::PoolLayer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let pool = ServiceBuilder::new().layer(PoolLayer::http()).service(service_fn(
    /// #     |_: Request<String>| async { Ok::<_, Infallible>(Response::new("a page".to_owned())) },
    /// # ));
    /// let page = || Request::new(String::new());
    /// let response = tower::ServiceExt::oneshot(pool.get_ref().clone(), page()).await;
    /// assert_eq!(response.unwrap().into_body(), "a page");
    /// # }
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, B, X, P> Service<Request<B>> for HttpPool<S, B, X, P>
where
    S: HttpService<B> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Clone + Send + Sync + 'static,
    B: Body + Send + 'static,
    X: KeyExtractor<Request<B>> + Send + Sync + 'static,
    P: Policy<Response<SharedBody>, S::Error> + Send + Sync + 'static,
{
    type Response = Response<SharedBody>;
    type Error = S::Error;
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

impl<S, B, X, P> Clone for HttpPool<S, B, X, P>
where
    S: HttpService<B> + Clone,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            blueprint: Arc::clone(&self.blueprint),
            home: self.home.clone(),
        }
    }
}

impl<S, B, X, P> fmt::Debug for HttpPool<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPool")
            .field("key", &self.blueprint.key)
            .field("settings", &self.blueprint.settings)
            // Services with the same have them in common.
            .field("flights", &self.home.get().map(Arc::as_ptr))
            .field("in_flight", &self.in_flight())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
