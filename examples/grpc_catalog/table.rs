//! All runs in numbers.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use crate::crowd::Run;

/// A line for each run.
pub(crate) fn of(runs: &[Run]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        "",
        "connections",
        "calls made",
        "reached the server",
        "wall time",
        "calls/s",
    ]);
    for run in runs {
        let seconds = run.wall.as_secs_f64();
        table.add_row([
            run.name.to_owned(),
            run.connections.to_string(),
            run.made.to_string(),
            run.arrived.to_string(),
            format!("{seconds:.3} s"),
            format!("{:.0}", run.made as f64 / seconds),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
