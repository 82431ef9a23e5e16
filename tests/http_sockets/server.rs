//! Servers on loopback, and a window into the pools that they serve.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::{BoxError, Layer, Service, util::MapResponse};
use tower_pool::{
    KeyExtractor, Policy, Stats,
    http::{HttpPool, HttpService, Role, SharedBody},
};

use crate::origin::soon;

/// A server that is gone when this is dropped.
pub struct Server {
    pub addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn listen() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

/// axum's own server. With its state given, so that the routes, and the layers
/// on them, are made once, and not for each connection.
pub async fn serve(app: Router) -> Server {
    serve_as_it_is(app.with_state(())).await
}

pub async fn serve_as_it_is(app: Router) -> Server {
    let (addr, listener) = listen().await;
    let served = async move { axum::serve(listener, app).await.unwrap() };
    Server {
        addr,
        task: tokio::spawn(served),
    }
}

/// A server that the test makes of a listener.
pub async fn serve_by<F>(serve: impl FnOnce(TcpListener) -> F) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    let (addr, listener) = listen().await;
    Server {
        addr,
        task: tokio::spawn(serve(listener)),
    }
}

/// A plain hyper server, for HTTP/1 and HTTP/2.
pub async fn serve_hyper<S, B>(service: S) -> Server
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    serve_by(|listener| async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let served = server.serve_connection(TokioIo::new(socket), service);
                served.await.ok(); // clients may leave
            });
        }
    })
    .await
}

/// What a test may see of a pool.
trait Pooled: Send {
    fn stats(&self) -> Stats;
    fn in_flight(&self) -> usize;
    /// What pools that have their flights in common have in common as well.
    fn flights(&self) -> String;
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

    fn in_flight(&self) -> usize {
        self.in_flight()
    }

    fn flights(&self) -> String {
        let shown = format!("{self:?}");
        let flights = shown.split("flights: ").nth(1).expect("it is shown");
        flights.split(',').next().unwrap_or_default().to_owned()
    }
}

/// Sees all pools that were made by its layers, together.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Vec<Box<dyn Pooled>>>>);

impl Watch {
    /// The layer, with its pools seen here.
    pub fn on<L>(&self, layer: L) -> Watched<L> {
        Watched {
            layer,
            watch: self.clone(),
        }
    }

    fn sum(&self, of: impl Fn(&dyn Pooled) -> u64) -> u64 {
        let pools = self.0.lock().unwrap();
        let each_once: HashMap<_, _> = pools.iter().map(|pool| (pool.flights(), pool)).collect();
        each_once.values().map(|pool| of(&***pool)).sum()
    }

    pub fn led(&self) -> u64 {
        self.sum(|pool| pool.stats().led)
    }

    pub fn joined(&self) -> u64 {
        self.sum(|pool| pool.stats().joined)
    }

    pub fn solo(&self) -> u64 {
        self.sum(|pool| pool.stats().solo)
    }

    pub fn released(&self) -> u64 {
        self.sum(|pool| pool.stats().released)
    }

    pub fn in_flight(&self) -> u64 {
        self.sum(|pool| pool.in_flight() as u64)
    }

    /// Waits until so many requests have come to the pools, ever.
    pub async fn entered(&self, number: u64) {
        until(|| self.led() + self.joined() + self.solo() >= number).await;
        assert_eq!(self.led() + self.joined() + self.solo(), number);
    }

    /// Waits until no key is left.
    pub async fn emptied(&self) {
        until(|| self.in_flight() == 0).await;
    }
}

/// Waits for what must come.
pub async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// A layer under a [`Watch`], that says in `x-role` what is in the extensions.
#[derive(Clone)]
pub struct Watched<L> {
    layer: L,
    watch: Watch,
}

type SayRole = fn(Response<SharedBody>) -> Response<SharedBody>;

impl<S, L> Layer<S> for Watched<L>
where
    L: Layer<S>,
    L::Service: Pooled + Clone + 'static,
{
    type Service = MapResponse<L::Service, SayRole>;

    fn layer(&self, inner: S) -> Self::Service {
        let pool = self.layer.layer(inner);
        self.watch.0.lock().unwrap().push(Box::new(pool.clone()));
        MapResponse::new(pool, say_role as SayRole)
    }
}

fn say_role(mut response: Response<SharedBody>) -> Response<SharedBody> {
    let role = match response.extensions().get().expect("every response has it") {
        Role::Leader => "leader",
        Role::Follower => "follower",
        Role::Solo => "solo",
    };
    let role = HeaderValue::from_static(role);
    response.headers_mut().insert("x-role", role);
    response
}

/// Gives axum back its body.
pub fn to_axum(response: Response<SharedBody>) -> Response<Body> {
    response.map(Body::from)
}
