//! reqwest's client inside the pool: [`ReqwestService`].

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use ::http::{Request, Response};
use ::reqwest::{Body, Client, ResponseBuilderExt};
use tower_service::Service;

use super::body::SharedBody;
use crate::SharedError;

/// reqwest's client as a service for [`http::Request`], to be put into
/// [`PoolLayer::http`](crate::PoolLayer::http).
///
/// Its errors are [`SharedError`]s, so that they can be handed to many. Its
/// responses keep the URL that they came from (after redirects) in their
/// extensions, where [`reqwest::Response`] finds it when it is made from one.
///
/// A timeout that is set on one request counts for all who share its call. Set
/// it on the client, or put it around the pool. The same goes for the client's
/// cookies: they are the client's, whoever calls.
///
/// ```
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_pool::{PoolLayer, SharedError, http::ReqwestService};
///
/// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
/// let client = reqwest::Client::new();
/// let pool = ServiceBuilder::new()
///     .map_response(reqwest::Response::from)
///     .layer(PoolLayer::http())
///     .service(ReqwestService::new(client.clone()));
///
/// let request = client.get("http://localhost/report/7").build()?;
/// let response: reqwest::Response = pool.oneshot(request.try_into()?).await?;
/// println!("{} came from {}", response.status(), response.url());
/// # Ok(())
/// # }
/// ```
///
/// [`http::Request`]: ::http::Request
#[derive(Clone, Debug)]
pub struct ReqwestService {
    client: Client,
}

impl ReqwestService {
    /// Puts requests through this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Service<Request<Body>> for ReqwestService {
    type Response = Response<Body>;
    type Error = SharedError;
    type Future = ReqwestFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let client = self.client.clone();
        ReqwestFuture(Box::pin(async move {
            let request = request.try_into().map_err(SharedError::new)?;
            let response = client.execute(request).await.map_err(SharedError::new)?;
            Ok(with_url(response))
        }))
    }
}

/// The future of a call to a [`ReqwestService`].
#[must_use = "futures do nothing unless they are polled"]
pub struct ReqwestFuture(Pin<Box<dyn Future<Output = Result<Response<Body>, SharedError>> + Send>>);

impl Future for ReqwestFuture {
    type Output = Result<Response<Body>, SharedError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ReqwestFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestFuture").finish_non_exhaustive()
    }
}

/// reqwest drops the URL when it makes this of a response of its own; only a
/// builder can put it back.
fn with_url(response: ::reqwest::Response) -> Response<Body> {
    let url = response.url().clone();
    let mut response = Response::<Body>::from(response);
    if let Ok(bearer) = Response::builder().url(url).body(()) {
        let (head, ()) = bearer.into_parts();
        response.extensions_mut().extend(head.extensions);
    }
    response
}

/// So that a [`reqwest::Response`] can be made of a shared one.
impl From<SharedBody> for Body {
    fn from(body: SharedBody) -> Self {
        Self::wrap(body)
    }
}
