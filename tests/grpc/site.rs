//! One and the same pool in both of its places, for what has to hold in either.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::task::JoinHandle;
use tonic::{
    Request, Status,
    body::Body,
    service::Routes,
    transport::{Channel, Server},
};
use tower::{Layer, layer::layer_fn};
use tower_pool::{
    Policy, PoolLayer, ShareAll, Stats,
    grpc::{GrpcPool, GrpcPoolLayer},
    http::SharedBody,
};

use crate::{
    proto::{ItemRequest, catalog_client::CatalogClient},
    server::{Running, serve_by, serve_routes},
    support::{GET, Got, WATCH, callers, until},
};

/// A pool between clients and a server.
pub struct Site {
    pub place: &'static str,
    send: Box<dyn Fn(Request<ItemRequest>) -> JoinHandle<Got>>,
    stats: Box<dyn Fn() -> Stats>,
    pub server: Running,
}

impl Site {
    /// The pool is around the client's channel.
    pub async fn in_client<P>(routes: Routes, layer: GrpcPoolLayer<Body, (), P>) -> Self
    where
        P: Policy<http::Response<SharedBody>, Status> + Send + Sync + 'static,
    {
        let server = serve_routes(routes).await;
        let pool = layer.layer(server.channel());
        let catalog = CatalogClient::new(pool.clone());
        Self {
            place: "in the client",
            send: Box::new(move |request| {
                let mut catalog = catalog.clone();
                tokio::spawn(async move { catalog.get(request).await })
            }),
            stats: Box::new(move || pool.stats()),
            server,
        }
    }

    /// The pool is a layer of the server, and its clients have plain channels.
    pub async fn in_server<P>(routes: Routes, layer: GrpcPoolLayer<Body, (), P>) -> Self
    where
        P: Policy<http::Response<SharedBody>, Status> + Send + Sync + 'static,
    {
        // A message may be slow to come, where the machine is busy.
        let layer = layer.collect_timeout(Duration::from_secs(60));
        let made = Arc::new(OnceLock::<GrpcPool<Routes, Body, (), P>>::new());
        let keep = Arc::clone(&made);
        let layer = layer_fn(move |routes| {
            let pool = layer.layer(routes);
            assert!(keep.set(pool.clone()).is_ok(), "a server makes one pool");
            pool
        });
        let server = serve_by(|incoming| {
            Server::builder()
                .layer(layer)
                .add_routes(routes)
                .serve_with_incoming(incoming)
        })
        .await;
        let channel = server.channel();
        Self {
            place: "in the server",
            send: Box::new(move |request| get(channel.clone(), request)),
            stats: Box::new(move || made.get().map(GrpcPool::stats).unwrap_or_default()),
            server,
        }
    }

    /// Both, with `Get` and `Watch` pooled.
    pub async fn both(routes: &Routes) -> [Self; 2] {
        Self::both_with(routes, pooled()).await
    }

    pub async fn both_with<P>(routes: &Routes, layer: GrpcPoolLayer<Body, (), P>) -> [Self; 2]
    where
        P: Policy<http::Response<SharedBody>, Status> + Send + Sync + 'static,
    {
        [
            Self::in_client(routes.clone(), layer.clone()).await,
            Self::in_server(routes.clone(), layer).await,
        ]
    }

    /// Sends a `Get`, and waits until it has come into the pool.
    pub async fn get(&self, request: Request<ItemRequest>) -> JoinHandle<Got> {
        self.entered(|| (self.send)(request)).await
    }

    /// Starts something, and waits until another caller has come into the pool.
    pub async fn entered<T>(&self, start: impl FnOnce() -> T) -> T {
        let before = callers(self.stats());
        let started = start();
        until(|| callers(self.stats()) > before).await;
        started
    }

    /// So many equal `Get`s, all in the pool. The first leads.
    pub async fn meet(
        &self,
        number: usize,
        request: impl Fn() -> Request<ItemRequest>,
    ) -> Vec<JoinHandle<Got>> {
        let mut sent = Vec::new();
        for _ in 0..number {
            sent.push(self.get(request()).await);
        }
        sent
    }

    pub fn stats(&self) -> Stats {
        (self.stats)()
    }
}

/// `Get` and `Watch`.
pub fn pooled() -> GrpcPoolLayer<Body, (), ShareAll> {
    PoolLayer::grpc().methods([GET, WATCH])
}

/// Sends a `Get` through a plain channel.
pub fn get(channel: Channel, request: Request<ItemRequest>) -> JoinHandle<Got> {
    tokio::spawn(async move { CatalogClient::new(channel).get(request).await })
}
