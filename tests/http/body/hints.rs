//! `size_hint` and `is_end_stream`, for each reader at each point.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tower_pool::http::SharedBody;

use crate::bodies::{Reader, Script, trailers};

#[test]
fn hints_are_exact_at_every_step_of_two_readers_of_a_body_of_known_length() {
    let (script, body) = Script::of_length(6);
    let mut fast = Reader::new(SharedBody::new(body));
    let mut slow = fast.clone();
    script
        .tell_end()
        .data("a")
        .data("bc")
        .data("")
        .data("def")
        .end();
    let left = |left| (left, Some(left), false);
    assert_eq!((fast.hint(), slow.hint()), (left(6), left(6)));
    fast.data();
    assert_eq!((fast.hint(), slow.hint()), (left(5), left(6)));
    fast.data();
    assert_eq!((fast.hint(), slow.hint()), (left(3), left(6)));
    slow.data();
    assert_eq!((fast.hint(), slow.hint()), (left(3), left(5)));
    fast.data();
    assert_eq!((fast.hint(), slow.hint()), (left(3), left(5)));
    fast.data();
    assert_eq!((fast.hint(), slow.hint()), ((0, Some(0), true), left(5)));
    slow.data();
    slow.data();
    assert_eq!(slow.hint(), left(3));
    slow.data();
    assert_eq!(slow.hint(), (0, Some(0), true));
}

/// A server would announce the length: against a head that says another, or in
/// place of the trailers.
#[test]
fn a_body_of_unknown_length_stays_one_until_a_reader_has_all_of_it() {
    for has_trailers in [false, true] {
        let (script, body) = Script::new();
        let mut fast = Reader::new(SharedBody::new(body));
        let mut slow = fast.clone();
        script.data("abc").data("de");
        if has_trailers {
            script.trailers(trailers("t", "1"));
        }
        script.end();
        let (at_least, end) = (|left| (left, None, false), (0, Some(0), true));
        assert_eq!(slow.hint(), at_least(0));
        fast.data();
        assert_eq!((fast.hint(), slow.hint()), (at_least(0), at_least(3)));
        fast.data();
        assert_eq!((fast.hint(), slow.hint()), (at_least(0), at_least(5)));
        if has_trailers {
            fast.trailers();
        }
        fast.assert_end();
        assert_eq!((fast.hint(), slow.hint()), (end, at_least(5)));
        slow.data();
        assert_eq!(slow.hint(), at_least(2));
        slow.data();
        if has_trailers {
            assert_eq!(slow.hint(), at_least(0));
            slow.trailers();
        }
        assert_eq!(slow.hint(), end);
    }
}

#[test]
fn a_hint_that_changes_while_the_body_waits_is_passed_on() {
    let (script, body) = Script::of_length(5);
    let mut reader = Reader::new(SharedBody::new(body));
    let waiting = reader.clone();
    reader.assert_pending();
    script.set_length(9);
    script.wake();
    reader.assert_pending();
    assert_eq!(reader.hint(), (9, Some(9), false));
    assert_eq!(waiting.hint(), (9, Some(9), false));
}

#[test]
fn an_error_to_come_is_neither_an_end_nor_a_shorter_body() {
    let (script, body) = Script::of_length(100);
    let mut fast = Reader::new(SharedBody::new(body));
    let mut slow = fast.clone();
    script.data("abcd").error("broken");
    fast.data();
    fast.error();
    assert_eq!(fast.hint(), (0, Some(0), true));
    assert_eq!(slow.hint(), (100, Some(100), false));
    slow.data();
    assert_eq!(slow.hint(), (96, Some(96), false));
    slow.error();
    assert_eq!(slow.hint(), (0, Some(0), true));
}

#[test]
fn who_was_cut_off_is_not_at_the_end_before_it_knows() {
    let (script, body) = Script::new();
    let mut fast = Reader::new(SharedBody::with_max_lag(body, 1));
    let mut slow = fast.clone();
    script.tell_end().data("ab").data("cd").end();
    fast.rest();
    assert_eq!(slow.hint(), (4, None, false));
    slow.error();
    assert_eq!(slow.hint(), (0, Some(0), true));
}

/// Says whatever it is told to say.
struct Says(u64, Option<u64>, bool);

impl Body for Says {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"more")))))
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.0);
        if let Some(upper) = self.1 {
            hint.set_upper(upper);
        }
        hint
    }

    fn is_end_stream(&self) -> bool {
        self.2
    }
}

#[test]
fn the_length_of_a_body_that_is_not_sent_is_kept() {
    let mut head = Reader::new(SharedBody::new(Says(1234, Some(1234), true)));
    assert_eq!(head.hint(), (1234, Some(1234), true));
    head.assert_end();
    assert_eq!(head.clone().hint(), (1234, Some(1234), true));
}

#[test]
fn hints_do_not_overflow() {
    let mut reader = Reader::new(SharedBody::new(Says(u64::MAX - 2, Some(u64::MAX), false)));
    let slow = reader.clone();
    reader.data();
    assert_eq!(reader.hint(), (u64::MAX - 2, Some(u64::MAX), false));
    assert_eq!(slow.hint(), (u64::MAX, None, false));
}
