//! A reader that is too far behind is cut off, and knows it.

use tower_pool::http::{DEFAULT_MAX_LAG, SharedBody};

use crate::bodies::{Reader, Script};

fn two_readers(max_lag: u64) -> (Script, Reader, Reader) {
    let (script, body) = Script::new();
    let fast = Reader::new(SharedBody::with_max_lag(body, max_lag));
    let slow = fast.clone();
    (script, fast, slow)
}

#[test]
fn a_reader_exactly_at_the_limit_goes_on() {
    let (script, mut fast, mut slow) = two_readers(8);
    script.data("1234").data("5678").end();
    assert_eq!(fast.rest().0, b"12345678");
    assert_eq!(slow.rest().0, b"12345678");
}

#[test]
fn a_reader_over_the_limit_gets_an_error_of_its_own_and_the_rest_go_on() {
    let (script, mut fast, mut slow) = two_readers(8);
    let mut middle = fast.clone();
    script.data("1234").data("5678");
    middle.data();
    fast.data();
    fast.data();
    script.data("9");
    assert_eq!(fast.data(), "9");

    let error = slow.error();
    assert!(error.is_lagged());
    assert!(error.to_string().contains("behind"), "{error}");
    assert!(std::error::Error::source(&error).is_none());
    slow.assert_end();

    script.end();
    assert_eq!(middle.rest().0, b"56789");
    fast.assert_end();
}

#[test]
fn a_reader_that_waits_for_its_next_frame_is_never_behind() {
    let (script, mut fast, mut slow) = two_readers(8);
    for _ in 0..10 {
        script.data("1234");
        assert_eq!(fast.data(), "1234");
        assert_eq!(slow.data(), "1234");
    }
}

#[test]
fn a_frame_larger_than_the_limit_cuts_off_nobody_who_had_read_all_before_it() {
    let (script, mut fast, mut slow) = two_readers(3);
    script.data("").data("12345").data("");
    fast.data();
    fast.data();
    fast.data();
    assert_eq!(slow.data(), "");
    assert_eq!(slow.data(), "12345");

    let mut late = slow.clone();
    assert!(late.error().is_lagged());
    script.data("6789");
    assert_eq!(fast.data(), "6789");
    assert_eq!(slow.data(), "");
    assert_eq!(slow.data(), "6789");
}

#[test]
fn without_room_to_lag_a_reader_may_still_be_one_frame_behind() {
    let (script, mut fast, mut slow) = two_readers(0);
    script.data("1").data("2");
    fast.data();
    assert_eq!(slow.data(), "1");
    fast.data();
    script.data("3");
    fast.data();
    assert!(slow.error().is_lagged());
}

#[test]
fn who_was_cut_off_no_longer_keeps_the_body() {
    let (script, mut fast, mut slow) = two_readers(1);
    script.data("12").data("34");
    fast.data();
    fast.data();
    fast.assert_pending();
    drop(fast);
    assert!(script.is_dropped());
    assert!(slow.clone().error().is_lagged());
    assert!(slow.error().is_lagged());
}

#[test]
fn a_clone_of_who_was_cut_off_is_cut_off_too() {
    let (script, mut fast, slow) = two_readers(1);
    script.data("12").data("34").end();
    fast.rest();
    let mut clone = slow.clone();
    assert!(clone.error().is_lagged());
    clone.assert_end();
}

#[test]
fn endless_frames_without_a_byte_cut_off_whoever_does_not_read_them() {
    let (script, body) = Script::new();
    let mut fast = Reader::new(SharedBody::new(body));
    let mut slow = fast.clone();
    let at_limit = 1 << 20;
    for _ in 0..at_limit {
        script.data("");
        fast.data();
    }
    let mut middle = slow.clone();
    middle.data();
    script.data("");
    fast.data();
    assert!(slow.error().is_lagged());
    assert_eq!(middle.data(), "");
}

#[test]
fn the_default_limit_is_4_mib() {
    assert_eq!(DEFAULT_MAX_LAG, 4 << 20);
    let (script, body) = Script::new();
    let mut fast = Reader::new(SharedBody::new(body));
    let mut slow = fast.clone();
    let mib = bytes::Bytes::from(vec![0; 1 << 20]);
    for _ in 0..4 {
        script.data(mib.clone());
        fast.data();
    }
    let mut first = slow.clone();
    assert_eq!(first.data().len(), 1 << 20);
    script.data("x");
    fast.data();
    assert!(slow.error().is_lagged());
    assert_eq!(first.data().len(), 1 << 20);
}
