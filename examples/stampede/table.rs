//! Both runs in numbers: a table, and a sentence on how they compare.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use indicatif::HumanCount;

use crate::run::Run;

/// Both runs side by side.
pub(crate) fn of(unpooled: &Run, pooled: &Run) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["", unpooled.name, pooled.name]);
    for (title, show) in ROWS {
        table.add_row([title.to_owned(), show(unpooled), show(pooled)]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

type Show = fn(&Run) -> String;

const ROWS: [(&str, Show); 8] = [
    ("callers", |run| count(run.callers)),
    ("requests answered", |run| count(run.answers.len())),
    ("inner calls", |run| count(run.calls.len())),
    ("requests per second", |run| {
        format!("{:.1}", run.requests_per_second())
    }),
    ("median latency", |run| millis(run.latency(0.5))),
    ("p99 latency", |run| millis(run.latency(0.99))),
    ("CPU time", |run| seconds(run.cpu)),
    ("wall time", |run| seconds(run.wall())),
];

/// How the runs compare. It has to read well whichever is ahead: with a single
/// caller for each key a pool has nothing to give.
pub(crate) fn verdict(unpooled: &Run, pooled: &Run) -> String {
    let share = |part: f64, whole: f64| format!("{:.1} %", 100.0 * part / whole);
    let of_time = |part: Duration, whole: Duration| share(part.as_secs_f64(), whole.as_secs_f64());
    format!(
        "With the pool, {} took {}, which is {} of the calls made without it, and {} of the CPU \
         time; it answered {:.1} times the requests per second, with {} of the median latency and \
         {} of the p99 latency.",
        counted(pooled.answers.len(), "request"),
        counted(pooled.calls.len(), "inner call"),
        share(pooled.calls.len() as f64, unpooled.calls.len() as f64),
        of_time(pooled.cpu, unpooled.cpu),
        pooled.requests_per_second() / unpooled.requests_per_second(),
        of_time(pooled.latency(0.5), unpooled.latency(0.5)),
        of_time(pooled.latency(0.99), unpooled.latency(0.99)),
    )
}

/// "1 request", "3,000 requests".
pub(crate) fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", count(number))
}

fn count(number: usize) -> String {
    HumanCount(number as u64).to_string()
}

pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
