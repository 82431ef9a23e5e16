//! The section on clones of a large answer.

use peers::cases::{Clones, runners};

use crate::{
    args::Args,
    chart::number,
    page::{Panel, Section, table},
    turns::{in_turns, median},
};

pub(super) fn section(args: &Args) -> Section {
    let callers = 8;
    let turns = args.turns(51);
    let runners = runners::<Clones>();
    let figures = in_turns("clone", &runners, turns, |_| Clones { callers });
    let mut rows = table([
        "",
        "clones",
        "at the same time, at most",
        "µs to the last answer",
    ]);
    let mut bars = Vec::new();
    for (runner, figures) in runners.iter().zip(&figures) {
        let time = median(figures.iter().map(|f| f.time.as_secs_f64() * 1e6));
        let clones: Vec<_> = figures.iter().map(|f| f.clones).collect();
        let (least, most) = (clones.iter().min(), clones.iter().max());
        let (least, most) = (least.unwrap_or(&0), most.unwrap_or(&0));
        let range = if least == most {
            format!("{most}")
        } else {
            format!("{least} to {most}")
        };
        let at_once = figures.iter().map(|f| f.at_once).max().unwrap_or(0);
        rows.add_row([
            runner.name.to_owned(),
            range,
            at_once.to_string(),
            number(time),
        ]);
        bars.push((runner.name.to_owned(), time));
    }
    Section {
        id: "clone",
        title: "Clone: an answer of 1 MiB for eight callers on two threads",
        text: format!(
            "How many clones are made of a `Vec` of 1 MiB, and how many at the same time at most, over {turns} turns; the \
             time from the opening of the gate to the last answer is the median. Callers less one are enough, if no two take the last one at once."
        ),
        tables: vec![(String::new(), rows)],
        panels: vec![Panel {
            caption: "µs to the last answer".to_owned(),
            bars,
            floor: None,
        }],
        targets: Vec::new(),
    }
}
