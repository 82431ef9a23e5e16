//! Random programs against a plain model of the ten promises: calls, polls,
//! drops, endings, wakes, verdicts, clocks and runtimes in any order, one step
//! at a time on one thread, and after each step all that can be seen of the pool
//! is as the model says.
//!
//! The same programs each time. With `PROPTEST_CASES` set they are as many as it
//! says, and others each time.

#![allow(unreachable_pub)] // of a crate that is only tests

mod generate;
mod inner;
mod meter;
mod model;
mod play;
mod program;
mod quiet;
mod real;
mod runtimes;
mod scripts;
mod seen;
mod values;
mod world;

use std::cell::{Cell, RefCell};

use proptest::{
    prelude::ProptestConfig,
    test_runner::{TestCaseError, TestError, TestRng, TestRunner},
};

use meter::Meter;

const PROGRAMS: u32 = 10_000;

#[test]
fn a_pool_does_what_it_promises_in_any_program() {
    let mut config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    let mut runner = if std::env::var_os("PROPTEST_CASES").is_some() {
        TestRunner::new(config)
    } else {
        config.cases = PROGRAMS;
        let rng = TestRng::deterministic_rng(config.rng_algorithm);
        TestRunner::new_with_rng(config, rng)
    };
    let programs = runner.config().cases;
    let (played, failed) = (Cell::new(0), Cell::new(false));
    let meter = RefCell::new(Meter::default());
    let outcome = runner.run(&generate::program(), |program| {
        if !failed.get() {
            played.set(played.get() + 1); // those that come after are shrunk
        }
        let played = play::play(&program);
        failed.set(failed.get() || played.is_err());
        let met = played.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        *meter.borrow_mut() += met;
        Ok(())
    });
    match outcome {
        Err(TestError::Fail(why, program)) => {
            let why = match play::play(&program) {
                Err(failure) => failure.shorten(program.last).to_string(),
                Ok(_) => format!("not each time: {why}"),
            };
            panic!("in program {}, shrunk: {why}", played.get());
        }
        other => other.unwrap(),
    }
    let meter = meter.into_inner();
    eprintln!("{programs} programs, {meter}");
    // Dozens of times and more in so many programs; in fewer it is left to chance.
    if programs >= PROGRAMS {
        for (what, times) in meter.all() {
            assert!(times > 0, "none {what} in {programs} programs, {meter}");
        }
    }
}
