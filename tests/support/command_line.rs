//! The command line of an example, as its tests give it.

use clap::{Parser, error::ErrorKind};

/// The arguments of `program` in this line, or what is wrong with them, in words.
pub(crate) fn parse<A: Parser>(
    program: &str,
    line: &str,
    check: impl FnOnce(&A) -> Result<(), String>,
) -> Result<A, String> {
    let words = [program].into_iter().chain(line.split_whitespace());
    match A::try_parse_from(words) {
        Ok(args) => check(&args).map(|()| args),
        Err(error) => {
            // As the shell sees it.
            assert_eq!(error.exit_code(), 2);
            assert_ne!(error.kind(), ErrorKind::DisplayHelp);
            Err(error.to_string())
        }
    }
}
