//! tonic's interceptors, outside of the pool and inside.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tonic::{
    Code, Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
};
use tower::Layer;
use tower_pool::PoolLayer;

use crate::{
    proto::catalog_client::CatalogClient,
    server::serve,
    shop::shop,
    support::{GET, all, assert_all_got, client, entered, item, send},
};

/// Says in each request who asks.
#[derive(Clone)]
struct As(&'static str);

impl Interceptor for As {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = format!("Bearer {}", self.0).parse().unwrap();
        request.metadata_mut().insert("authorization", token);
        Ok(request)
    }
}

#[tokio::test]
async fn an_interceptor_outside_that_adds_credentials_keeps_users_apart() {
    let mut client = client().await;
    let (anna, bert) = entered(&client.pool, 4, || {
        let [anna, bert] = ["anna", "bert"].map(|name| {
            let catalog = CatalogClient::with_interceptor(client.pool.clone(), As(name));
            vec![send(&catalog, item("tea")), send(&catalog, item("tea"))]
        });
        (anna, bert)
    })
    .await;
    for _ in 0..2 {
        let call = client.script.get().await;
        let who = call.metadata("authorization").unwrap().to_owned();
        call.sell(&who);
    }
    assert_all_got(&all(anna).await, "Bearer anna");
    assert_all_got(&all(bert).await, "Bearer bert");
    let stats = client.pool.stats();
    assert_eq!((stats.led, stats.joined), (2, 2));
    client.script.assert_no_more();
}

#[tokio::test]
async fn what_an_interceptor_outside_refuses_does_not_come_to_the_pool() {
    let mut client = client().await;
    let refuse = |_| Err(Status::permission_denied("not today"));
    let refused = CatalogClient::with_interceptor(client.pool.clone(), refuse);
    let refused = all(vec![send(&refused, item("tea"))]).await;
    let status = refused[0].as_ref().unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!((client.pool.stats().led, client.pool.stats().solo), (0, 0));
    client.script.assert_no_more();
}

#[tokio::test]
async fn an_interceptor_inside_is_asked_once_for_all() {
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let number = {
        let asked = Arc::clone(&asked);
        move |mut request: Request<()>| {
            let number = asked.fetch_add(1, Relaxed) + 1;
            let number = number.to_string().parse().unwrap();
            request.metadata_mut().insert("x-number", number);
            Ok(request)
        }
    };
    let numbered = InterceptedService::new(server.channel(), number);
    let pool = PoolLayer::grpc().method(GET).layer(numbered);
    let catalog = CatalogClient::new(pool.clone());
    let sent = entered(&pool, 5, || {
        (0..5).map(|_| send(&catalog, item("tea"))).collect()
    })
    .await;
    let call = script.get().await;
    assert_eq!(call.metadata("x-number"), Some("1"));
    call.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    assert_eq!(asked.load(Relaxed), 1);
    script.assert_no_more();
}

#[tokio::test]
async fn what_an_interceptor_inside_refuses_is_refused() {
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let refuse = |_| -> Result<Request<()>, Status> { Err(Status::permission_denied("not today")) };
    let pool = PoolLayer::grpc()
        .method(GET)
        .layer(InterceptedService::new(server.channel(), refuse));
    let catalog = CatalogClient::new(pool);
    let sent = (0..3).map(|_| send(&catalog, item("tea"))).collect();
    for refused in all(sent).await {
        let status = refused.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(status.message(), "not today");
    }
    script.assert_no_more();
}
