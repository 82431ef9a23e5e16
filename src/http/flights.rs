//! What the services of one table have in common: [`Flights`].

use std::{hash::RandomState, sync::Arc};

use ::http::{Request, Response};
use tower::util::Oneshot;

use super::{
    arriving::Arriving,
    body::SharedBody,
    key::HttpKey,
    memory::Memory,
    origin::{Ask, ByKey, HttpService, Judge, Origin},
    policy::HttpPolicy,
    request_key::RequestKey,
    role::CacheStatus,
    scope::Scope,
};
use crate::{
    flight::{Config, Table},
    key::KeyExtractor,
    policy::{Policy, Verdict},
    service::Pool,
};

/// What the keys of a pool hold besides the request's line and headers: what
/// the user's hooks have found, and the scope.
pub(super) type KeyOf<B, X> = (<X as KeyExtractor<Request<B>>>::Key, Scope);

/// What the pool, its calls and its callers have in common.
#[derive(Debug)]
pub(super) struct Common<P, K> {
    pub(super) rules: HttpPolicy,
    pub(super) policy: Arc<P>,
    pub(super) memory: Memory,
    /// With [`Join::UntilBody`](super::Join::UntilBody).
    pub(super) arriving: Option<Arc<Arriving<K>>>,
    pub(super) cache_status: Option<CacheStatus>,
    pub(super) max_lag: u64,
}

impl<P, K> Common<P, K> {
    /// What tells these flights from others for as long as they are there.
    pub(super) fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    pub(super) fn verdict<E>(&self, outcome: Result<&Response<SharedBody>, &E>) -> Verdict
    where
        P: Policy<Response<SharedBody>, E>,
    {
        match self.rules.verdict(outcome) {
            Verdict::Solo => Verdict::Solo,
            rule => rule.max(self.policy.verdict(outcome)),
        }
    }
}

pub(super) type OriginOf<S, B, X, P> = Origin<S, P, KeyOf<B, X>>;
pub(super) type AskOf<B, X> = Ask<B, KeyOf<B, X>>;
pub(super) type JudgeOf<B, X, P> = Judge<P, KeyOf<B, X>>;

/// The pool inside of an [`HttpPool`](super::HttpPool).
pub(super) type PoolOf<S, B, X, P> =
    Pool<OriginOf<S, B, X, P>, AskOf<B, X>, ByKey, JudgeOf<B, X, P>, RandomState>;

/// A call of that pool.
pub(super) type CallOf<S, B, X, P> = crate::ResponseFuture<
    Arc<RequestKey<KeyOf<B, X>>>,
    Oneshot<OriginOf<S, B, X, P>, AskOf<B, X>>,
    JudgeOf<B, X, P>,
    RandomState,
>;

/// The table of that pool.
type TableOf<S, B, X, P> = Table<
    Arc<RequestKey<KeyOf<B, X>>>,
    Oneshot<OriginOf<S, B, X, P>, AskOf<B, X>>,
    JudgeOf<B, X, P>,
    RandomState,
>;

/// What the services of one table have in common.
pub(super) struct Flights<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    pub(super) table: Arc<TableOf<S, B, X, P>>,
    pub(super) key: HttpKey<X>,
    pub(super) common: Arc<Common<P, KeyOf<B, X>>>,
}

impl<S, B, X, P> Flights<S, B, X, P>
where
    S: HttpService<B> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + Sync + 'static,
    B: Send + 'static,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error> + Send + Sync + 'static,
{
    pub(super) fn new(key: HttpKey<X>, common: Common<P, KeyOf<B, X>>, config: &Config) -> Self {
        let common = Arc::new(common);
        let judge = Arc::new(Judge(Arc::clone(&common)));
        Self {
            table: Arc::new(Table::new(judge, RandomState::new(), config.clone())),
            key,
            common,
        }
    }
}
