//! `Join::UntilBody`: what is counted of a newcomer who joins a body.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use tower::{Layer, service_fn};
use tower_pool::{PoolLayer, http::Join};

use crate::support::{Body, empty, get};

type Endless = BoxBody<Bytes, Infallible>;

async fn answer(_: Request<Body>) -> Result<Response<Endless>, Infallible> {
    let body = StreamBody::new(futures::stream::pending());
    Ok(Response::new(BodyExt::boxed(body)))
}

#[tokio::test]
async fn a_newcomer_who_is_dropped_without_having_looked_was_not_answered() {
    let pool = PoolLayer::http()
        .join(Join::UntilBody)
        .layer(service_fn(answer));
    let Ok(_arriving) = pool.request(empty(get("/"))).await;

    drop(pool.request(empty(get("/"))));
    assert_eq!((pool.stats().joined, pool.stats().shared), (1, 0));
}
