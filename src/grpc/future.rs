//! The future of a pooled gRPC call: [`ResponseFuture`].

use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::http::{Request, Response, Version};
use pin_project_lite::pin_project;
use tonic::Status;
use tower::{ServiceExt, util::Oneshot};
use tower_service::Service;

use super::{
    collect::{Collect, Collected, Stop},
    error::{self, GrpcError},
    flights::{CallOf, CandidateOf, Flights},
    replay::RequestBody,
    response_body::ResponseBody,
    service::GrpcService,
    timeout::Timer,
};
use crate::{
    http::{HttpService, Role, SharedBody},
    key::KeyExtractor,
    policy::Policy,
};

pin_project! {
    /// One caller's response from a [`GrpcPool`](super::GrpcPool).
    ///
    /// # Panics
    ///
    /// A panic of the inner service unwinds here, in each of its callers, and
    /// so does one of the [`Eq`] or [`Hash`](std::hash::Hash) of what a hook of
    /// the key returned, in its caller alone. It panics if it is polled after it
    /// was done, or if it has to wait for a time in a runtime without timers.
    ///
    /// # Cancel safety
    ///
    /// Dropping it never disturbs the other callers. When it is the last of its
    /// flight, the inner call is dropped: as with [`crate::ResponseFuture`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ResponseFuture<S, B, X, P>
    where
        S: GrpcService<B>,
        B: RequestBody,
        X: KeyExtractor<Request<B>>,
        P: Policy<Response<SharedBody>, Status>,
    {
        #[pin]
        state: State<S, B, X, P>,
        version: Version,
        // Its own `grpc-timeout`, unless its request goes through.
        timer: Timer,
        flights: Arc<Flights<S, B, X, P>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, B, X, P>
    where
        S: GrpcService<B>,
        B: RequestBody,
        X: KeyExtractor<Request<B>>,
        P: Policy<Response<SharedBody>, Status>,
    {
        /// Its message is being read.
        Collecting { asking: Option<Asking<S, B, X>> },
        Aboard { #[pin] call: CallOf<S, B, X, P> },
        /// It shares with nobody.
        Apart { #[pin] call: Oneshot<S, Request<B>> },
        Over,
    }
}

/// A request that may yet be shared.
struct Asking<S, B, X>
where
    X: KeyExtractor<Request<B>>,
{
    inner: S,
    candidate: CandidateOf<B, X>,
    collect: Collect<B>,
}

impl<S, B, X> Asking<S, B, X>
where
    S: GrpcService<B> + Clone,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
{
    /// It was read as far as it is: it takes its place, or goes on apart.
    fn go_on<P>(self, stop: Stop<B::Error>, flights: &Flights<S, B, X, P>) -> State<S, B, X, P>
    where
        P: Policy<Response<SharedBody>, Status>,
    {
        let candidate = self.candidate;
        match self.collect.finish(stop) {
            Collected::Message { data, is_sized } => State::Aboard {
                call: flights.enter(self.inner, candidate, data, is_sized),
            },
            Collected::Other(body) => {
                flights.table.counters.solo.add_one();
                let request = Request::from_parts(candidate.head, B::from(body));
                State::Apart {
                    call: self.inner.oneshot(request),
                }
            }
        }
    }
}

impl<S, B, X, P> ResponseFuture<S, B, X, P>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    pub(super) fn asking(
        inner: S,
        candidate: CandidateOf<B, X>,
        body: B,
        flights: Arc<Flights<S, B, X, P>>,
    ) -> Self {
        Self {
            version: candidate.head.version,
            timer: Timer::after(candidate.timeout),
            state: State::Collecting {
                asking: Some(Asking {
                    inner,
                    candidate,
                    collect: Collect::new(body, flights.limits()),
                }),
            },
            flights,
        }
    }

    pub(super) fn apart(inner: S, request: Request<B>, flights: Arc<Flights<S, B, X, P>>) -> Self {
        flights.table.counters.solo.add_one();
        Self {
            version: request.version(),
            timer: Timer::after(None),
            state: State::Apart {
                call: inner.oneshot(request),
            },
            flights,
        }
    }
}

impl<S, B, X, P> Future for ResponseFuture<S, B, X, P>
where
    S: GrpcService<B> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status> + Send + Sync + 'static,
{
    type Output = Outcome<S, B>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match self.as_mut().poll_call(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                ready!(self.as_mut().project().timer.poll(cx));
                self.as_ref().timed_out()
            }
        };
        // Whoever holds it on holds nobody's call.
        self.project().state.set(State::Over);
        Poll::Ready(outcome)
    }
}

impl<S, B, X, P> ResponseFuture<S, B, X, P>
where
    S: GrpcService<B> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status> + Send + Sync + 'static,
{
    /// As `poll`, for as long as it takes.
    fn poll_call(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<S, B>> {
        let mut this = self.project();
        let flights = &**this.flights;
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Collecting { asking } => {
                    let collect = &mut asking.as_mut().expect("it is taken once").collect;
                    let stop = ready!(collect.poll(cx));
                    let asking = asking.take().expect("it was just there");
                    let next = asking.go_on(stop, flights);
                    if let State::Apart { .. } = next {
                        // What goes through has its timeout with it.
                        *this.timer = Timer::after(None);
                    }
                    next
                }
                StateProj::Aboard { call } => {
                    let (outcome, part) = ready!(call.poll_with_part(cx));
                    let answer = outcome.map_err(GrpcError::shared)?;
                    let mut response = answer.response;
                    Role::from(part).take(&mut response, answer.version, *this.version);
                    // It is for all of the call, and not only for its head.
                    let timer = mem::replace(this.timer, Timer::after(None));
                    let response = response.map(|body| ResponseBody::shared(body, timer));
                    return Poll::Ready(Ok(response));
                }
                StateProj::Apart { call } => {
                    let response = ready!(call.poll(cx)).map_err(GrpcError::own)?;
                    let mut response = response.map(ResponseBody::own);
                    response.extensions_mut().insert(Role::Solo);
                    return Poll::Ready(Ok(response));
                }
                StateProj::Over => panic!("polled after completion"),
            };
            this.state.set(next);
        }
    }

    fn timed_out(self: Pin<&Self>) -> Outcome<S, B> {
        match GrpcError::timed_out() {
            Some(error) => Err(error),
            None => {
                let response = error::timeout_status().into_http::<()>();
                let mut response = response.map(|()| ResponseBody::default());
                *response.version_mut() = self.version;
                Ok(response)
            }
        }
    }
}

/// What a caller gets.
type Outcome<S, B> = Result<
    Response<ResponseBody<<S as HttpService<B>>::ResponseBody>>,
    GrpcError<<S as Service<Request<B>>>::Error>,
>;

impl<S, B, X, P> fmt::Debug for ResponseFuture<S, B, X, P>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
