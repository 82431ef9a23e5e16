//! A logarithmic axis that fits its data: where it begins and ends, where its
//! ticks are, and what is written at them.
//!
//! plotters has one too, but that labels either all of 10, 20, 30, ... or the
//! powers of ten alone, of which a short axis may not have a single one.

use std::{ops::Range, time::Duration};

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// Begins and ends at a tick.
#[derive(Clone)]
pub(crate) struct LogAxis {
    start: f64,
    end: f64,
    ticks: Vec<f64>,
}

impl LogAxis {
    /// An axis that has room for all of `range`, which has to be above zero.
    pub(crate) fn fit(range: Range<f64>) -> Self {
        let steps = || (-7..=7).flat_map(|exponent| [1, 2, 5].map(|n| (n, round(n, exponent))));
        let below = steps().rfind(|&(_, step)| step <= range.start);
        let above = steps().find(|&(_, step)| step >= range.end);
        let start = below.map_or(range.start, |(_, step)| step);
        let end = above.map_or(range.end, |(_, step)| step);

        let is_long = end > 100.0 * start;
        let ticks = steps()
            .filter(|&(n, step)| start <= step && step <= end && (n == 1 || !is_long))
            .map(|(_, step)| step)
            .collect();
        Self { start, end, ticks }
    }

    /// Cuts it into pieces that look equally long.
    pub(crate) fn pieces(&self, number: u32) -> impl Iterator<Item = Range<f64>> {
        let cut = move |piece| self.at(f64::from(piece) / f64::from(number));
        (0..number).map(move |piece| cut(piece)..cut(piece + 1))
    }

    /// The value at `position`, which is 0 at the start and 1 at the end.
    fn at(&self, position: f64) -> f64 {
        self.start * (self.end / self.start).powf(position)
    }

    /// The reverse.
    pub(crate) fn position(&self, value: f64) -> f64 {
        (value / self.start).ln() / (self.end / self.start).ln()
    }
}

impl Ranged for LogAxis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.position(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // The light ones would be lines between the ticks.
        match hint.weight().allow_light_points() {
            true => Vec::new(),
            false => self.ticks.clone(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.start..self.end
    }
}

fn round(n: i32, exponent: i32) -> f64 {
    f64::from(n) * 10_f64.powi(exponent)
}

/// Never zero, which has no place on a logarithmic axis.
pub(crate) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64().max(1e-6)
}

/// What is written at a tick of a time axis.
pub(crate) fn time_label(seconds: &f64) -> String {
    let microseconds = (seconds * 1e6).round();
    match microseconds {
        ..1e3 => format!("{microseconds} µs"),
        1e3..1e6 => format!("{} ms", microseconds / 1e3),
        _ => format!("{} s", microseconds / 1e6),
    }
}
