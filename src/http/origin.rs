//! What is inside the pool of an [`HttpPool`](super::HttpPool): the user's
//! service, whose responses are made so that they can be handed to many.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use ::http::{Request, Response, Version};
use bytes::Bytes;
use http_body::Body;
use pin_project_lite::pin_project;
use tower::BoxError;
use tower_service::Service;

use super::{arriving::Asked, body::SharedBody, flights::Common, request_key::RequestKey};
use crate::policy::{Policy, Verdict};

/// A service that answers HTTP requests with bodies of bytes. Every service
/// that does is one; it is only a name for what [`HttpPoolLayer`] asks for.
///
/// ```
/// use http::Request;
/// use tower::Layer;
/// use tower_pool::{PoolLayer, http::{HttpPool, HttpService}};
///
/// fn pooled<S>(service: S) -> HttpPool<S, String>
/// where
///     S: HttpService<String, Future: Send, Error: Send + Sync> + Send + 'static,
/// {
///     PoolLayer::http().layer(service)
/// }
/// ```
///
/// [`HttpPoolLayer`]: super::HttpPoolLayer
pub trait HttpService<B>: Service<Request<B>, Response = Response<Self::ResponseBody>> {
    /// The body of its responses.
    type ResponseBody: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;
}

impl<S, B, R> HttpService<B> for S
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type ResponseBody = R;
}

/// A request on its way through the pool.
pub(super) struct Ask<B, K> {
    pub(super) request: Request<B>,
    /// None if it may not be shared.
    pub(super) key: Option<Arc<RequestKey<K>>>,
    /// When it was made, where that matters.
    pub(super) asked: Option<Asked>,
}

/// A response on its way back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) response: Response<SharedBody>,
    /// The version of the request that it answers.
    pub(super) version: Version,
    /// Of its key, if it may be shared at all.
    pub(super) hash: Option<u64>,
    /// If it was already given when the response came.
    early_verdict: Option<Verdict>,
    /// What became of the response, if others than the leader waited for it.
    pub(super) verdict: OnceLock<Verdict>,
}

/// Judges answers that others than the leader wait for.
pub(super) struct Judge<P, K>(pub(super) Arc<Common<P, K>>);

impl<P, K, E> Policy<Answer, E> for Judge<P, K>
where
    P: Policy<Response<SharedBody>, E>,
{
    fn verdict(&self, outcome: Result<&Answer, &E>) -> Verdict {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => return self.0.verdict(Err(error)),
        };
        let verdict = match answer.early_verdict {
            Some(verdict) => verdict,
            None => self.0.verdict(Ok::<_, &E>(&answer.response)),
        };
        let _ = answer.verdict.set(verdict);
        // Before anybody is released, so that nobody comes in between.
        if let (Verdict::Solo, Some(hash)) = (verdict, answer.hash) {
            self.0.memory.remember(hash);
        }
        verdict
    }
}

/// The user's service, as the pool calls it.
pub(super) struct Origin<S, P, K> {
    pub(super) inner: S,
    pub(super) common: Arc<Common<P, K>>,
}

impl<S, B, P, K> Service<Ask<B, K>> for Origin<S, P, K>
where
    S: HttpService<B>,
    P: Policy<Response<SharedBody>, S::Error>,
    K: Send + Sync + 'static,
{
    type Response = Answer;
    type Error = S::Error;
    type Future = OriginFuture<S::Future, P, K>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, ask: Ask<B, K>) -> Self::Future {
        OriginFuture {
            version: ask.request.version(),
            call: self.inner.call(ask.request),
            key: ask.key,
            asked: ask.asked,
            common: Arc::clone(&self.common),
        }
    }
}

impl<S: Clone, P, K> Clone for Origin<S, P, K> {
    fn clone(&self) -> Self {
        Self {
            // Without the readiness of the other: each call waits for its own.
            inner: self.inner.clone(),
            common: Arc::clone(&self.common),
        }
    }
}

pin_project! {
    /// Makes the response one that can be handed to many.
    pub(super) struct OriginFuture<F, P, K> {
        #[pin]
        call: F,
        version: Version,
        key: Option<Arc<RequestKey<K>>>,
        asked: Option<Asked>,
        common: Arc<Common<P, K>>,
    }
}

impl<F, R, E, P, K> Future for OriginFuture<F, P, K>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    P: Policy<Response<SharedBody>, E>,
    K: Send + Sync + 'static,
{
    type Output = Result<Answer, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.call.poll(cx))?;
        let common = &**this.common;
        let response = response.map(|body| SharedBody::with_max_lag(body, common.max_lag));
        let hash = this.key.as_ref().map(|key| key.hash());
        let mut early_verdict = None;
        let joinable = (this.key.take(), *this.asked, &common.arriving);
        if let (Some(key), Some(asked), Some(arriving)) = joinable {
            // Here, and not when the flight is over, lest a newcomer find neither.
            let verdict = common.verdict(Ok::<_, &E>(&response));
            if verdict == Verdict::Share {
                arriving.open(key, asked, &response);
            }
            early_verdict = Some(verdict);
        }
        Poll::Ready(Ok(Answer {
            response,
            version: *this.version,
            hash,
            early_verdict,
            verdict: OnceLock::new(),
        }))
    }
}
