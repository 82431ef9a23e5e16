//! A request whose message does not come: it waits for that only so long, and
//! then goes through as it is.

use std::time::Duration;

use tokio::time;
use tokio_test::{assert_pending, assert_ready};
use tonic::body::Body;
use tower_pool::{PoolLayer, grpc::GrpcPoolLayer};

use crate::{
    bodies::Script,
    inner::{End, ask, message, pool, read, send},
    support::GET,
};

fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc().method(GET)
}

/// Half a message that is followed by nothing: the rest comes when it comes.
#[tokio::test(start_paused = true)]
async fn a_request_that_stalls_goes_through_when_the_time_is_up() {
    let (pool, mut calls) = pool(layer().collect_timeout(Duration::from_millis(20)));
    let (script, body) = Script::new();
    let mut caller = send(&pool, ask(body));
    let message = message(b"tea");
    script.data(message[..4].to_owned());
    assert_pending!(caller.poll());

    time::advance(Duration::from_millis(19)).await;
    assert!(!caller.is_woken());
    assert_pending!(caller.poll());
    calls.assert_no_more();
    time::advance(Duration::from_millis(1)).await;
    assert!(caller.is_woken());
    assert_pending!(caller.poll());

    let mut body = calls.next().request.into_body();
    assert_eq!(read(&mut body), (message[..4].to_owned(), End::Open));
    script.data(message[4..].to_owned()).end();
    assert_eq!(read(&mut body), (message[4..].to_owned(), End::Over));
    assert_eq!((pool.in_flight(), pool.stats().solo), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_request_with_nothing_in_it_yet_goes_through_when_the_time_is_up() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    let mut caller = send(&pool, ask(body));
    time::advance(Duration::from_millis(100)).await; // by default
    assert_pending!(caller.poll());
    let mut body = calls.next().request.into_body();
    assert_eq!(read(&mut body), (vec![], End::Open));
    script.data("late").end();
    assert_eq!(read(&mut body), (b"late".to_vec(), End::Over));
}

#[tokio::test(start_paused = true)]
async fn what_trickles_in_makes_the_time_no_longer() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    let mut caller = send(&pool, ask(body));
    for byte in message(b"tea") {
        calls.assert_no_more();
        script.data(vec![byte]);
        assert_pending!(caller.poll());
        time::advance(Duration::from_millis(100) / 8).await;
    }
    assert_pending!(caller.poll());
    let mut body = calls.next().request.into_body();
    assert_eq!(read(&mut body), (message(b"tea"), End::Open));
}

/// Only of a request that is shared, the inner service does not get to see it.
#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_request_that_goes_through_is_left_to_the_inner_service() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    script.data(message(b"tea")).data(message(b"milk")).end();
    let mut request = ask(body);
    let timeout = "1S".parse().unwrap();
    request.headers_mut().insert("grpc-timeout", timeout);
    let mut caller = send(&pool, request);
    let call = calls.next();
    assert_eq!(call.request.headers()["grpc-timeout"], "1S");
    time::advance(Duration::from_secs(2)).await;
    assert_pending!(caller.poll());
    call.answer.send(Default::default()).unwrap();
    assert!(assert_ready!(caller.poll()).is_ok());
}
