//! What is inside the pool of a [`GrpcPool`](super::GrpcPool): the user's
//! service, whose responses and failures are made so that many can have them.

use std::{
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::http::{Request, Response, Version};
use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use pin_project_lite::pin_project;
use tonic::Status;
use tower::BoxError;
use tower_service::Service;

use super::{
    error::Failure,
    head_status::failed,
    replay::{ReplayBody, RequestBody},
    service::GrpcService,
};
use crate::{
    http::{OF_ONE_CLIENT, SharedBody},
    policy::{Policy, Verdict},
};

/// A request with one message, on its way through the pool.
pub(super) struct Ask<B: Body>(pub(super) Request<ReplayBody<B>>);

/// A response on its way back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) response: Response<SharedBody>,
    /// The version of the request that it answers.
    pub(super) version: Version,
}

/// Judges answers that others than the leader wait for.
pub(super) struct Judge<P>(pub(super) Arc<P>);

impl<P> Policy<Answer, Failure> for Judge<P>
where
    P: Policy<Response<SharedBody>, Status>,
{
    fn verdict(&self, outcome: Result<&Answer, &Failure>) -> Verdict {
        let response = match outcome {
            Ok(answer) => &answer.response,
            Err(failure) => return self.0.verdict(Err(&failure.to_status())),
        };
        let headers = response.headers();
        if OF_ONE_CLIENT.iter().any(|name| headers.contains_key(name)) {
            return Verdict::Solo;
        }
        match failed(response) {
            Some(status) => self.0.verdict(Err(&status)),
            None => self.0.verdict(Ok(response)),
        }
    }
}

/// The user's service, as the pool calls it.
pub(super) struct Origin<S, B> {
    pub(super) inner: S,
    pub(super) max_lag: u64,
    pub(super) body: PhantomData<fn(B)>,
}

impl<S, B> Service<Ask<B>> for Origin<S, B>
where
    S: GrpcService<B>,
    B: RequestBody,
{
    type Response = Answer;
    type Error = Failure;
    type Future = OriginFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(cx).map_err(Failure::new)
    }

    fn call(&mut self, Ask(request): Ask<B>) -> Self::Future {
        OriginFuture {
            version: request.version(),
            max_lag: self.max_lag,
            call: self.inner.call(request.map(B::from)),
        }
    }
}

impl<S: Clone, B> Clone for Origin<S, B> {
    fn clone(&self) -> Self {
        Self {
            // Without the readiness of the other: each call waits for its own.
            inner: self.inner.clone(),
            max_lag: self.max_lag,
            body: PhantomData,
        }
    }
}

pin_project! {
    /// Makes the response one that can be handed to many.
    pub(super) struct OriginFuture<F> {
        #[pin]
        call: F,
        version: Version,
        max_lag: u64,
    }
}

impl<F, R, E> Future for OriginFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    E: Into<BoxError>,
{
    type Output = Result<Answer, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.call.poll(cx)).map_err(Failure::new)?;
        let max_lag = *this.max_lag;
        let share = |body: R| SharedBody::with_max_lag(body.map_err(Failure::new), max_lag);
        Poll::Ready(Ok(Answer {
            response: response.map(share),
            version: *this.version,
        }))
    }
}
