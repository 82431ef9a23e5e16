//! A short run: nothing is wrong, and everything has come about.

use super::{arguments::parse, example::run::Run};

#[test]
fn a_short_run_is_clean() {
    let args = parse("--seconds 5 --tasks 500 --seed 1").unwrap();
    let mut lines = Vec::new();
    let run = Run::new(&args, args.seed.unwrap()).unwrap();
    let report = run.report(&mut lines).unwrap();

    let lines = String::from_utf8(lines).unwrap();
    assert!(report.is_clean(), "{lines}{report}");
    // One line each second, if the machine is not too busy to say so.
    assert!(lines.lines().count() >= 2, "{lines}");
    println!("{lines}{report}");
}
