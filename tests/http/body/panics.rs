//! A panic of the body unwinds in the reader that ran it, and hangs nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};

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
