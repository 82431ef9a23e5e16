//! What a pool, its calls and its callers have in common: [`Flights`].

use std::sync::Arc;

use ::http::{Request, Response};
use ahash::RandomState;
use http_body::Body;
use tower::{ServiceExt, util::Oneshot};

use super::{
    arriving::{Arriving, Limits},
    body::SharedBody,
    eligible::Ineligible,
    key::HttpKey,
    layer::{Join, Settings},
    lineage::Route,
    memory::Memory,
    origin::{Ask, HttpService, Judge, Origin},
    policy::HttpPolicy,
    request_key::RequestKey,
    role::CacheStatus,
};
use crate::{
    flight::Table,
    key::KeyExtractor,
    policy::{Policy, Verdict, more_cautious},
    service,
    stats::Counters,
};

/// What the keys of a pool hold besides the request's line and headers: what
/// the user's hooks have found, and the route, if these flights are of several
/// services.
pub(super) type KeyOf<B, X> = (<X as KeyExtractor<Request<B>>>::Key, Option<Route>);

/// What the pool, its calls and its callers have in common.
pub(super) struct Common<P, K> {
    pub(super) rules: HttpPolicy,
    pub(super) policy: Arc<P>,
    pub(super) memory: Memory,
    /// With [`Join::UntilBody`].
    pub(super) arriving: Option<Arc<Arriving<K>>>,
    pub(super) cache_status: Option<CacheStatus>,
    pub(super) max_lag: u64,
}

impl<P, K> Common<P, K> {
    pub(super) fn verdict<E>(&self, outcome: Result<&Response<SharedBody>, &E>) -> Verdict
    where
        P: Policy<Response<SharedBody>, E>,
    {
        more_cautious(&self.rules, &*self.policy, outcome)
    }
}

pub(super) type OriginOf<S, B, X, P> = Origin<S, P, KeyOf<B, X>>;
pub(super) type AskOf<B, X> = Ask<B, KeyOf<B, X>>;
pub(super) type JudgeOf<B, X, P> = Judge<P, KeyOf<B, X>>;

/// One caller's place in these flights.
pub(super) type CallOf<S, B, X, P> = crate::ResponseFuture<
    Arc<RequestKey<KeyOf<B, X>>>,
    Oneshot<OriginOf<S, B, X, P>, AskOf<B, X>>,
    JudgeOf<B, X, P>,
    RandomState,
>;

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
    pub(super) key: Arc<HttpKey<X>>,
    pub(super) common: Arc<Common<P, KeyOf<B, X>>>,
    /// Are they of all services that stand for a route?
    pub(super) of_a_route: bool,
}

impl<S, B, X, P> Flights<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    /// Has a request take its place, of this key if it may be shared.
    pub(super) fn enter(&self, inner: S, ask: AskOf<B, X>) -> CallOf<S, B, X, P> {
        let key = ask.key.clone();
        let origin = Origin {
            inner,
            common: Arc::clone(&self.common),
        };
        service::enter(&self.table, key, origin.oneshot(ask))
    }

    /// The key of a request that may be shared, or why it may not.
    pub(super) fn look(&self, request: &Request<B>) -> Result<RequestKey<KeyOf<B, X>>, Ineligible>
    where
        B: Body,
    {
        let route = match self.of_a_route {
            true => Some(Route::of(request).ok_or(Ineligible::Bypass)?),
            false => None,
        };
        self.key.look(request, |key| (key, route))
    }

    /// Joins a response whose body is still arriving.
    pub(super) fn join_late(&self, key: Option<&RequestKey<KeyOf<B, X>>>) -> Option<Late> {
        let response = self.common.arriving.as_ref()?.join(key?)?;
        let counters = Arc::clone(&self.table.counters);
        counters.joined.add_one();
        Some(Late { response, counters })
    }

    pub(super) fn in_flight(&self) -> usize {
        let arriving = self.common.arriving.as_ref();
        self.table.len() + arriving.map_or(0, |arriving| arriving.len())
    }
}

/// A response whose body is still arriving, for a newcomer who joined it.
pub(super) struct Late {
    response: Response<SharedBody>,
    counters: Arc<Counters>,
}

impl Late {
    /// Answers the newcomer.
    pub(super) fn answer(self) -> Response<SharedBody> {
        self.counters.shared.add_one();
        self.response
    }
}

/// What flights are made from.
pub(super) struct Blueprint<X, P> {
    pub(super) key: Arc<HttpKey<X>>,
    pub(super) policy: Arc<P>,
    pub(super) settings: Settings,
    pub(super) cache_status: Option<CacheStatus>,
}

impl<X, P> Blueprint<X, P> {
    pub(super) fn flights<S, B>(&self, of_a_route: bool) -> Flights<S, B, X, P>
    where
        S: HttpService<B> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Send + Sync + 'static,
        B: Send + 'static,
        X: KeyExtractor<Request<B>>,
        P: Policy<Response<SharedBody>, S::Error> + Send + Sync + 'static,
    {
        let common = Arc::new(self.common());
        let judge = Arc::new(Judge(Arc::clone(&common)));
        let config = self.settings.config.clone();
        Flights {
            table: Arc::new(Table::new(judge, RandomState::new(), config)),
            key: Arc::clone(&self.key),
            common,
            of_a_route,
        }
    }

    fn common<K>(&self) -> Common<P, K> {
        let settings = &self.settings;
        let max_body = settings.max_body.unwrap_or(settings.max_lag);
        let mut rules = settings.rules.clone().max_body(max_body);
        rules.set_key(&self.key);
        let limits = Limits {
            max_body,
            max_callers: settings.config.max_callers,
            max_age: settings.config.max_age,
        };
        let until_body = settings.join == Join::UntilBody;
        Common {
            rules,
            policy: Arc::clone(&self.policy),
            memory: Memory::new(settings.remember),
            arriving: until_body.then(|| Arc::new(Arriving::new(limits))),
            cache_status: self.cache_status.clone(),
            max_lag: settings.max_lag,
        }
    }
}
