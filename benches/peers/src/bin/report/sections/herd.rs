//! The section on herds.

use std::time::Duration;

use indicatif::HumanCount;
use peers::cases::{Herd, HerdTimes, notify_floor, runners};

use super::lowest;
use crate::{
    args::Args,
    chart::number,
    page::{Panel, Section, Target, table},
    turns::{in_turns, median},
};

pub(super) fn section(args: &Args) -> Section {
    let mut section = Section {
        id: "herd",
        title: "Herds: from the opening of the gate to the last answer",
        text: "Tasks on one thread make the same call, whose work waits at a gate. Joining is from the first call until \
               all wait; answering is from the opening of the gate until the last task has its answer. Both are for each \
               caller. The floor is the same tasks, waiting for one `tokio::sync::Notify`."
            .to_owned(),
        tables: Vec::new(),
        panels: Vec::new(),
        targets: Vec::new(),
    };
    let herds = [
        (2, 1_001),
        (10, 1_001),
        (100, 501),
        (1_000, 101),
        (100_000, 9),
    ];
    // The largest takes a minute, and shows no more than the others that all works.
    for (callers, turns) in herds.into_iter().take(if args.quick { 4 } else { 5 }) {
        measure(&mut section, callers, args.turns(turns));
    }
    section
}

fn measure(section: &mut Section, callers: usize, turns: usize) {
    let runners = runners::<Herd>();
    let floor = std::cell::RefCell::new(Vec::new());
    let what = format!("{} callers", HumanCount(callers as u64));
    let figures = in_turns(&format!("herd, {what}"), &runners, turns, |_| {
        let herd = Herd { callers };
        floor.borrow_mut().push(notify_floor(&herd));
        herd
    });
    let floor = floor.into_inner();
    let each = |figures: &[HerdTimes], of: fn(&HerdTimes) -> Duration| {
        median(
            figures
                .iter()
                .map(|f| of(f).as_secs_f64() * 1e9 / callers as f64),
        )
    };
    let (floor_join, floor_answers) = (each(&floor, |f| f.join), each(&floor, |f| f.answers));

    let mut rows = table(["", "join, ns", "of the floor", "answer, ns", "of the floor"]);
    let mut bars = Vec::new();
    let mut row = |name: &str, join: f64, answers: f64| {
        rows.add_row([
            name.to_owned(),
            number(join),
            format!("{:.2}", join / floor_join),
            number(answers),
            format!("{:.2}", answers / floor_answers),
        ]);
    };
    row("the floor: one Notify", floor_join, floor_answers);
    let answers: Vec<_> = figures.iter().map(|f| each(f, |f| f.answers)).collect();
    for ((runner, figures), answers) in runners.iter().zip(&figures).zip(&answers) {
        row(runner.name, each(figures, |f| f.join), *answers);
        bars.push((runner.name.to_owned(), *answers));
    }
    section.tables.push((what.clone(), rows));
    // Two callers are hardly a herd: they are in the table.
    if callers > 2 {
        section.panels.push(Panel {
            caption: format!("{what}; ns for each"),
            bars,
            floor: Some(floor_answers),
        });
    }
    if callers < 1_000 {
        return;
    }
    let survivors = runners.iter().zip(&answers).skip(1);
    let survivors = survivors.filter(|(runner, _)| runner.survives_its_leader);
    let (name, best) = lowest(survivors.map(|(runner, answers)| (runner.name, *answers)));
    let ours = answers[0];
    section.targets.push(Target {
        what: format!("{what}: at most 1.05 of the floor"),
        seen: format!("{:.2}", ours / floor_answers),
        met: ours <= 1.05 * floor_answers,
    });
    section.targets.push(Target {
        what: format!("{what}: below every peer whose followers survive their leader"),
        seen: format!("{:.2} of {name}", ours / best),
        met: ours < best,
    });
    section.targets.push(Target {
        what: format!("{what}: at most 1.1 of `Shared`"),
        seen: format!("{:.2} of {name}", ours / best),
        met: ours <= 1.1 * best,
    });
}
