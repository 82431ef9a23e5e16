//! A stampede: a thousand callers ask a web server for ten expensive things, all
//! at once, first without a pool and then with one. Everything is real: the
//! server, the HTTP between them, the work, and every number that is printed.
//!
//! ```text
//! cargo run --release --features axum --example stampede
//! cargo run --release --features axum --example stampede -- --help
//! ```
//!
//! Both runs share all code but for one line, the one with the `PoolLayer`:
//!
//! - [`args`]: the command line.
//! - [`workload`]: the axum app, which counts the calls that reach its handler.
//! - [`server`]: whatever app it is given, on a port.
//! - [`callers`]: the stampede, which checks every answer.
//! - [`run`]: one run, measured.
//! - [`table`] and [`chart`]: both runs in numbers and in a picture; [`axis`] is
//!   what the charts are drawn on.
//!
//! A pool keeps no answers. A caller who comes when the call for its key is just
//! over sets off the next one, so that a round may take several calls per key.

mod args;
mod axis;
mod callers;
mod chart;
mod run;
mod server;
mod table;
mod workload;

use std::{
    error::Error as StdError,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    thread::available_parallelism,
};

use tokio::runtime;
use tower_pool::PoolLayer;

use self::{
    args::Args,
    callers::Crowd,
    run::Run,
    workload::{Calls, Workload},
};

/// Whatever ends the program early, with a message for whoever started it.
type Error = Box<dyn StdError + Send + Sync>;

fn main() -> ExitCode {
    let args = Args::from_command_line();
    match start(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stampede: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

fn start(args: &Args) -> Result<(), Error> {
    // The work keeps a core busy, so more threads than cores would not get more
    // of it done. They would only make the run without a pool look worse.
    let cores = available_parallelism().map_or(1, usize::from);
    runtime::Builder::new_multi_thread()
        .max_blocking_threads(cores)
        .enable_all()
        .build()?
        .block_on(stampede(args))
}

async fn stampede(args: &Args) -> Result<(), Error> {
    let workload = Arc::new(Workload::new(args.file.clone(), args.work));
    let crowd = Crowd::gather(args, &workload).await?;
    // Not `println!`, which panics when nobody reads on.
    let mut out = io::stdout();
    writeln!(out, "{crowd}.\n{workload}.")?;

    let calls = Calls::default();
    let app = workload::app(&workload, &calls);
    let unpooled = Run::measure("unpooled", app, &calls, &crowd).await?;

    let calls = Calls::default();
    let app = workload::app(&workload, &calls).layer(PoolLayer::http());
    let pooled = Run::measure("pooled", app, &calls, &crowd).await?;

    writeln!(out, "{}", table::of(&unpooled, &pooled))?;
    writeln!(out, "{}", table::verdict(&unpooled, &pooled))?;

    chart::draw(&unpooled, &pooled, &crowd.to_string(), &args.svg)?;
    writeln!(out, "The picture of it is {}.", args.svg.display())?;
    Ok(())
}

/// The message of `error` and of what led to it, on one line.
fn with_causes(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}
