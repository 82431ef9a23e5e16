//! A window into the pools that a server makes of a layer.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use tonic::Status;
use tower::Layer;
use tower_pool::{
    KeyExtractor, Policy, Stats,
    grpc::{GrpcPool, GrpcService, RequestBody},
    http::{HttpPool, HttpService, SharedBody},
};

use crate::support::until;

/// Sees all pools that were made by its layers, together.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Vec<Box<dyn Pooled>>>>);

/// A layer under a [`Watch`].
#[derive(Clone)]
pub struct Watched<L> {
    layer: L,
    watch: Watch,
}

impl Watch {
    /// The layer, with its pools seen here.
    pub fn on<L>(&self, layer: L) -> Watched<L> {
        let watch = self.clone();
        Watched { layer, watch }
    }

    /// How many calls were led, joined, and went solo.
    pub fn seen(&self) -> (u64, u64, u64) {
        let pools = self.0.lock().unwrap();
        // Services that have their flights in common are one pool.
        let pools: HashMap<_, _> = pools.iter().map(|pool| (pool.flights(), pool)).collect();
        let stats: Vec<_> = pools.values().map(|pool| pool.stats()).collect();
        let sum = |of: fn(&Stats) -> u64| stats.iter().map(of).sum();
        (sum(|s| s.led), sum(|s| s.joined), sum(|s| s.solo))
    }

    /// Waits until so many calls have come to the pools, ever.
    pub async fn entered(&self, number: u64) {
        let entered = || {
            let (led, joined, solo) = self.seen();
            led + joined + solo
        };
        until(|| entered() >= number).await;
        assert_eq!(entered(), number);
    }
}

impl<S, L> Layer<S> for Watched<L>
where
    L: Layer<S>,
    L::Service: Pooled + Clone + 'static,
{
    type Service = L::Service;

    fn layer(&self, inner: S) -> Self::Service {
        let pool = self.layer.layer(inner);
        self.watch.0.lock().unwrap().push(Box::new(pool.clone()));
        pool
    }
}

/// What a test may see of a pool.
pub trait Pooled: fmt::Debug + Send {
    fn stats(&self) -> Stats;

    /// What pools that have their flights in common have in common as well.
    fn flights(&self) -> String {
        let shown = format!("{self:?}");
        let flights = shown.split("flights: ").nth(1).expect("it is shown");
        flights.split(',').next().unwrap_or_default().to_owned()
    }
}

impl<S, B, X, P> Pooled for GrpcPool<S, B, X, P>
where
    S: GrpcService<B>,
    B: RequestBody,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, Status>,
    Self: Send,
{
    fn stats(&self) -> Stats {
        self.stats()
    }
}

impl<S, B, X, P> Pooled for HttpPool<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
    Self: Send,
{
    fn stats(&self) -> Stats {
        self.stats()
    }
}
