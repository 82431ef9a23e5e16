//! When a request has its place: once its one message was read, within limits of
//! size and time. Until then nobody knows of it.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
};

use bytes::Bytes;
use futures::stream;
use http_body::Frame;
use http_body_util::{Full, StreamBody};
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

fn whole(bytes: &[u8]) -> Full<Bytes> {
    Full::new(Bytes::copy_from_slice(bytes))
}

#[tokio::test(start_paused = true)]
async fn a_request_takes_its_place_when_its_message_is_whole_and_its_body_has_ended() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    let mut caller = send(&pool, ask(body));
    let message = message(b"tea");
    for piece in [&message[..3], &message[3..6], &message[6..]] {
        script.data(piece.to_owned());
        assert!(caller.is_woken());
        assert_pending!(caller.poll());
        calls.assert_no_more();
        assert_eq!(pool.in_flight(), 0);
    }
    script.end();
    assert!(caller.is_woken());
    assert_pending!(caller.poll());
    assert_eq!((pool.in_flight(), pool.stats().led), (1, 1));
    assert_eq!(read(&mut calls.next().request.into_body()).0, message);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_the_same_wherever_it_was_cut() {
    let message = message(b"tea");
    for cut in 0..=message.len() {
        let (pool, mut calls) = pool(layer());
        let _whole = send(&pool, ask(whole(&message)));
        let (script, body) = Script::new();
        let (start, rest) = message.split_at(cut);
        script.data(start.to_owned()).data(rest.to_owned()).end();
        let _cut = send(&pool, ask(body));
        assert_eq!(pool.stats().joined, 1, "cut at {cut}");
        calls.next();
        calls.assert_no_more();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_byte_by_byte_with_nothing_between_is_the_same() {
    let (pool, mut calls) = pool(layer());
    let message = message(b"tea");
    let (script, body) = Script::new();
    let mut bytewise = send(&pool, ask(body));
    for byte in &message {
        script.data("").data(vec![*byte]).data("");
        assert_pending!(bytewise.poll());
    }
    script.end();
    assert_pending!(bytewise.poll());
    let _whole = send(&pool, ask(whole(&message)));
    assert_eq!((pool.stats().led, pool.stats().joined), (1, 1));
    let mut body = calls.next().request.into_body();
    assert_eq!(read(&mut body), (message, End::Over));
    calls.assert_no_more();
}

/// Who brings its message along needs no timer, and hence no runtime.
#[test]
fn a_message_that_is_at_hand_is_read_with_the_first_poll() {
    let (pool, mut calls) = pool(layer());
    let mut caller = send(&pool, ask(whole(&message(b"tea"))));
    calls.next().answer.send(Default::default()).unwrap();
    assert!(assert_ready!(caller.poll()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn messages_of_other_bytes_are_not_the_same() {
    let (pool, mut calls) = pool(layer());
    let compressed = [&[1], &message(b"tea")[1..]].concat();
    let all = [message(b"tea"), message(b"te"), message(b"teA"), compressed];
    let _callers = all.clone().map(|message| send(&pool, ask(whole(&message))));
    for message in all {
        let mut body = calls.next().request.into_body();
        assert_eq!(read(&mut body), (message, End::Over));
    }
    assert_eq!((pool.stats().led, pool.stats().joined), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_message_of_no_bytes_is_a_message() {
    let (pool, mut calls) = pool(layer());
    let _callers = [(); 2].map(|()| send(&pool, ask(whole(&message(b"")))));
    assert_eq!(pool.stats().joined, 1);
    calls.next();
    calls.assert_no_more();
}

#[tokio::test(start_paused = true)]
async fn a_message_as_large_as_may_be_is_shared_and_one_of_a_byte_more_is_not() {
    let limit = 100;
    for (payload, joined) in [(limit - 5, 1), (limit - 4, 0)] {
        let (pool, mut calls) = pool(layer().max_message(limit));
        let message = message(&vec![7; payload]);
        let _callers = [(); 2].map(|()| send(&pool, ask(whole(&message))));
        assert_eq!(pool.stats().joined, joined);
        for _ in joined..2 {
            let mut body = calls.next().request.into_body();
            assert_eq!(read(&mut body), (message.clone(), End::Over));
        }
        calls.assert_no_more();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_may_have_256_kib_by_default() {
    for (payload, joined) in [((256 << 10) - 5, 1), ((256 << 10) - 4, 0)] {
        let (pool, _calls) = pool(layer());
        let message = message(&vec![7; payload]);
        let _callers = [(); 2].map(|()| send(&pool, ask(whole(&message))));
        assert_eq!(pool.stats().joined, joined);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_through_as_soon_as_it_says_that_it_is_too_large() {
    let (pool, mut calls) = pool(layer().max_message(100));
    let (script, body) = Script::new();
    let mut caller = send(&pool, ask(body));
    script.data(message(&[7; 96])[..5].to_owned());
    assert_pending!(caller.poll());
    let mut body = calls.next().request.into_body();
    assert_eq!(read(&mut body), (vec![0, 0, 0, 0, 96], End::Open));
    script.data(vec![7; 96]).end();
    assert_eq!(read(&mut body), (vec![7; 96], End::Over));
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_through_as_soon_as_there_is_more_than_one_message() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    let mut caller = send(&pool, ask(body));
    let message = message(b"tea");
    script.data(message.clone()).data(message[..1].to_owned());
    assert_pending!(caller.poll());
    let mut body = calls.next().request.into_body();
    let start = [&message[..], &message[..1]].concat();
    assert_eq!(read(&mut body), (start, End::Open));
    script.data(message[1..].to_owned()).end();
    assert_eq!(read(&mut body), (message[1..].to_owned(), End::Over));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_before_its_message_is_whole_was_never_there() {
    let (pool, mut calls) = pool(layer());
    let (script, body) = Script::new();
    let leaving = send(&pool, ask(body));
    let message = message(b"tea");
    script.data(message[..6].to_owned());
    drop(leaving);
    assert!(script.is_dropped());
    calls.assert_no_more();
    let stats = pool.stats();
    assert_eq!((stats.led, stats.joined, stats.solo), (0, 0, 0));

    let _next = send(&pool, ask(whole(&message)));
    assert_eq!(pool.stats().led, 1);
    calls.next();
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_message_is_slow_holds_up_nobody() {
    let (pool, mut calls) = pool(layer());
    let message = message(b"tea");
    let (script, body) = Script::new();
    let mut slow = send(&pool, ask(body));
    script.data(message[..6].to_owned());
    assert_pending!(slow.poll());

    let mut quick = send(&pool, ask(whole(&message)));
    calls.next().answer.send(Default::default()).unwrap();
    assert!(assert_ready!(quick.poll()).is_ok());

    script.data(message[6..].to_owned()).end();
    assert_pending!(slow.poll());
    assert_eq!(pool.stats().led, 2, "a call that was answered is over");
    calls.next();
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_while_it_is_read_panics_in_its_caller_alone() {
    let (pool, mut calls) = pool(layer());
    let other = message(b"tea");
    let _other = send(&pool, ask(whole(&other)));
    let (script, body) = Script::new();
    let mut caller = send(&pool, ask(body));
    script.data(other[..6].to_owned()).panic("a body");
    let panic = catch_unwind(AssertUnwindSafe(|| caller.poll())).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a body"));
    drop(caller);
    assert!(script.is_dropped());

    let _another = send(&pool, ask(whole(&other)));
    assert_eq!((pool.stats().led, pool.stats().joined), (1, 1));
    calls.next();
    calls.assert_no_more();
}

/// Each poll finds another.
#[tokio::test(start_paused = true)]
async fn frames_without_end_and_with_nothing_in_them_go_through() {
    let (pool, mut calls) = pool(layer());
    let nothing = || Ok::<_, Infallible>(Frame::data(Bytes::new()));
    let endless = StreamBody::new(stream::repeat_with(nothing));
    let _caller = send(&pool, ask(endless));
    calls.next();
    assert_eq!(pool.stats().solo, 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_may_come_in_a_thousand_frames_and_not_in_many_more() {
    for (frames, shared) in [(1000, true), (1100, false)] {
        let (pool, mut calls) = pool(layer());
        let bytes = message(&vec![7; frames - 5]);
        let byte = |byte: &u8| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(&[*byte])));
        let body = StreamBody::new(stream::iter(bytes.iter().map(byte).collect::<Vec<_>>()));
        let _caller = send(&pool, ask(body));
        let mut arrived = calls.next().request.into_body();
        assert_eq!(read(&mut arrived), (bytes, End::Over));
        assert_eq!(
            (pool.stats().led, pool.stats().solo),
            (u64::from(shared), u64::from(!shared))
        );
    }
}
