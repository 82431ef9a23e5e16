//! Peers in turn, so that all see the same machine, however it drifts.

use indicatif::{ProgressBar, ProgressStyle};
use peers::cases::{Case, Runner};

/// Has each runner run the case of each turn, and returns the figures by runner.
pub(crate) fn in_turns<C: Case>(
    what: &str,
    runners: &[Runner<C>],
    turns: usize,
    case: impl Fn(usize) -> C,
) -> Vec<Vec<C::Figures>> {
    let style = ProgressStyle::with_template("{msg:28} {wide_bar} {pos}/{len}");
    let progress = ProgressBar::new((turns * runners.len()) as u64)
        .with_message(what.to_owned())
        .with_style(style.expect("a template"));
    let mut figures: Vec<_> = runners.iter().map(|_| Vec::with_capacity(turns)).collect();
    for turn in 0..turns {
        let case = case(turn);
        for (runner, figures) in runners.iter().zip(&mut figures) {
            figures.push((runner.run)(&case));
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    figures
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
