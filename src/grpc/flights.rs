//! What a pool and its callers have in common: [`Flights`].

use std::{marker::PhantomData, sync::Arc, time::Duration};

use ::http::{Method, Request, Response, header, request::Parts};
use ahash::RandomState;
use bytes::Bytes;
use tonic::Status;
use tower::{ServiceExt, util::Oneshot};

use super::{
    collect::Limits,
    layer::Settings,
    metadata::GRPC_TIMEOUT,
    origin::{Ask, Judge, Origin},
    replay::{ReplayBody, RequestBody},
    service::GrpcService,
    timeout::timeout,
};
use crate::{
    flight::Table,
    http::{Line, RequestKey, Route, SharedBody},
    key::KeyExtractor,
    policy::Policy,
    service,
};

/// What the keys of a pool hold besides the request's path and metadata: its
/// message, what the user's hooks have found, and the route, if these flights
/// are of several services.
type KeyOf<B, X> = RequestKey<(Bytes, AndOf<B, X>)>;
type AndOf<B, X> = (<X as KeyExtractor<Request<B>>>::Key, Option<Route>);

/// One caller's place in these flights.
pub(super) type CallOf<S, B, X, P> =
    crate::ResponseFuture<KeyOf<B, X>, Oneshot<Origin<S, B>, Ask<B>>, Judge<P>, RandomState>;

type TableOf<S, B, X, P> = Table<KeyOf<B, X>, Oneshot<Origin<S, B>, Ask<B>>, Judge<P>, RandomState>;

/// What the services of one table have in common.
pub(super) struct Flights<S, B, X, P>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    pub(super) table: Arc<TableOf<S, B, X, P>>,
    pub(super) settings: Arc<Settings>,
    extractor: Arc<X>,
    /// Of its own, so that a key is hashed once, however often it is looked up.
    hasher: RandomState,
    /// Are they of all services that stand for a route?
    of_a_route: bool,
}

/// A request that may be shared, if it turns out to be one message.
pub(super) struct Candidate<K> {
    pub(super) head: Parts,
    /// What is keyed besides the head and the message.
    and: K,
    pub(super) timeout: Option<Duration>,
}

pub(super) type CandidateOf<B, X> = Candidate<AndOf<B, X>>;

impl<S, B, X, P> Flights<S, B, X, P>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
{
    /// Takes a request apart that may be shared. Others are given back.
    #[allow(clippy::result_large_err)] // it is no error, and goes no further
    pub(super) fn look(&self, request: Request<B>) -> Result<(CandidateOf<B, X>, B), Request<B>> {
        let Some((and, timeout)) = self.eligible(&request) else {
            return Err(request);
        };
        let (head, body) = request.into_parts();
        let candidate = Candidate { head, and, timeout };
        Ok((candidate, body))
    }

    fn eligible(&self, request: &Request<B>) -> Option<(AndOf<B, X>, Option<Duration>)> {
        let is_pooled = request.method() == Method::POST
            && is_grpc(request)
            && self.settings.methods.contain(request.uri().path());
        if !is_pooled {
            return None;
        }
        let timeout = timeout(request.headers()).ok()?;
        let route = match self.of_a_route {
            true => Some(Route::of(request)?),
            false => None,
        };
        let and = self.extractor.extract(request)?;
        Some(((and, route), timeout))
    }

    /// Has a request of one message take its place.
    pub(super) fn enter(
        &self,
        inner: S,
        candidate: CandidateOf<B, X>,
        message: Bytes,
        is_sized: bool,
    ) -> CallOf<S, B, X, P> {
        let Candidate { mut head, and, .. } = candidate;
        // Each caller's own. What all wait for must not end with one of them.
        head.headers.remove(GRPC_TIMEOUT);
        let body = ReplayBody::whole(message.clone(), is_sized);
        let request = Request::from_parts(head, body);

        let mut line = Line::of_target(&request);
        self.settings.metadata.write(request.headers(), &mut line);
        let key = RequestKey::new(line, (message, and), &self.hasher);
        let origin = Origin {
            inner,
            max_lag: self.settings.max_lag,
            body: PhantomData,
        };
        service::enter(&self.table, Some(key), origin.oneshot(Ask(request)))
    }

    pub(super) fn limits(&self) -> Limits {
        self.settings.limits
    }
}

/// gRPC itself, and not gRPC-Web, which is written in another way.
fn is_grpc<B>(request: &Request<B>) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let rest = content_type.and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| matches!(rest, [] | [b'+' | b';', ..]))
}

/// What flights are made from.
pub(super) struct Blueprint<X, P> {
    pub(super) extractor: Arc<X>,
    pub(super) policy: Arc<P>,
    pub(super) settings: Arc<Settings>,
}

impl<X, P> Blueprint<X, P> {
    pub(super) fn flights<S, B>(&self, of_a_route: bool) -> Flights<S, B, X, P>
    where
        S: GrpcService<B> + Send + 'static,
        S::Future: Send + 'static,
        B: RequestBody,
        X: KeyExtractor<Request<B>>,
        P: Policy<Response<SharedBody>, Status> + Send + Sync + 'static,
    {
        let judge = Arc::new(Judge(Arc::clone(&self.policy)));
        let config = self.settings.config.clone();
        Flights {
            table: Arc::new(Table::new(judge, RandomState::new(), config)),
            settings: Arc::clone(&self.settings),
            extractor: Arc::clone(&self.extractor),
            hasher: RandomState::new(),
            of_a_route,
        }
    }
}
