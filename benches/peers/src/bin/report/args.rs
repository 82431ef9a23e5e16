//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Runs tower-pool and its peers over the same work, and writes what it saw.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// The folder to write RESULTS.md and the pictures to
    #[arg(long, value_name = "DIR", default_value = "benches")]
    pub(crate) out: PathBuf,
    /// A few turns of small cases only, to see that everything works
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only these cases
    #[arg(long, value_enum, value_name = "CASE", value_delimiter = ',')]
    pub(crate) only: Vec<CaseName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CaseName {
    Lone,
    Herd,
    Mixed,
    Slow,
    Cancel,
    Memory,
    Clone,
}

impl Args {
    /// Says what is wrong before minutes are spent.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.out.is_dir() {
            return Err(format!(
                "--out {}: there is no such folder",
                self.out.display()
            ));
        }
        let writes_for_good =
            self.out.canonicalize().ok() == PathBuf::from("benches").canonicalize().ok();
        if writes_for_good && (self.quick || !self.only.is_empty()) {
            return Err(format!(
                "--out {}: results of --quick or --only would replace those of a whole run; name another folder",
                self.out.display()
            ));
        }
        if cfg!(debug_assertions) && !self.quick {
            return Err(
                "figures of a debug build mean nothing: run it with --release, or with --quick"
                    .to_owned(),
            );
        }
        Ok(())
    }

    pub(crate) fn wants(&self, case: CaseName) -> bool {
        self.only.is_empty() || self.only.contains(&case)
    }

    /// So many turns, or few.
    pub(crate) fn turns(&self, whole: usize) -> usize {
        if self.quick {
            whole.div_ceil(50)
        } else {
            whole
        }
    }

    /// So many calls, or few.
    pub(crate) fn size(&self, whole: usize) -> usize {
        if self.quick {
            whole.div_ceil(50)
        } else {
            whole
        }
    }
}
