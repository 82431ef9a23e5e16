//! A caller's `grpc-timeout` is its own: it ends nobody else's call, and holds
//! for the caller as it would without the pool.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use tonic::{Code, Request};
use tower::{BoxError, Layer};
use tower_pool::{PoolLayer, SharedError};

use crate::{
    by_hand::{by_hand, request, response},
    clock::Clock,
    proto::{ItemRequest, Price, catalog_client::CatalogClient},
    server::serve,
    shop::shop,
    site::{Site, get, pooled},
    support::{
        GET, Got, WATCH, all, assert_all_got, client, entered, item, item_with, soon, until,
    },
};

const SHORT: Duration = Duration::from_millis(20);

/// After a short deadline: timers are no finer than a millisecond.
const PAST: Duration = Duration::from_millis(21);

fn item_within(time: Duration) -> Request<ItemRequest> {
    let mut request = item("tea");
    request.set_timeout(time);
    request
}

/// What a plain channel tells a caller whose deadline is over: code and message.
async fn told_plainly(clock: &Clock) -> (Code, String) {
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let sent = get(server.channel(), item_within(SHORT));
    let _unanswered = script.get().await;
    clock.pass(PAST).await;
    told(&soon(sent).await.unwrap())
}

fn told(got: &Got) -> (Code, String) {
    let status = got.as_ref().unwrap_err();
    (status.code(), status.message().to_owned())
}

#[tokio::test]
async fn a_leader_whose_deadline_is_over_does_not_fail_its_followers() {
    let clock = Clock::stop();
    let expected = told_plainly(&clock).await;
    let (shop, mut script) = shop();
    for site in Site::both(&shop.routes()).await {
        let leader = site.get(item_within(SHORT)).await;
        let followers = vec![site.get(item("tea")).await, site.get(item("tea")).await];
        let call = script.get().await;
        clock.pass(PAST).await;
        assert_eq!(told(&soon(leader).await.unwrap()), expected);

        call.sell("Darjeeling");
        assert_all_got(&all(followers).await, "Darjeeling");
        script.assert_no_more();
        let stats = site.stats();
        assert_eq!((stats.led, stats.joined), (1, 2), "{}", site.place);
    }
}

#[tokio::test]
async fn a_follower_whose_deadline_is_over_leaves_the_others_waiting() {
    let clock = Clock::stop();
    let expected = told_plainly(&clock).await;
    let (shop, mut script) = shop();
    for site in Site::both(&shop.routes()).await {
        let leader = site.get(item("tea")).await;
        let hurried = site.get(item_within(SHORT)).await;
        let patient = site.get(item_within(2 * SHORT)).await;
        let call = script.get().await;
        clock.pass(PAST).await;
        assert_eq!(told(&soon(hurried).await.unwrap()), expected);
        assert!(!leader.is_finished() && !patient.is_finished());

        call.sell("Darjeeling");
        assert_all_got(&all(vec![leader, patient]).await, "Darjeeling");
        script.assert_no_more();
    }
}

#[tokio::test]
async fn a_lone_callers_deadline_holds_and_ends_its_call() {
    let clock = Clock::stop();
    let expected = told_plainly(&clock).await;
    let (shop, mut script) = shop();
    for site in Site::both(&shop.routes()).await {
        let lone = site.get(item_within(SHORT)).await;
        let call = script.get().await;
        clock.pass(PAST).await;
        assert_eq!(told(&soon(lone).await.unwrap()), expected);
        call.cancelled().await;
    }
}

#[tokio::test]
async fn the_call_goes_on_until_the_last_deadline_is_over() {
    let clock = Clock::stop();
    let expected = told_plainly(&clock).await;
    let (shop, mut script) = shop();
    for site in Site::both(&shop.routes()).await {
        let mut sent = Vec::new();
        for times in [1, 3, 2] {
            sent.push(site.get(item_within(times * SHORT)).await);
        }
        let call = script.get().await;
        for over in [0, 1] {
            clock.pass(PAST).await;
            let over = sent.remove(over); // the one of 20 ms, then that of 40
            assert_eq!(told(&soon(over).await.unwrap()), expected);
            assert!(!call.is_cancelled());
        }
        clock.pass(PAST).await;
        assert_eq!(told(&all(sent).await[0]), expected);
        call.cancelled().await;
        script.assert_no_more();
    }
}

#[tokio::test]
async fn the_call_is_cancelled_when_all_callers_have_left() {
    let (shop, mut script) = shop();
    for site in Site::both(&shop.routes()).await {
        let sent = site.meet(3, || item("tea")).await;
        let call = script.get().await;
        for caller in sent {
            assert!(!call.is_cancelled());
            caller.abort();
        }
        call.cancelled().await;
    }
}

/// As of a server that looks at `grpc-timeout`, which this one does not see.
#[tokio::test]
async fn a_stream_ends_when_its_readers_deadline_is_over_and_goes_on_for_the_others() {
    let clock = Clock::stop();
    let mut client = client().await;
    let mut sent = Vec::new();
    for request in [item_within(SHORT), item("tea")] {
        let mut catalog = client.catalog();
        let watch = || tokio::spawn(async move { catalog.watch(request).await });
        sent.push(entered(&client.pool, 1, watch).await);
    }
    let prices = client.script.watch().await.stream();
    prices.send(Ok(Price::default())).unwrap();
    let mut streams = Vec::new();
    for stream in all(sent).await {
        let mut stream = stream.unwrap().into_inner();
        assert!(soon(stream.message()).await.unwrap().is_some());
        streams.push(stream);
    }

    clock.pass(PAST).await;
    let mut long = streams.pop().unwrap();
    let mut short = streams.pop().unwrap();
    let status = soon(short.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    prices.send(Ok(Price::default())).unwrap();
    assert!(soon(long.message()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_message_that_does_not_come_after_its_head_fails_at_the_deadline() {
    let (routes, mut server) = by_hand();
    let clock = Clock::stop();
    for site in Site::both(&routes).await {
        let sent = site.meet(2, || item_within(SHORT)).await;
        let never = StreamBody::new(stream::pending::<Result<Frame<Bytes>, BoxError>>());
        server
            .respond(response(&[]).map(|()| Body::new(never)))
            .await;
        until(|| site.stats().shared == 1).await;
        clock.pass(PAST).await;
        for got in all(sent).await {
            let expected = (Code::DeadlineExceeded, "Timeout expired".to_owned());
            assert_eq!(told(&got), expected, "{}", site.place);
        }
    }
}

#[tokio::test]
async fn calls_with_other_deadlines_are_one_call_and_the_server_sees_none() {
    let _clock = Clock::stop();
    let (shop, mut script) = shop();
    for site in Site::both(&shop.routes()).await {
        let mut sent = vec![site.get(item_within(SHORT)).await];
        sent.push(site.get(item("tea")).await);
        sent.push(site.get(item_within(2 * SHORT)).await);
        let call = script.get().await;
        assert_eq!(call.metadata("grpc-timeout"), None, "{}", site.place);
        call.sell("Darjeeling");
        assert_all_got(&all(sent).await, "Darjeeling");
        script.assert_no_more();
    }
}

#[tokio::test]
async fn a_call_that_is_not_named_keeps_its_deadline() {
    let _clock = Clock::stop();
    let (shop, mut script) = shop();
    let layer = PoolLayer::grpc().method(WATCH);
    for site in Site::both_with(&shop.routes(), layer).await {
        let sent = site.get(item_within(SHORT)).await;
        let call = script.get().await;
        let expected = item_within(SHORT).metadata().get("grpc-timeout").cloned();
        assert!(expected.is_some());
        assert_eq!(
            call.request.metadata().get("grpc-timeout").cloned(),
            expected
        );
        call.sell("Darjeeling");
        assert_all_got(&all(vec![sent]).await, "Darjeeling");
    }
}

#[tokio::test]
async fn a_deadline_that_is_malformed_passes_by_untouched() {
    let (shop, mut script) = shop();
    for site in Site::both(&shop.routes()).await {
        for malformed in ["5 parsecs", "5", "S", "123456789S"] {
            let request = || item_with("tea", &[("grpc-timeout", malformed)]);
            let sent = site.meet(2, request).await;
            for _ in 0..2 {
                let call = script.get().await;
                assert_eq!(call.metadata("grpc-timeout"), Some(malformed));
                call.sell("Darjeeling");
            }
            assert_all_got(&all(sent).await, "Darjeeling");
        }
        let stats = site.stats();
        assert_eq!((stats.led, stats.solo), (0, 8), "{}", site.place);
    }
}

#[tokio::test]
async fn a_timeout_of_the_channel_itself_ends_the_call_for_all() {
    let clock = Clock::stop();
    let expected = told_plainly(&clock).await;
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let channel = server.endpoint().timeout(SHORT).connect_lazy();
    let pool = pooled().layer(channel);
    let mut sent = Vec::new();
    for _ in 0..3 {
        let mut catalog = CatalogClient::new(pool.clone());
        let get = || tokio::spawn(async move { catalog.get(item("tea")).await });
        sent.push(entered(&pool, 1, get).await);
    }
    let call = script.get().await;
    clock.pass(PAST).await;
    for got in all(sent).await {
        assert_eq!(told(&got), expected);
    }
    call.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn where_a_service_can_fail_a_deadline_that_is_over_is_the_error_that_tonic_has_for_it() {
    let hangs = tower::service_fn(|_: http::Request<tonic::body::Body>| {
        std::future::pending::<Result<http::Response<Body>, BoxError>>()
    });
    let hangs =
        tower::ServiceExt::<http::Request<tonic::body::Body>>::map_err(hangs, SharedError::new);
    let pool = PoolLayer::grpc().methods([GET]).layer(hangs);
    let mut request = request(GET, "application/grpc");
    request
        .headers_mut()
        .insert("grpc-timeout", http::HeaderValue::from_static("20m"));
    let Err(error) = soon(pool.request(request)).await else {
        panic!("there is no answer")
    };
    assert!(BoxError::from(error).is::<tonic::TimeoutExpired>());
}
