//! The section on memory.

use peers::cases::{Memory, runners};

use crate::{
    args::Args,
    chart::number,
    page::{Panel, Section, Target, table},
    turns::in_turns,
};

/// Of the key, which is the request.
const REQUEST: f64 = size_of::<u64>() as f64;

pub(super) fn section(args: &Args) -> Section {
    let (waiting, ended) = (args.size(10_000), args.size(1_000_000) as u64);
    let runners = runners::<Memory>();
    let figures = in_turns("memory", &runners, 1, |_| Memory { waiting, ended });
    let mut rows = table([
        "",
        "bytes of a flight",
        "allocations",
        "bytes of a follower",
        "allocations",
        "left: cancelled",
        "failed",
        "panicked",
    ]);
    let (mut flights, mut followers) = (Vec::new(), Vec::new());
    for (runner, figures) in runners.iter().zip(&figures) {
        let figures = figures[0];
        let left = figures.left.map(|bytes| number(bytes as f64));
        let [cancelled, failed, panicked] = left;
        rows.add_row([
            runner.name.to_owned(),
            number(figures.flight_bytes),
            format!("{:.1}", figures.flight_allocations),
            number(figures.follower_bytes),
            format!("{:.1}", figures.follower_allocations),
            cancelled,
            failed,
            panicked,
        ]);
        flights.push((runner.name.to_owned(), figures.flight_bytes));
        followers.push((runner.name.to_owned(), figures.follower_bytes));
    }
    let ours = figures[0][0];
    let left = ours.left.map(|bytes| number(bytes as f64)).join(", ");
    Section {
        id: "memory",
        title: "Memory: of those who wait, and of those who are gone",
        text: format!(
            "{} callers that wait, each with a key of its own (flights) or all with one key (followers), polled by hand: \
             bytes and allocations of each, its future included. Then {} flights, one after another, each with a key of \
             its own, are cancelled, fail or panic: bytes that are left in all. Below 0 is what was allocated while the first \
             2,000, which are not counted, ended.",
            number(waiting as f64),
            number(ended as f64),
        ),
        tables: vec![(String::new(), rows)],
        panels: vec![
            Panel {
                caption: "bytes of a flight with one caller".to_owned(),
                bars: flights,
                floor: None,
            },
            Panel {
                caption: "bytes of one more follower".to_owned(),
                bars: followers,
                floor: None,
            },
        ],
        targets: vec![
            Target {
                what: "nothing left of flights that were cancelled, failed or panicked".to_owned(),
                seen: format!("{left} bytes"),
                met: ours.left == [0; 3],
            },
            Target {
                what: "a follower costs at most 160 bytes besides its own request".to_owned(),
                seen: format!("{:.0} bytes", ours.follower_bytes - REQUEST),
                met: ours.follower_bytes - REQUEST <= 160.0,
            },
        ],
    }
}
