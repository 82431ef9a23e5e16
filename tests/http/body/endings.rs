//! How a body ends, and that it is not polled beyond that.

use std::{error::Error, io};

use bytes::Bytes;
use http_body_util::{Empty, Full};
use tower_pool::http::SharedBody;

use crate::bodies::{Reader, Script, trailers};

#[test]
fn an_error_reaches_every_reader_once_after_the_frames_before_it() {
    let (script, body) = Script::new();
    let mut fast = Reader::new(SharedBody::new(body));
    let (mut slow, keeper) = (fast.clone(), fast.clone());
    slow.assert_pending();
    script.data("one").data("two");
    script.error(io::Error::from(io::ErrorKind::ConnectionReset));
    fast.data();
    fast.data();
    let first = fast.error();
    fast.assert_end();
    assert!(script.is_dropped());

    let mut late = keeper.clone();
    for reader in [&mut slow, &mut late] {
        assert_eq!(reader.data(), "one");
        assert_eq!(reader.data(), "two");
        assert!(!http_body::Body::is_end_stream(reader.body()));
        let error = reader.error();
        assert!(!error.is_lagged());
        assert_eq!(error.to_string(), "connection reset");
        let inner = error.downcast_ref::<io::Error>().unwrap();
        assert_eq!(inner.kind(), io::ErrorKind::ConnectionReset);
        let source = error.source().unwrap().downcast_ref::<io::Error>();
        assert!(std::ptr::eq(source.unwrap(), inner));
        assert!(std::ptr::eq(first.downcast_ref().unwrap(), inner));
        reader.assert_end();
    }
}

#[test]
fn an_error_wakes_all_who_wait() {
    let (script, body) = Script::new();
    let mut driver = Reader::new(SharedBody::new(body));
    let mut others = [driver.clone(), driver.clone()];
    driver.assert_pending();
    others.iter_mut().for_each(Reader::assert_pending);
    script.error("broken");
    driver.error();
    for other in &mut others {
        assert!(other.is_woken());
        assert_eq!(other.error().to_string(), "broken");
    }
}

#[test]
fn an_empty_body_is_at_its_end_from_the_start() {
    let bodies = [
        SharedBody::new(Empty::<Bytes>::new()),
        SharedBody::new(Full::<Bytes>::default()),
        SharedBody::default(),
    ];
    for body in bodies {
        let mut reader = Reader::new(body);
        assert_eq!(reader.hint(), (0, Some(0), true));
        let mut clone = reader.clone();
        reader.assert_end();
        clone.assert_end();
    }
}

#[test]
fn an_empty_body_that_does_not_know_it_ends_in_every_reader() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    let mut other = reader.clone();
    script.end();
    assert_eq!(reader.hint(), (0, None, false));
    reader.assert_end();
    assert_eq!(other.hint(), (0, Some(0), true));
    other.assert_end();
    reader.clone().assert_end();
}

#[test]
fn trailers_alone_reach_every_reader() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    let mut other = reader.clone();
    script.trailers(trailers("grpc-status", "5")).end();
    for reader in [&mut reader, &mut other] {
        assert_eq!(reader.trailers(), trailers("grpc-status", "5"));
        reader.assert_end();
    }
}

#[test]
fn empty_frames_pass_through() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    let mut other = reader.clone();
    script.data("").data("x").data("").end();
    for reader in [&mut reader, &mut other] {
        assert_eq!([reader.data(), reader.data(), reader.data()], ["", "x", ""]);
        reader.assert_end();
    }
}

#[test]
fn a_body_at_its_end_from_the_start_is_dropped_unpolled() {
    let (script, body) = Script::of_length(0);
    script.tell_end().end();
    let mut reader = Reader::new(SharedBody::new(body));
    assert!(script.is_dropped());
    reader.assert_end();
    assert_eq!(script.polls(), 0);
}

#[test]
fn a_body_that_says_that_a_frame_is_its_last_is_dropped_with_that_frame() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    let mut other = reader.clone();
    script
        .tell_end()
        .data("a")
        .trailers(trailers("t", "1"))
        .end();
    assert_eq!(reader.data(), "a");
    assert!(!script.is_dropped());
    reader.trailers();
    assert!(script.is_dropped());
    assert_eq!(script.polls(), 2);
    assert_eq!(reader.hint(), (0, Some(0), true));
    assert_eq!(other.hint(), (1, None, false));
    reader.assert_end();
    assert_eq!(other.rest(), (b"a".into(), Some(trailers("t", "1"))));
}

#[test]
fn the_body_is_free_before_anybody_sees_the_end() {
    for told in [false, true] {
        let (script, body) = Script::new();
        if told {
            script.tell_end();
        }
        let mut reader = Reader::new(SharedBody::new(body));
        let mut waiting = reader.clone();
        reader.assert_pending();
        waiting.assert_pending();
        script.data("all").end();
        reader.data();
        if !told {
            assert!(!script.is_dropped());
            reader.assert_end();
        }
        assert!(script.is_dropped());
        assert_eq!(waiting.rest().0, b"all");
    }
}
