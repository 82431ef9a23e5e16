//! A service inside of the pool that fails with no answer: it is full, or has an
//! error of its own.

use std::{error::Error, fmt, sync::Arc};

use futures::{FutureExt, future::join_all};
use tokio::sync::Semaphore;
use tonic::{Code, Status, body::Body, service::Routes, transport::Server};
use tower::{
    BoxError, Layer, ServiceBuilder, ServiceExt, layer::layer_fn, service_fn,
    util::BoxCloneSyncService,
};

use crate::{
    proto::catalog_client::CatalogClient,
    seen::{sources, told},
    server::{serve, serve_by},
    shop::shop,
    site::{get, pooled},
    support::{item, soon},
};

pub type Inner = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, BoxError>;

/// What a caller is told by this service, with no pool around it.
async fn told_plainly(inner: &Inner) -> Status {
    let mut catalog = CatalogClient::new(inner.clone());
    soon(catalog.get(item("tea"))).await.unwrap_err()
}

/// What three callers are told who share one call of this service: it is made
/// when all of them have come.
async fn told_by_pool(inner: &Inner) -> Vec<Status> {
    let gate = Arc::new(Semaphore::new(0));
    let (inner, behind) = (inner.clone(), Arc::clone(&gate));
    let pool = pooled().layer(service_fn(move |request| {
        let (inner, gate) = (inner.clone(), Arc::clone(&behind));
        async move {
            gate.acquire().await.unwrap().forget();
            inner.oneshot(request).await
        }
    }));
    // Not spawned: a future of a client whose service has boxed errors is not
    // seen to be `Send`, with a pool or without.
    let callers = [(); 3].map(|()| {
        let mut catalog = CatalogClient::new(pool.clone());
        let mut caller = Box::pin(async move { catalog.get(item("tea")).await });
        assert!((&mut caller).now_or_never().is_none());
        caller
    });
    gate.add_permits(3);
    let failed = soon(join_all(callers)).await.into_iter();
    let failed = failed.map(Result::unwrap_err).collect();
    assert_eq!((pool.stats().led, pool.stats().joined), (1, 2));
    failed
}

/// All are told what one would be without the pool. Returns that, and them.
pub async fn told_alike(inner: &Inner) -> (Status, Vec<Status>) {
    let plain = told_plainly(inner).await;
    let pooled = told_by_pool(inner).await;
    for status in &pooled {
        assert_eq!(told(status), told(&plain));
    }
    (plain, pooled)
}

#[tokio::test]
async fn a_full_service_is_exhausted_for_all_callers() {
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let full = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(1)
        .service(server.channel());
    let full = Inner::new(full);
    let mut first = CatalogClient::new(full.clone());
    let mut first = Box::pin(first.get(item("coffee")));
    assert!((&mut first).now_or_never().is_none());
    let call = script.get().await;

    let (plain, _) = told_alike(&full).await;
    assert_eq!(plain.code(), Code::ResourceExhausted);
    call.sell("Arabica");
    soon(first).await.unwrap();
    script.assert_no_more();
}

#[derive(Debug)]
struct OutOfTea;

impl fmt::Display for OutOfTea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of tea")
    }
}

impl Error for OutOfTea {}

#[tokio::test]
async fn an_error_of_the_users_own_is_unknown_for_all_callers() {
    let inner = Inner::new(service_fn(|_| async { Err(OutOfTea.into()) }));
    let (plain, pooled) = told_alike(&inner).await;
    assert_eq!(
        (plain.code(), plain.message()),
        (Code::Unknown, "out of tea")
    );
    for status in pooled {
        let mut sources = std::iter::successors(status.source(), |error| (*error).source());
        assert!(sources.any(<dyn Error>::is::<OutOfTea>));
    }
}

#[tokio::test]
async fn a_status_that_a_service_fails_with_is_told_whole() {
    let inner = Inner::new(service_fn(|_| async {
        let mut status = Status::with_details(Code::Aborted, "kein Grüntee", "why".into());
        status
            .metadata_mut()
            .insert("x-shelf", "3".parse().unwrap());
        Err(status.into())
    }));
    let (plain, _) = told_alike(&inner).await;
    assert_eq!(told(&plain).metadata["x-shelf"], "3");
}

#[tokio::test]
async fn a_status_in_the_source_of_an_error_is_told_as_without_the_pool() {
    #[derive(Debug)]
    struct Wrapped(Status);
    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrapped")
        }
    }
    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let inner = Inner::new(service_fn(|_| async {
        Err(Wrapped(Status::data_loss("mice")).into())
    }));
    let (plain, pooled) = told_alike(&inner).await;
    assert_eq!((plain.code(), plain.message()), (Code::DataLoss, "mice"));
    for status in pooled {
        assert_eq!(sources(&status), sources(&plain));
    }
}

/// The server has no status for such an error, and no answer: it ends the call.
#[tokio::test]
async fn an_error_of_the_users_own_in_a_server_is_told_as_without_the_pool() {
    let failing = layer_fn(|_: Routes| {
        service_fn(|_: http::Request<Body>| async {
            tokio::task::yield_now().await;
            Err::<http::Response<Body>, BoxError>(OutOfTea.into())
        })
    });
    let (shop, _script) = shop();
    let plain = serve_by(|incoming| {
        let mut server = Server::builder().layer(failing);
        server
            .add_routes(shop.routes())
            .serve_with_incoming(incoming)
    })
    .await;
    let pooled = serve_by(|incoming| {
        let mut server = Server::builder().layer(pooled()).layer(failing);
        server
            .add_routes(shop.routes())
            .serve_with_incoming(incoming)
    })
    .await;
    let [plain, pooled] = [plain.channel(), pooled.channel()].map(|channel| async move {
        let got = soon(get(channel, item("tea"))).await.unwrap();
        told(&got.unwrap_err())
    });
    assert_eq!(pooled.await, plain.await);
}
