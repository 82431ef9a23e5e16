//! A panic of the body unwinds in the reader that ran it, and hangs nobody.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use bytes::Bytes;
use tower_pool::http::SharedBody;

use crate::bodies::{Reader, Script};

fn message(code: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(code)).expect_err("no panic");
    payload
        .downcast_ref::<&str>()
        .expect("no message")
        .to_string()
}

#[test]
fn a_panic_in_poll_unwinds_in_its_reader_and_is_an_error_for_the_others() {
    let (script, body) = Script::new();
    let mut driver = Reader::new(SharedBody::new(body));
    let (mut waiting, mut slow) = (driver.clone(), driver.clone());
    script.data("before");
    driver.data();
    waiting.data();
    driver.assert_pending();
    waiting.assert_pending();
    script.panic("boiler");
    let message = message(|| drop(driver.poll()));
    assert_eq!(message, "boiler");
    assert!(script.is_dropped());

    assert!(waiting.is_woken());
    assert_eq!(slow.data(), "before");
    for reader in [&mut waiting, &mut slow, &mut driver] {
        let error = reader.error();
        assert!(!error.is_lagged());
        assert!(error.to_string().contains("panicked"), "{error}");
        reader.assert_end();
    }
}

#[test]
fn a_panic_in_drop_at_the_end_costs_nobody_a_frame() {
    for told in [false, true] {
        let (script, body) = Script::new();
        let mut driver = Reader::new(SharedBody::new(body));
        let mut waiting = driver.clone();
        if told {
            script.tell_end();
        }
        driver.assert_pending();
        waiting.assert_pending();
        script.panic_in_drop();
        script.data("last").end();
        if !told {
            driver.data();
        }
        let message = message(|| drop(driver.poll()));
        assert_eq!(message, "panicked in drop");
        assert!(waiting.is_woken());
        assert_eq!(waiting.rest().0, b"last");
        let left: &[u8] = if told { b"last" } else { b"" };
        assert_eq!(driver.rest().0, left);
    }
}

#[test]
fn a_panic_in_poll_and_in_drop_is_one_panic() {
    let (script, body) = Script::new();
    let mut driver = Reader::new(SharedBody::new(body));
    let mut other = driver.clone();
    script.panic_in_drop();
    script.panic("boiler");
    assert_eq!(message(|| drop(driver.poll())), "boiler");
    other.error();
}

#[test]
fn a_panic_in_drop_unwinds_in_the_last_reader() {
    let (script, body) = Script::new();
    let reader = Reader::new(SharedBody::new(body));
    let other = reader.clone();
    script.panic_in_drop();
    drop(reader);
    assert_eq!(message(|| drop(other)), "panicked in drop");
    assert!(script.is_dropped());
}

/// Data that panics when it is dropped.
struct Panics(&'static [u8]);

impl AsRef<[u8]> for Panics {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        panic_any("panicked in drop");
    }
}

#[test]
fn a_panic_of_a_frame_that_somebody_is_cut_off_from_costs_nobody_another() {
    let (script, body) = Script::new();
    let mut fast = Reader::new(SharedBody::with_max_lag(body, 3));
    let mut slow = fast.clone();
    script.data(Bytes::from_owner(Panics(b"12")));
    assert_eq!(fast.data(), "12");
    script.data("34").data("5");
    let message = message(|| drop(fast.poll()));
    assert_eq!(message, "panicked in drop");
    assert_eq!((fast.data(), fast.data()), ("34".into(), "5".into()));
    assert!(slow.error().is_lagged());
}
