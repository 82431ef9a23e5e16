//! The command line.

use std::thread::available_parallelism;

use clap::{CommandFactory, Parser, error::ErrorKind, value_parser};

const EXPLANATION: &str = "\
Two thousand tasks ask pools for what a service makes that waits, fails and panics
by chance, and drop, hold and time out what they asked for. Then it all stops, and
nothing may be left. The exit code is 1 if a check has failed.";

/// Soaks the pools in random calls, and checks that nothing is lost or left
#[derive(Clone, Debug, Parser)]
#[command(name = "soak", after_help = EXPLANATION)]
pub(crate) struct Args {
    /// How long the load lasts, in seconds
    #[arg(long, value_name = "N", default_value_t = 60)]
    #[arg(value_parser = value_parser!(u64).range(1..=604_800))]
    pub(crate) seconds: u64,

    /// Worker threads of the runtime; as many as there are cores unless told
    #[arg(long, value_name = "N")]
    #[arg(value_parser = value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,

    /// Tasks, each of which asks for one thing after another
    #[arg(long, value_name = "N", default_value_t = 2000)]
    #[arg(value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) tasks: u32,

    /// Things to ask for in each pool, some far more often than others
    #[arg(long, value_name = "N", default_value_t = 1000)]
    #[arg(value_parser = value_parser!(u32).range(1..=10_000_000))]
    pub(crate) keys: u32,

    /// How much more often: the exponent of Zipf's law, 0 for all alike
    #[arg(
        long,
        value_name = "S",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    pub(crate) exponent: f64,

    /// What all choices are made from; by chance unless told
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// How long a caller may wait before it is taken to be lost, in seconds
    #[arg(long, value_name = "N", default_value_t = 30)]
    #[arg(value_parser = value_parser!(u64).range(1..=3600))]
    pub(crate) patience: u64,
}

impl Args {
    /// Reads and checks the command line. Ends the program with a message if
    /// there is something wrong with it.
    pub(crate) fn from_command_line() -> Self {
        let args = Self::parse();
        if let Err(complaint) = args.check() {
            let kind = ErrorKind::ValueValidation;
            Self::command().error(kind, complaint).exit()
        }
        args
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { exponent, .. } = self;
        if !(0.0..=10.0).contains(exponent) {
            return Err(format!("--exponent {exponent} is not in 0..=10"));
        }
        if u64::from(self.workers()) > u64::from(self.tasks) {
            return Err(format!(
                "--workers {} is more than --tasks {}: some workers would have nothing to do",
                self.workers(),
                self.tasks
            ));
        }
        Ok(())
    }

    pub(crate) fn workers(&self) -> u16 {
        self.workers.unwrap_or_else(|| {
            let cores = available_parallelism().map_or(2, usize::from);
            cores.min(self.tasks as usize).try_into().unwrap_or(1024)
        })
    }
}
