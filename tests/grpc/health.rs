//! A ready-made service: that of tonic-health, with its own client.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tonic::{
    Code, Request, Status, Streaming,
    body::Body,
    transport::{Channel, Server},
};
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, HealthCheckResponse, health_client::HealthClient},
    server::{HealthReporter, health_reporter},
};
use tower::{Layer, util::MapRequestLayer};
use tower_pool::{PoolLayer, grpc::GrpcPool};

use crate::{
    server::{Running, serve_by},
    support::soon,
};

/// A health server, with both of its methods pooled around a channel to it.
struct Health {
    reporter: HealthReporter,
    pool: GrpcPool<Channel, Body>,
    /// How many calls have reached the server.
    calls: Arc<AtomicUsize>,
    _server: Running,
}

async fn health() -> Health {
    let (reporter, service) = health_reporter();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let count = MapRequestLayer::new(move |request: http::Request<Body>| {
        counted.fetch_add(1, Relaxed);
        request
    });
    let server = Server::builder().layer(count).add_service(service);
    let server = serve_by(|incoming| server.serve_with_incoming(incoming)).await;
    Health {
        reporter,
        pool: PoolLayer::grpc()
            .service("grpc.health.v1.Health")
            .layer(server.channel()),
        calls,
        _server: server,
    }
}

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[tokio::test]
async fn equal_checks_of_health_are_one() {
    let health = health().await;
    let mut clients = [(); 3].map(|()| HealthClient::new(health.pool.clone()));
    // All are polled before the first can be answered.
    let [a, b, c] = &mut clients;
    let (a, b, c) =
        soon(async { tokio::join!(a.check(of("")), b.check(of("")), c.check(of("tea"))) }).await;
    for answer in [a, b] {
        let status = answer.unwrap().get_ref().status;
        assert_eq!(status, ServingStatus::Serving as i32);
    }
    assert_eq!(c.unwrap_err().code(), Code::NotFound);
    assert_eq!(health.calls.load(Relaxed), 2);
}

#[tokio::test]
async fn an_interceptor_around_a_pooled_health_client_keeps_users_apart() {
    let health = health().await;
    let mut clients = ["anna", "anna", "bert"].map(|name| {
        HealthClient::with_interceptor(health.pool.clone(), move |mut request: Request<()>| {
            let token = name.parse().unwrap();
            request.metadata_mut().insert("authorization", token);
            Ok::<_, Status>(request)
        })
    });
    let [a, b, c] = &mut clients;
    let (a, b, c) =
        soon(async { tokio::join!(a.check(of("")), b.check(of("")), c.check(of(""))) }).await;
    for answer in [a, b, c] {
        let status = answer.unwrap().get_ref().status;
        assert_eq!(status, ServingStatus::Serving as i32);
    }
    assert_eq!(health.calls.load(Relaxed), 2);
}

/// The next status that a watcher is told.
async fn next(watch: &mut Streaming<HealthCheckResponse>) -> i32 {
    let told = soon(watch.message()).await.unwrap();
    told.expect("the server is there").status
}

#[tokio::test]
async fn watchers_of_health_share_one_stream() {
    let health = health().await;
    let mut clients = [(); 2].map(|()| HealthClient::new(health.pool.clone()));
    let [a, b] = &mut clients;
    let (a, b) = soon(async { tokio::join!(a.watch(of("")), b.watch(of(""))) }).await;
    let mut watches = [a, b].map(|watch| watch.unwrap().into_inner());
    for watch in &mut watches {
        assert_eq!(next(watch).await, ServingStatus::Serving as i32);
    }
    for status in [ServingStatus::NotServing, ServingStatus::Serving] {
        health.reporter.set_service_status("", status).await;
        for watch in &mut watches {
            assert_eq!(next(watch).await, status as i32);
        }
    }
    assert_eq!(health.calls.load(Relaxed), 1);
}
