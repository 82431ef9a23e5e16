//! Soaks pools in random calls for as long as it is told, and checks that every
//! caller is answered with what is due to it, and that nothing is left at the end.
//!
//! ```text
//! cargo run --release --features http --example soak -- --seconds 600
//! cargo run --release --features http --example soak -- --help
//! ```
//!
//! Thousands of tasks ask five pools around a scripted service, and two over HTTP
//! whose bodies are streamed. Chance decides what a caller does (wait; drop its
//! future before its first poll, after some, or when it leads; hold it unpolled;
//! time out; have it polled on in another runtime; forget the key), what its call
//! would do (be ready or not, wait, answer, fail, panic) and what the policy says
//! of that (or that it panics). Readers of bodies are fast or slow, or go in the middle. Meanwhile
//! runtimes are made, get callers, and are shut down with them.
//!
//! Each answer names the call that it came of. No caller may get that of another
//! key, of a flight that somebody had seen the end of before it asked, of one that
//! was forgotten or too old, or one that was not to be shared; and no caller may
//! lead where it could have joined. Whoever waits for longer than `--patience` is
//! lost. The first complaint ends the load.
//!
//! The choices of each task are made from `--seed`, so that the same is asked for
//! again; but not at the same moments, which are the threads' own.
//!
//! - [`args`]: the command line.
//! - [`run`]: warm up, load, settle, report; [`progress`] and [`report`] say it.
//! - [`world`]: the pools and the tasks; [`mortal`]: runtimes that come and go.
//! - [`plan`]: what is left to chance.
//! - [`core`], [`ask`], [`inner`], [`play`]: a pool, requests, the service inside,
//!   what callers do; [`nap`]: what all of them wait for.
//! - [`web`], [`origin`], [`reader`]: the same over HTTP.
//! - [`caller`]: one caller, and what its answer has to be; [`one_call`]: what it
//!   should have joined.
//! - [`record`], [`books`], [`tally`]: what is known of callers, one by one and in sum;
//!   [`audit`] holds it against `Stats`; [`findings`] is what is wrong.
//! - [`census`], [`memory`], [`vitals`]: what must be gone in the end.

pub(crate) mod args;
mod ask;
mod audit;
mod books;
mod caller;
mod census;
mod core;
mod findings;
mod inner;
mod memory;
mod mortal;
mod nap;
mod one_call;
mod origin;
mod plan;
mod play;
mod progress;
mod reader;
mod record;
pub(crate) mod report;
pub(crate) mod run;
mod tally;
mod vitals;
mod web;
mod world;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use self::{args::Args, run::Run};

fn main() -> ExitCode {
    let args = Args::from_command_line();
    match soak(&args, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn soak(args: &Args, out: &mut dyn Write) -> io::Result<bool> {
    let seed = args.seed.unwrap_or_else(rand::random);
    writeln!(
        out,
        "{} s, {} tasks on {} workers, {} keys in each pool, --seed {seed}",
        args.seconds,
        args.tasks,
        args.workers(),
        args.keys,
    )?;
    let report = Run::new(args, seed)?.report(out)?;
    writeln!(out, "{report}")?;
    Ok(report.is_clean())
}
