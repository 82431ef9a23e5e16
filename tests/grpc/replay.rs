//! What the inner service gets of a request: all that it gets without the pool.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use tokio::time;
use tokio_test::assert_pending;
use tonic::{Code, Status, body::Body};
use tower_pool::{PoolLayer, grpc::GrpcPoolLayer};

use crate::{
    bodies::{Script, trailers},
    inner::{End, ask, message, pool, read, send},
    support::GET,
};

fn layer() -> GrpcPoolLayer<Body> {
    PoolLayer::grpc().method(GET)
}

/// What the inner service reads of this body, from each of two equal callers: the
/// same as without the pool.
async fn of_each_caller(write: impl Fn(&Script)) -> (Vec<u8>, End) {
    let (script, body) = Script::new();
    write(&script);
    let plain = read(&mut Body::new(body));

    let (pool, mut calls) = pool(layer());
    let mut callers = [(); 2].map(|()| {
        let (script, body) = Script::new();
        write(&script);
        send(&pool, ask(body))
    });
    time::advance(Duration::from_millis(100)).await;
    for caller in &mut callers {
        assert_pending!(caller.poll());
        let mut body = calls.next().request.into_body();
        assert_eq!(read(&mut body), plain);
    }
    calls.assert_no_more();
    assert_eq!((pool.stats().solo, pool.in_flight()), (2, 0));
    plain
}

#[tokio::test(start_paused = true)]
async fn two_messages_go_through_in_order() {
    let both = [message(b"tea"), message(b"milk")].concat();
    let in_one = of_each_caller(|script| {
        script.data(both.clone()).end();
    });
    assert_eq!(in_one.await, (both.clone(), End::Over));
    for cut in 0..=both.len() {
        let (start, rest) = both.split_at(cut);
        let in_two = of_each_caller(|script| {
            script.data(start.to_owned()).data(rest.to_owned()).end();
        });
        assert_eq!(in_two.await, (both.clone(), End::Over));
    }
}

#[tokio::test(start_paused = true)]
async fn what_ends_before_its_message_does_goes_through_as_it_is() {
    let message = message(b"tea");
    for length in 0..message.len() {
        let half = of_each_caller(|script| {
            script.data(message[..length].to_owned()).end();
        });
        assert_eq!(half.await, (message[..length].to_owned(), End::Over));
    }
    let nothing = of_each_caller(|script| {
        script.end();
    });
    assert_eq!(nothing.await, (vec![], End::Over));
}

#[tokio::test(start_paused = true)]
async fn trailers_go_through_after_whatever_came_before_them() {
    for data in [vec![], message(b"tea")[..6].to_owned(), message(b"tea")] {
        let seen = of_each_caller(|script| {
            let sum = trailers("x-sum", "6");
            script.data(data.clone()).trailers(sum).end();
        });
        let end = End::Trailers(trailers("x-sum", "6"));
        assert_eq!(seen.await, (data, end));
    }
}

/// Whoever is told that a body is over reads no trailers.
#[tokio::test(start_paused = true)]
async fn a_body_that_tells_its_end_is_not_over_before_its_trailers() {
    let seen = of_each_caller(|script| {
        let sum = trailers("x-sum", "6");
        script.tell_end().data(message(b"tea")).trailers(sum).end();
    });
    let end = End::Trailers(trailers("x-sum", "6"));
    assert_eq!(seen.await, (message(b"tea"), end));
}

#[tokio::test(start_paused = true)]
async fn trailers_without_a_field_are_trailers_too() {
    let seen = of_each_caller(|script| {
        let none = HeaderMap::new();
        script.data(message(b"tea")).trailers(none).end();
    });
    let end = End::Trailers(HeaderMap::new());
    assert_eq!(seen.await, (message(b"tea"), end));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_fails_after_whatever_came_before() {
    for data in [vec![], message(b"tea")[..6].to_owned(), message(b"tea")] {
        let seen = of_each_caller(|script| {
            let error = Status::data_loss("the boiler is out");
            script.data(data.clone()).error(error);
        });
        let end = End::Failed(Code::DataLoss, "the boiler is out".into());
        assert_eq!(seen.await, (data, end));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stays_open_stays_open() {
    for data in [vec![], message(b"tea")[..6].to_owned(), message(b"tea")] {
        let seen = of_each_caller(|script| {
            script.data(data.clone());
        });
        assert_eq!(seen.await, (data, End::Open));
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_first_message_waits_for_the_inner_service_and_not_for_the_pool() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    script.data(message(b"tea")).data(message(b"milk"));
    let _caller = send(&pool, ask(body));
    let polls = script.polls();
    script.data(message(b"sugar")).end();
    assert_eq!(script.polls(), polls, "read ahead");
    let all = [message(b"tea"), message(b"milk"), message(b"sugar")];
    let mut body = calls.next().request.into_body();
    assert_eq!(read(&mut body), (all.concat(), End::Over));
}

#[tokio::test(start_paused = true)]
async fn a_message_in_one_frame_is_not_copied() {
    let (pool, mut calls) = pool(layer());
    let data = Bytes::from(message(b"tea"));
    let _caller = send(&pool, ask(Full::new(data.clone())));
    let mut body = calls.next().request.into_body();
    let frame = body.frame().await;
    let frame = frame.unwrap().unwrap().into_data().unwrap();
    assert_eq!(frame.as_ptr(), data.as_ptr());
}

/// Both ends of what a body says of itself, before and after it was read.
fn says(body: &Body) -> (u64, Option<u64>, bool) {
    let hint = body.size_hint();
    (hint.lower(), hint.upper(), body.is_end_stream())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_did_not_say_its_length_does_not_say_it_afterwards() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    script.data(message(b"tea")).end();
    let _caller = send(&pool, ask(body));
    let mut body = calls.next().request.into_body();
    assert_eq!(says(&body), (8, None, false));
    read(&mut body);
    assert!(body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_said_its_length_says_it_still() {
    let two = [message(b"tea"), message(b"milk")].concat();
    for bytes in [message(b"tea"), two] {
        let (pool, mut calls) = pool(layer());
        let length = bytes.len() as u64;
        let _caller = send(&pool, ask(Full::new(Bytes::from(bytes))));
        let mut body = calls.next().request.into_body();
        assert_eq!(says(&body), (length, Some(length), false));
        read(&mut body);
        assert_eq!(says(&body), (0, Some(0), true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_read_in_part_says_what_is_left_of_all_of_it() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::of_length(17);
    script.tell_end();
    script
        .data(message(b"tea"))
        .data(message(b"milk")[..1].to_owned());
    let _caller = send(&pool, ask(body));
    let mut body = calls.next().request.into_body();
    assert_eq!(says(&body), (17, Some(17), false));
    read(&mut body);
    assert_eq!(says(&body), (8, Some(8), false));
    script.data(message(b"milk")[1..].to_owned()).end();
    assert_eq!(says(&body), (8, Some(8), false));
    let frame = body.frame().await;
    assert!(frame.unwrap().is_ok());
    assert_eq!(says(&body), (0, Some(0), true));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_turned_out_to_be_empty_does_not_say_its_length_either() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    script.end();
    let _caller = send(&pool, ask(body));
    let body = calls.next().request.into_body();
    assert_eq!(body.size_hint().exact(), None);
}
