//! The page of results.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

use crate::{args::Args, machine};

/// One case, as it is reported.
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// What was run, and how to read it.
    pub(crate) text: String,
    pub(crate) tables: Vec<(String, Table)>,
    pub(crate) panels: Vec<Panel>,
    pub(crate) targets: Vec<Target>,
}

/// One part of a picture: a bar for each peer.
pub(crate) struct Panel {
    pub(crate) caption: String,
    pub(crate) bars: Vec<(String, f64)>,
    /// What nobody can be below.
    pub(crate) floor: Option<f64>,
}

/// What was to be reached, and what was.
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) seen: String,
    pub(crate) met: bool,
}

impl Section {
    pub(crate) fn picture(&self) -> String {
        format!("{}.svg", self.id)
    }
}

/// An empty table with these columns; all but the first are numbers.
pub(crate) fn table<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header(columns);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

pub(crate) fn targets(sections: &[Section]) -> String {
    let mut targets = table(["target", "seen", "met"]);
    for (section, target) in sections
        .iter()
        .flat_map(|section| section.targets.iter().map(move |target| (section, target)))
    {
        let met = if target.met { "yes" } else { "**no**" };
        targets.add_row([
            format!("{}: {}", section.id, target.what),
            target.seen.clone(),
            met.to_owned(),
        ]);
    }
    targets.to_string()
}

pub(crate) fn render(sections: &[Section], args: &Args) -> String {
    let mut page = String::from("# Results\n\n");
    let _ = writeln!(
        page,
        "This page and its pictures were written by `cargo run -p peers --release --bin report`, which runs \
         tower-pool and its peers over the same work in one process, in turn. Every number is of that one run; \
         the ratios mean more than the times. Lower is better but where it says otherwise.\n\n\
         Machine: {}\n\nVersions: {}.\n",
        machine::describe(),
        machine::versions(),
    );
    if args.quick {
        page.push_str("**A quick run: the figures mean nothing.**\n\n");
    }
    let _ = writeln!(page, "## Targets\n\n{}\n", targets(sections));
    for section in sections {
        let _ = writeln!(page, "## {}\n\n{}\n", section.title, section.text);
        for (caption, table) in &section.tables {
            if !caption.is_empty() {
                let _ = writeln!(page, "{caption}:\n");
            }
            let _ = writeln!(page, "{table}\n");
        }
        let _ = writeln!(page, "![{}]({})\n", section.title, section.picture());
    }
    page
}
