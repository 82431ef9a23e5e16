//! The section on lone calls.

use std::cell::Cell;

use comfy_table::Table;
use peers::{
    Bare, Key,
    cases::{HttpKeys, Lone, LoneCost, Runner, parking_floor, runners},
};

use super::lowest;
use crate::{
    args::Args,
    chart::number,
    page::{Panel, Section, Target, table},
    turns::{in_turns, median},
};

const CALLS: u64 = 2_000;

pub(super) fn section(args: &Args) -> Section {
    let mut section = Section {
        id: "lone",
        title: "Lone calls: what sharing adds to a call that nobody shares",
        text: format!(
            "Every call has another key, so that nothing is shared. The time is what a call takes less what it takes \
             with the bare work, the median of {} turns of {CALLS} calls each; the bare work itself is in the caption. \
             Allocations are all that a call makes, those of the key and the work included (the work makes none).\n\n\
             After a yield, tower-pool leaves the call where others can go on with it if its caller is held or dropped. \
             The peers keep it with its caller instead. Two uncontended locks, a clone of a waker and one of a runtime's \
             handle, as that takes at least, cost {:.0} ns in this run.",
            args.turns(101),
            median((0..args.turns(101)).map(|_| parking_floor())),
        ),
        tables: Vec::new(),
        panels: Vec::new(),
        targets: Vec::new(),
    };
    let http = HttpKeys::new();
    // No key comes twice, whatever the turn.
    let next = Cell::new(0);
    let number = move || next.replace(next.get() + 1);
    for (yields, inner) in [(0, "ready at once"), (1, "ready after one yield")] {
        measure(
            args,
            &mut section,
            &format!("u64 key, {inner}"),
            yields,
            &number,
        );
        let string = || format!("{:060}", number());
        measure(
            args,
            &mut section,
            &format!("60-byte key, {inner}"),
            yields,
            string,
        );
        let request = || http.key(number());
        measure(
            args,
            &mut section,
            &format!("HTTP key, {inner}"),
            yields,
            request,
        );
    }
    section
}

fn measure<K: Key>(
    args: &Args,
    section: &mut Section,
    what: &str,
    yields: u32,
    key: impl Fn() -> K,
) {
    let mut runners = runners::<Lone<K>>();
    runners.insert(0, Runner::of::<Bare<_>>());
    let figures = in_turns(&format!("lone, {what}"), &runners, args.turns(101), |_| {
        Lone {
            keys: (0..CALLS).map(|_| key()).collect(),
            yields,
        }
    });
    let bare = median(figures[0].iter().map(LoneCost::nanos));
    let added = |figures: &[LoneCost], bare: &[LoneCost]| {
        median(figures.iter().zip(bare).map(|(f, b)| f.nanos() - b.nanos()))
    };
    let added: Vec<f64> = figures.iter().map(|f| added(f, &figures[0])).collect();
    let allocations = |of: usize| median(figures[of].iter().map(LoneCost::allocations));

    let mut rows: Table = table(["", "ns added", "of tower-pool's", "allocations"]);
    let mut bars = Vec::new();
    for (index, runner) in runners.iter().enumerate().skip(1) {
        rows.add_row([
            runner.name.to_owned(),
            format!("{:.0}", added[index]),
            format!("{:.2}", added[index] / added[1]),
            format!("{:.2}", allocations(index)),
        ]);
        bars.push((runner.name.to_owned(), added[index]));
    }
    let caption = format!("{what}; ns added to {} of the bare work", number(bare));
    section.tables.push((caption.clone(), rows));
    section.panels.push(Panel {
        caption,
        bars,
        floor: None,
    });

    let peers = || runners.iter().zip(&added).skip(2);
    let named = |(runner, added): (&Runner<_>, &f64)| (runner.name, *added);
    let (safest, safe) = lowest(peers().filter(|(r, _)| r.survives_its_leader).map(named));
    let (fastest, fast) = lowest(peers().map(named));
    section.targets.push(Target {
        what: format!("{what}: at most 0.7 of the best peer whose followers survive their leader"),
        seen: format!("{:.2} of {safest}", added[1] / safe),
        met: added[1] <= 0.7 * safe,
    });
    section.targets.push(Target {
        what: format!("{what}: below every peer"),
        seen: format!("{:.2} of {fastest}", added[1] / fast),
        met: added[1] < fast,
    });
    let added_allocations = allocations(1) - allocations(0);
    section.targets.push(Target {
        what: format!("{what}: at most 2 allocations"),
        seen: format!("{added_allocations:.2}"),
        met: added_allocations <= 2.0,
    });
}
