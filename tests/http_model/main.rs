//! Random requests, at once and one late, and random responses, against a plain
//! model of what may be shared: nobody gets what is not for them, and what is
//! for all is asked for once.
//!
//! The same cases each time. With `PROPTEST_CASES` set they are as many as it
//! says, and others each time.

#![allow(unreachable_pub)] // of a crate that is only tests

mod directives;
mod exchange;
mod generate;
mod laws;
mod model;
mod origin;
mod play;
mod values;

use proptest::{
    prelude::ProptestConfig,
    test_runner::{TestError, TestRng, TestRunner},
};

const CASES: u32 = 4_000;

#[test]
fn nobody_gets_what_is_not_for_them_and_what_is_for_all_is_asked_for_once() {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = if std::env::var_os("PROPTEST_CASES").is_some() {
        TestRunner::new(config)
    } else {
        config.cases = CASES;
        let rng = TestRng::deterministic_rng(config.rng_algorithm);
        TestRunner::new_with_rng(config, rng)
    };
    let outcome = runner.run(&generate::case(), |case| {
        let played = play::play(&case);
        laws::everybody_is_answered(&case, &played)?;
        laws::nothing_leaks(&case, &played)?;
        laws::nothing_is_wasted(&case, &played)
    });
    match outcome {
        Err(TestError::Fail(why, case)) => panic!("{why}\n{case:#?}"),
        other => other.unwrap(),
    }
}
