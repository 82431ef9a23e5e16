//! The command line: what is wrong with it is said in words.

use super::{command_line, example::args::Args};

pub(super) fn parse(line: &str) -> Result<Args, String> {
    command_line::parse("soak", line, Args::check)
}

#[test]
fn complaints_say_what_is_wrong() {
    let complaints = [
        ("--seconds 0", "0 is not in 1..=604800"),
        ("--seconds 604801", "604801 is not in 1..=604800"),
        ("--seconds 1.5", "invalid digit"),
        ("--workers 0", "0 is not in 1..=1024"),
        ("--workers 1025", "1025 is not in 1..=1024"),
        ("--tasks 0", "0 is not in 1..=1000000"),
        (
            "--tasks 3 --workers 4",
            "--workers 4 is more than --tasks 3: some workers would have nothing to do",
        ),
        ("--keys 0", "0 is not in 1..=10000000"),
        ("--exponent -1", "--exponent -1 is not in 0..=10"),
        ("--exponent 11", "--exponent 11 is not in 0..=10"),
        ("--exponent NaN", "--exponent NaN is not in 0..=10"),
        ("--exponent steep", "invalid float"),
        ("--seed -1", "unexpected argument '-1'"),
        ("--seed random", "invalid digit"),
        ("--patience 0", "0 is not in 1..=3600"),
        ("--forever", "unexpected argument '--forever'"),
        ("ten minutes", "unexpected argument 'ten'"),
    ];
    for (line, complaint) in complaints {
        let said = parse(line).expect_err(line);
        assert!(said.contains(complaint), "{line}: {said}");
    }
}

#[test]
fn options_are_taken() {
    let line = "--seconds 9 --workers 3 --tasks 8 --keys 7 --exponent 0 --seed 6 --patience 5";
    let args = parse(line).unwrap();
    assert_eq!((args.seconds, args.workers(), args.tasks), (9, 3, 8));
    assert_eq!((args.keys, args.exponent), (7, 0.0));
    assert_eq!((args.seed, args.patience), (Some(6), 5));
}

#[test]
fn there_are_no_more_workers_than_tasks_unless_told() {
    assert_eq!(parse("--tasks 1").unwrap().workers(), 1);
}
