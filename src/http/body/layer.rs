//! Shared bodies in responses: [`ShareBodyLayer`].

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::http::Response;
use bytes::Bytes;
use http_body::Body;
use pin_project_lite::pin_project;
use tower::BoxError;
use tower_layer::Layer;
use tower_service::Service;

use super::{DEFAULT_MAX_LAG, SharedBody};

/// Makes the body of each response a [`SharedBody`], so that the response can be
/// cloned and each clone has all of the body.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::{BodyExt, Empty, Full};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use tower_pool::http::ShareBodyLayer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let service = ServiceBuilder::new()
///     .layer(ShareBodyLayer::new())
///     .service(service_fn(|_: Request<Empty<Bytes>>| async {
///         Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("hello"))))
///     }));
///
/// let response = service.oneshot(Request::default()).await.unwrap();
/// let another = response.clone();
/// assert_eq!(response.collect().await.unwrap().to_bytes(), "hello");
/// assert_eq!(another.collect().await.unwrap().to_bytes(), "hello");
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ShareBodyLayer {
    max_lag: u64,
}

impl ShareBodyLayer {
    /// A layer whose readers may be [`DEFAULT_MAX_LAG`] behind the fastest.
    ///
    /// ```
    /// let layer = tower_pool::http::ShareBodyLayer::new();
    /// ```
    pub fn new() -> Self {
        Self {
            max_lag: DEFAULT_MAX_LAG,
        }
    }

    /// Lets readers be so many bytes behind the fastest: see
    /// [`SharedBody::with_max_lag`].
    ///
    /// ```
    /// let layer = tower_pool::http::ShareBodyLayer::new().max_lag(1024 * 1024);
    /// ```
    #[must_use]
    pub fn max_lag(mut self, bytes: u64) -> Self {
        self.max_lag = bytes;
        self
    }
}

impl Default for ShareBodyLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ShareBodyLayer {
    type Service = ShareBody<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ShareBody {
            inner,
            max_lag: self.max_lag,
        }
    }
}

/// A service whose responses have a [`SharedBody`]: see [`ShareBodyLayer`].
///
/// ```
/// use tower::Layer;
/// use tower_pool::http::{ShareBody, ShareBodyLayer};
///
/// fn share<S>(service: S) -> ShareBody<S> {
///     ShareBodyLayer::new().layer(service)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ShareBody<S> {
    inner: S,
    max_lag: u64,
}

impl<S> ShareBody<S> {
    /// Returns the inner service.
    ///
    /// ```
    /// use tower::Layer;
    /// use tower_pool::http::ShareBodyLayer;
    ///
    /// assert_eq!(*ShareBodyLayer::new().layer("a service").get_ref(), "a service");
    /// ```
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, Req, B> Service<Req> for ShareBody<S>
where
    S: Service<Req, Response = Response<B>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<SharedBody>;
    type Error = S::Error;
    type Future = ShareBodyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        ShareBodyFuture {
            inner: self.inner.call(request),
            max_lag: self.max_lag,
        }
    }
}

pin_project! {
    /// The response of a [`ShareBody`].
    ///
    /// ```
    /// use tower::Service;
    /// use tower_pool::http::{ShareBody, ShareBodyFuture};
    ///
    /// type Answer<S, Req> = ShareBodyFuture<<S as Service<Req>>::Future>;
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ShareBodyFuture<F> {
        #[pin]
        inner: F,
        max_lag: u64,
    }
}

impl<F, B, E> Future for ShareBodyFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<SharedBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let max_lag = *this.max_lag;
        let response = ready!(this.inner.poll(cx))?;
        Poll::Ready(Ok(
            response.map(|body| SharedBody::with_max_lag(body, max_lag))
        ))
    }
}
