//! Where the layer fits on the side of a client.

use axum::{Router, response::Redirect, routing};
use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_pool::{
    PoolLayer, SharedError,
    http::{HttpPool, ReqwestService, Role, SharedBody},
};

use crate::{
    origin::{Origin, origin},
    server::{Server, listen, serve, until},
    support::handler,
};

async fn server(origin: &Origin) -> Server {
    let moved = || async { Redirect::temporary("/report") };
    let app = Router::new()
        .route("/report", routing::get(handler(origin)))
        .route("/moved", routing::get(moved));
    serve(app).await
}

async fn assert_one_leads(responses: Vec<Response<SharedBody>>, text: &str) {
    let roles: Vec<Role> = responses
        .iter()
        .map(|response| *response.extensions().get().unwrap())
        .collect();
    assert_eq!(roles[0], Role::Leader);
    assert!(roles[1..].iter().all(|role| *role == Role::Follower));
    for response in responses {
        assert_eq!(response.collect().await.unwrap().to_bytes(), text);
    }
}

#[tokio::test]
async fn around_a_hyper_client() {
    let (origin, mut script) = origin();
    let server = server(&origin).await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let pool = ServiceBuilder::new()
        .layer(PoolLayer::http())
        .map_err(SharedError::new)
        .service(client);

    let uri = format!("http://{}/report", server.addr);
    let get = || Request::get(&uri).body(Empty::new()).unwrap();
    let answering = async { script.call().await.text("one for all") };
    let callers = join_all((0..5).map(|_| pool.request(get())));
    let (responses, ()) = tokio::join!(callers, answering);
    let responses = responses.into_iter().map(Result::unwrap).collect();
    assert_one_leads(responses, "one for all").await;
    assert_eq!((script.count(), pool.in_flight()), (1, 0));
}

#[tokio::test]
async fn the_error_of_a_hyper_client_reaches_all_and_can_be_told() {
    let (addr, listener) = listen().await;
    drop(listener); // nobody is there
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let pool = ServiceBuilder::new()
        .layer(PoolLayer::http())
        .map_err(SharedError::new)
        .service(client);
    let uri = format!("http://{addr}/report");
    let get = || Request::get(&uri).body(Empty::new()).unwrap();
    for failed in join_all((0..3).map(|_| pool.request(get()))).await {
        let error = failed.unwrap_err();
        let error = error.downcast_ref::<hyper_util::client::legacy::Error>();
        assert!(error.unwrap().is_connect());
    }
    assert_eq!((pool.stats().led, pool.in_flight()), (1, 0));
}

fn reqwest_pool() -> HttpPool<ReqwestService, reqwest::Body> {
    // Not by way of a proxy that the environment may name.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    PoolLayer::http().layer(ReqwestService::new(client))
}

fn reqwest_get(uri: &str) -> Request<reqwest::Body> {
    Request::get(uri).body(reqwest::Body::default()).unwrap()
}

#[tokio::test]
async fn around_reqwest() {
    let (origin, mut script) = origin();
    let server = server(&origin).await;
    let pool = reqwest_pool();
    let uri = format!("http://{}/report", server.addr);
    let answering = async { script.call().await.text("one for all") };
    let callers = join_all((0..5).map(|_| pool.request(reqwest_get(&uri))));
    let (responses, ()) = tokio::join!(callers, answering);
    let responses = responses.into_iter().map(Result::unwrap).collect();
    assert_one_leads(responses, "one for all").await;
    assert_eq!((script.count(), pool.in_flight()), (1, 0));
}

#[tokio::test]
async fn what_is_printed_of_a_call_to_reqwest_is_no_secret() {
    let mut service = ReqwestService::new(reqwest::Client::new());
    let call = service.call(reqwest_get("http://localhost/c2VjcmV0"));
    assert_eq!(format!("{call:?}"), "ReqwestFuture { .. }");
}

#[tokio::test]
async fn a_response_of_reqwest_keeps_the_url_that_it_was_redirected_to_for_all() {
    let (origin, mut script) = origin();
    let server = server(&origin).await;
    let pool = reqwest_pool();
    let uri = format!("http://{}/moved", server.addr);
    let answering = async { script.call().await.text("it is here now") };
    let callers = join_all((0..3).map(|_| pool.request(reqwest_get(&uri))));
    let (responses, ()) = tokio::join!(callers, answering);
    for response in responses {
        let response = reqwest::Response::from(response.unwrap());
        assert_eq!(response.url().path(), "/report");
        assert_eq!(response.text().await.unwrap(), "it is here now");
    }
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_request_that_reqwest_built_goes_through_the_pool_as_a_service() {
    let (origin, mut script) = origin();
    let server = server(&origin).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let pool = reqwest_pool();
    let service = ServiceBuilder::new()
        .map_response(reqwest::Response::from)
        .service(pool.clone());
    let uri = format!("http://{}/report", server.addr);
    let send = || {
        let request = client.get(&uri).build().unwrap().try_into().unwrap();
        tokio::spawn(service.clone().oneshot(request))
    };
    let sent = [send(), send()];
    until(|| pool.stats().joined == 1).await;
    script.call().await.text("one for both");
    for response in sent {
        let response = response.await.unwrap().unwrap();
        assert_eq!(response.text().await.unwrap(), "one for both");
    }
}

#[tokio::test]
async fn the_error_of_reqwest_reaches_all_and_can_be_told() {
    let (addr, listener) = listen().await;
    drop(listener);
    let pool = reqwest_pool();
    let uri = format!("http://{addr}/report");
    for failed in join_all((0..3).map(|_| pool.request(reqwest_get(&uri)))).await {
        let error = failed.unwrap_err();
        assert!(error.downcast_ref::<reqwest::Error>().unwrap().is_connect());
    }
    assert_eq!(pool.stats().led, 1);
}
