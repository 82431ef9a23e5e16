//! Each case: run, put into tables and panels, and held against its targets.

mod calls;
mod clones;
mod herd;
mod lone;
mod memory;
mod mixed;

use crate::{
    args::{Args, CaseName},
    page::Section,
};

pub(crate) fn run(args: &Args) -> Vec<Section> {
    type Run = fn(&Args) -> Section;
    let all: [(CaseName, Run); 7] = [
        (CaseName::Lone, lone::section),
        (CaseName::Herd, herd::section),
        (CaseName::Mixed, mixed::section),
        (CaseName::Slow, calls::slow),
        (CaseName::Cancel, calls::cancel),
        (CaseName::Memory, memory::section),
        (CaseName::Clone, clones::section),
    ];
    let wanted = all.into_iter().filter(|(case, _)| args.wants(*case));
    wanted.map(|(_, section)| section(args)).collect()
}

/// The lowest of some, with its name.
fn lowest<'a>(values: impl Iterator<Item = (&'a str, f64)>) -> (&'a str, f64) {
    values
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .expect("there are peers")
}
