//! What the fuzz targets look for, without a fuzzer: every seed that they left in
//! `fuzz/corpus`, and a stream of pseudo-random bytes that is the same each time.
//!
//! A find of theirs is replayed once it is in `fuzz/corpus/<target>`.

#![allow(unreachable_pub)] // of a crate that is only tests

#[path = "../../fuzz/src/lib.rs"]
mod oracles;

use std::{
    fmt::Debug,
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
};

use arbitrary::{Arbitrary, Unstructured};
use proptest::{
    prelude::RngCore,
    test_runner::{RngAlgorithm, TestRng},
};

use oracles::{body, key, policy};

const RANDOM_INPUTS: usize = 20_000;

/// So many bytes make most inputs whole, and leave some to end in zeros.
const BYTES: usize = 400;

/// Runs a target on the input that libFuzzer would make of these bytes. All bytes
/// make one: a target that turns some away would pass their seeds unseen.
fn run<I>(check: fn(I), bytes: &[u8], from: &str)
where
    I: for<'a> Arbitrary<'a> + Debug,
{
    let input = || {
        I::arbitrary_take_rest(Unstructured::new(bytes))
            .unwrap_or_else(|error| panic!("{from} makes no input: {error}"))
    };
    let made = input();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(made))) {
        eprintln!("{from}: {:#?}", input());
        resume_unwind(panic);
    }
}

fn replay<I: for<'a> Arbitrary<'a> + Debug>(check: fn(I), target: &str) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut count = 0;
    for seed in fs::read_dir(&seeds).expect("the seeds") {
        let path = seed.expect("a seed").path();
        let bytes = fs::read(&path).expect("a seed");
        run(check, &bytes, &path.display().to_string());
        count += 1;
    }
    assert!(count > 0, "{} has no seeds", seeds.display());
}

fn random<I: for<'a> Arbitrary<'a> + Debug>(check: fn(I)) {
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for n in 0..RANDOM_INPUTS {
        let mut bytes = vec![0; random.next_u32() as usize % BYTES];
        random.fill_bytes(&mut bytes);
        run(check, &bytes, &format!("random input {n}"));
    }
}

#[test]
fn seeds_of_the_key() {
    replay(key::Input::check, "key");
}

#[test]
fn seeds_of_the_policy() {
    replay(policy::Input::check, "policy");
}

#[test]
fn seeds_of_the_body() {
    replay(body::Input::check, "body");
}

#[test]
fn random_bytes_for_the_key() {
    random(key::Input::check);
}

#[test]
fn random_bytes_for_the_policy() {
    random(policy::Input::check);
}

#[test]
fn random_bytes_for_the_body() {
    random(body::Input::check);
}
