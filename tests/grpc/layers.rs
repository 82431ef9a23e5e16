//! tower's own layers around the pool, and a buffer inside.

use std::{future::ready, time::Duration};

use http::Request;
use tokio::time;
use tonic::{Code, Status, body::Body};
use tower::{
    Layer, ServiceBuilder, ServiceExt,
    buffer::Buffer,
    retry::{Policy, Retry},
    service_fn,
};
use tower_pool::{PoolLayer, grpc::GrpcPoolLayer};

use crate::{
    proto::{Item, ItemRequest, catalog_client::CatalogClient},
    server::serve,
    shop::shop,
    support::{GET, all, assert_all_got, client, entered, item, send, soon, until},
};

fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc().method(GET)
}

#[tokio::test]
async fn a_buffer_outside() {
    let mut client = client().await;
    let catalog = CatalogClient::new(Buffer::new(client.pool.clone(), 8));
    let sent = entered(&client.pool, 5, || {
        (0..5).map(|_| send(&catalog, item("tea"))).collect()
    })
    .await;
    client.script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    client.script.assert_no_more();
}

#[tokio::test]
async fn a_buffer_inside() {
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let buffer: Buffer<Request<Body>, _> = Buffer::new(server.channel(), 8);
    let pool = layer().layer(buffer);
    let catalog = CatalogClient::new(pool.clone());
    let sent = entered(&pool, 5, || {
        (0..5).map(|_| send(&catalog, item("tea"))).collect()
    })
    .await;
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    script.assert_no_more();
}

#[tokio::test]
async fn a_timeout_outside_is_one_callers_own() {
    let mut client = client().await;
    let hasty = ServiceBuilder::new()
        .timeout(Duration::from_secs(3600))
        .service(client.pool.clone());
    let leader = entered(&client.pool, 1, || {
        send(&CatalogClient::new(hasty), item("tea"))
    })
    .await;
    let others = client.meet(2, || item("tea")).await;
    let call = client.script.get().await;

    // The hour is over once all have met, and not before.
    time::pause();
    time::advance(Duration::from_secs(3600)).await;
    time::resume();
    let status = soon(leader).await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unknown, "request timed out")
    );
    assert!(!call.is_cancelled());
    call.sell("Darjeeling");
    assert_all_got(&all(others).await, "Darjeeling");
    client.script.assert_no_more();
}

#[tokio::test]
async fn a_concurrency_limit_outside_bounds_how_many_wait_and_load_shed_turns_away_the_rest() {
    let mut client = client().await;
    let limited = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(2)
        .service(client.pool.clone());
    let catalog = CatalogClient::new(limited);
    let sent = entered(&client.pool, 2, || {
        (0..2).map(|_| send(&catalog, item("tea"))).collect()
    })
    .await;

    let shed = soon(send(&catalog, item("tea"))).await.unwrap();
    let status = shed.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    client.script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    assert_eq!(
        (client.pool.stats().led, client.pool.stats().joined),
        (1, 1)
    );
}

/// Asks again if the shop was not available.
#[derive(Clone)]
struct IfUnavailable;

impl Policy<ItemRequest, Item, Status> for IfUnavailable {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut ItemRequest,
        result: &mut Result<Item, Status>,
    ) -> Option<Self::Future> {
        let status = result.as_ref().err()?;
        (status.code() == Code::Unavailable).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &ItemRequest) -> Option<ItemRequest> {
        Some(request.clone())
    }
}

#[tokio::test]
async fn those_who_retry_outside_share_the_second_call_as_well() {
    let mut client = client().await;
    let catalog = client.catalog();
    let get = service_fn(move |question: ItemRequest| {
        let mut catalog = catalog.clone();
        async move { Ok::<_, Status>(catalog.get(question).await?.into_inner()) }
    });
    let retry = Retry::new(IfUnavailable, get);
    let sent = entered(&client.pool, 3, || {
        let ask = |_| tokio::spawn(retry.clone().oneshot(item("tea").into_inner()));
        (0..3).map(ask).collect::<Vec<_>>()
    })
    .await;
    let failed = client.script.get().await;
    failed.answer(Err(Status::unavailable("closed for lunch")));
    until(|| client.pool.stats().led + client.pool.stats().joined == 6).await;
    client.script.get().await.sell("Darjeeling");
    for answer in all(sent).await {
        assert_eq!(answer.unwrap().title, "Darjeeling");
    }
    client.script.assert_no_more();
}

/// A policy that never tries again, as tonic's requests cannot be cloned. It is
/// here for its types.
#[derive(Clone)]
struct Never;

impl<Q, R, E> Policy<Q, R, E> for Never {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _: &mut Q, _: &mut Result<R, E>) -> Option<Self::Future> {
        None
    }

    fn clone_request(&mut self, _: &Q) -> Option<Q> {
        None
    }
}

#[tokio::test]
async fn all_of_towers_layers_at_once() {
    let mut client = client().await;
    let all_of_them = ServiceBuilder::new()
        .buffer(8)
        .load_shed()
        .concurrency_limit(8)
        .timeout(Duration::from_secs(3600))
        .retry(Never)
        .service(client.pool.clone());
    let catalog = CatalogClient::new(all_of_them);
    let sent = entered(&client.pool, 5, || {
        (0..5).map(|_| send(&catalog, item("tea"))).collect()
    })
    .await;
    client.script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    client.script.assert_no_more();
}
