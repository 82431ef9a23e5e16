//! Peers in turn, so that all see the same machine, however it drifts.

use indicatif::{ProgressBar, ProgressStyle};
use peers::cases::{Case, Runner};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::watchdog::Watchdog;

/// Has each runner run the case of each turn, and returns the figures by runner.
///
/// Each turn has another order: caches and the allocator are as the one before
/// has left them, and that is not to be the same one each time.
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
    let names = runners.iter().map(|runner| runner.name).collect();
    let watchdog = Watchdog::new(what, names);
    let mut figures: Vec<_> = runners.iter().map(|_| Vec::with_capacity(turns)).collect();
    let mut order: Vec<_> = (0..runners.len()).collect();
    let mut random = StdRng::seed_from_u64(turns as u64);
    for turn in 0..turns {
        let case = case(turn);
        order.shuffle(&mut random);
        for &index in &order {
            watchdog.watch(index);
            figures[index].push((runners[index].run)(&case));
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    figures
}

/// None of no values.
pub(crate) fn median_of_any(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    median_of_any(values).expect("there was a turn")
}
