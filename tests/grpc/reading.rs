//! What a caller reads, and until when: its deadline is for the whole of a call.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time;
use tokio_test::assert_ready;
use tonic::{Code, Status, body::Body};
use tower::{BoxError, Layer, service_fn};
use tower_pool::{PoolLayer, grpc::ResponseBody};

use crate::{
    bodies::Script,
    inner::{ask, message, pool, send},
    support::{GET, WATCH},
};

const TIMEOUT: Duration = Duration::from_secs(1);

/// What a caller with a deadline gets, who is answered with this at once.
fn answered_with(body: Body) -> ResponseBody<Body> {
    let (pool, mut calls) = pool(PoolLayer::grpc().method(GET));
    let mut request = ask(Full::new(Bytes::from(message(b"tea"))));
    let timeout = "1S".parse().unwrap();
    request.headers_mut().insert("grpc-timeout", timeout);
    let mut caller = send(&pool, request);
    calls.next().answer.send(Response::new(body)).unwrap();
    assert!(caller.is_woken());
    assert_ready!(caller.poll()).unwrap().into_body()
}

type Read = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

fn read(body: &mut ResponseBody<Body>) -> Read {
    let mut cx = Context::from_waker(Waker::noop());
    Pin::new(body).poll_frame(&mut cx)
}

fn data(read: Read) -> Bytes {
    let frame = assert_ready!(read).unwrap().unwrap();
    frame.into_data().expect("data")
}

#[track_caller]
fn assert_cut_off(read: Read) {
    let frame = assert_ready!(read).unwrap().unwrap();
    let trailers = frame.into_trailers().expect("trailers");
    let status = Status::from_header_map(&trailers).unwrap();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_and_cut_off_at_the_deadline() {
    let (script, body) = Script::new();
    let mut body = answered_with(Body::new(body));
    script.data(message(b"1"));
    assert_eq!(data(read(&mut body)), message(b"1"));
    // The clock goes on when there is nothing else to do.
    let cut_off = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
    assert_cut_off(Poll::Ready(cut_off));
    assert!(body.is_end_stream());
    assert!(assert_ready!(read(&mut body)).is_none());
    assert!(script.is_dropped(), "nobody else reads it");
}

#[tokio::test(start_paused = true)]
async fn what_has_come_by_the_deadline_can_be_read_after_it() {
    let (script, body) = Script::new();
    let mut body = answered_with(Body::new(body));
    script.data(message(b"1")).data(message(b"2"));
    time::advance(2 * TIMEOUT).await;
    assert_eq!(data(read(&mut body)), message(b"1"));
    assert_eq!(data(read(&mut body)), message(b"2"));
    assert_cut_off(read(&mut body));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_pauses_ends_soon_after_the_deadline() {
    let endless = futures::stream::repeat_with(|| Ok::<_, Status>(Frame::data(Bytes::from("1"))));
    let mut body = answered_with(Body::new(StreamBody::new(endless)));
    for _ in 0..1000 {
        data(read(&mut body));
    }
    time::advance(TIMEOUT).await;
    for _ in 0..64 {
        data(read(&mut body));
    }
    assert_cut_off(read(&mut body));
    assert!(assert_ready!(read(&mut body)).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_over_though_the_deadline_comes() {
    let (script, body) = Script::new();
    let mut body = answered_with(Body::new(body));
    script.data(message(b"1")).end();
    assert_eq!(data(read(&mut body)), message(b"1"));
    assert!(assert_ready!(read(&mut body)).is_none());
    time::advance(2 * TIMEOUT).await;
    assert!(assert_ready!(read(&mut body)).is_none());
    assert!(body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn what_said_its_length_fails_at_the_deadline_and_does_not_end() {
    let (script, body) = Script::of_length(12);
    let mut body = answered_with(Body::new(body));
    script.data(message(b"1"));
    assert_eq!(data(read(&mut body)), message(b"1"));
    assert!(read(&mut body).is_pending());
    time::advance(2 * TIMEOUT).await;
    let error = assert_ready!(read(&mut body)).unwrap().unwrap_err();
    assert_eq!(Status::from_error(error).code(), Code::DeadlineExceeded);
    assert!(assert_ready!(read(&mut body)).is_none());
}

/// tonic knows it by itself alone, and not as the source of another.
#[tokio::test]
async fn an_error_of_http2_is_the_status_that_tonic_makes_of_it() {
    for reason in [h2::Reason::CANCEL, h2::Reason::REFUSED_STREAM] {
        let pool =
            PoolLayer::grpc()
                .method(GET)
                .layer(service_fn(move |_: Request<Body>| async move {
                    let frames = [Err::<Frame<Bytes>, _>(h2::Error::from(reason))];
                    let body = StreamBody::new(futures::stream::iter(frames));
                    Ok::<_, Infallible>(Response::new(body))
                }));
        let request = ask(Full::new(Bytes::from(message(b"tea"))));
        let response = pool.request(request).await.unwrap();
        let error = response.into_body().collect().await.unwrap_err();
        let (status, expected) = (Status::from_error(error), h2::Error::from(reason));
        let expected = Status::from_error(Box::new(expected));
        assert_eq!(status.code(), expected.code());
        assert_eq!(status.message(), expected.message());
    }
}

#[test]
fn outside_of_a_runtime_what_is_there_can_be_read() {
    let (script, body) = Script::new();
    let mut body = answered_with(Body::new(body));
    script.data(message(b"1"));
    assert_eq!(data(read(&mut body)), message(b"1"));
    assert!(read(&mut body).is_pending());
    script.end();
    assert!(assert_ready!(read(&mut body)).is_none());
}

/// Of as much as two of the largest messages that tonic takes.
#[tokio::test]
async fn who_is_slow_still_has_all_of_what_was_not_too_much() {
    const MIB: usize = 1 << 20;
    for (frames, not_cut_off) in [(8, true), (9, false)] {
        let (pool, mut calls) = pool(PoolLayer::grpc().method(GET));
        let ask = || ask(Full::new(Bytes::from(message(b"tea"))));
        let (fast, slow) = (send(&pool, ask()), send(&pool, ask()));
        let data = Bytes::from(vec![0; MIB]);
        let frames = vec![data; frames].into_iter();
        let frames = frames.map(|data| Ok::<_, Status>(Frame::data(data)));
        let body = Body::new(StreamBody::new(tokio_stream::iter(frames)));
        calls.next().answer.send(Response::new(body)).unwrap();

        let mut fast = fast.await.unwrap().into_body();
        let mut slow = slow.await.unwrap().into_body();
        while !matches!(read(&mut fast), Poll::Ready(None)) {}
        let has_all = loop {
            match assert_ready!(read(&mut slow)) {
                None => break true,
                Some(frame) => match frame.unwrap().into_data() {
                    Ok(data) => assert_eq!(data.len(), MIB),
                    Err(_) => break false,
                },
            }
        };
        assert_eq!(has_all, not_cut_off);
    }
}

/// Whether it is shared or not, and when it is over.
#[tokio::test]
async fn a_body_says_how_long_it_is() {
    for method in [GET, WATCH] {
        let (pool, mut calls) = pool(PoolLayer::grpc().method(method));
        let request = ask(Full::new(Bytes::from(message(b"tea"))));
        let caller = send(&pool, request);
        let answer = Body::new(Full::new(Bytes::from("an answer")));
        calls.next().answer.send(Response::new(answer)).unwrap();
        let mut body = caller.await.unwrap().into_body();
        assert_eq!(body.size_hint().exact(), Some(9));
        assert_eq!(data(read(&mut body)), "an answer");
        assert!(assert_ready!(read(&mut body)).is_none());
        assert_eq!(body.size_hint().exact(), Some(0));
        let stats = pool.stats();
        let shared = u64::from(method == GET);
        assert_eq!((stats.led, stats.solo), (shared, 1 - shared));
    }
}
