//! Runs every case over this crate and its peers in one process, and writes
//! what it saw: tables, pictures, and which targets are met.
//!
//! ```text
//! cargo run -p peers --release --bin report
//! ```

mod args;
mod chart;
mod machine;
mod page;
mod sections;
mod turns;
mod watchdog;

use std::{error::Error, fs, process::ExitCode};

use clap::Parser;

use self::args::Args;

#[global_allocator]
static ALLOCATOR: peers::alloc::Counting = peers::alloc::Counting;

fn main() -> ExitCode {
    match report(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(args: &Args) -> Result<(), Box<dyn Error>> {
    args.check()?;
    // Panics are part of a case, and nothing to be told of a million times.
    std::panic::set_hook(Box::new(|panic| {
        if !panic.to_string().contains("the work panics") {
            eprintln!("{panic}");
        }
    }));
    let sections = sections::run(args);
    for section in &sections {
        let path = args.out.join(section.picture());
        chart::draw(section, &path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let path = args.out.join("RESULTS.md");
    fs::write(&path, page::render(&sections, args))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", page::targets(&sections));
    println!(
        "The tables are in {}, the pictures beside it.",
        path.display()
    );
    Ok(())
}
