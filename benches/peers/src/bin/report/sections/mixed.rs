//! Popular and rare keys: how many answers in a second, for how many calls.

use peers::cases::{Mixed, Throughput, runners, task_floor};

use super::lowest;
use crate::{
    args::Args,
    chart::number,
    page::{Panel, Section, Target, table},
    turns::{in_turns, median},
};

pub(super) fn section(args: &Args) -> Section {
    let mut runners = runners::<Mixed>();
    runners.retain(|runner| !runner.keeps_answers);
    let (turns, calls) = (args.turns(21), args.size(64_000));
    let figures = in_turns("mixed", &runners, turns, |turn| Mixed {
        calls,
        seed: turn as u64,
    });
    let figures: Vec<_> = figures.iter().map(|figures| medians(figures)).collect();
    let mut rows = table([
        "",
        "answers per second (higher is better)",
        "inner calls per 1,000 answers",
        "of those handed over",
        "answers older than their call, per 1,000",
    ]);
    let mut bars = Vec::new();
    for (runner, seen) in runners.iter().zip(&figures) {
        rows.add_row([
            runner.name.to_owned(),
            number(seen.answers_per_second),
            format!("{:.1}", seen.inner_calls),
            format!("{:.1}", seen.handed_over),
            format!("{:.1}", seen.old),
        ]);
        bars.push((runner.name.to_owned(), time_each(seen)));
    }

    let ours = figures[0];
    let peers = || runners.iter().zip(&figures).skip(1);
    let (fastest, least) = lowest(peers().map(|(runner, seen)| (runner.name, time_each(seen))));
    let safe = peers().filter(|(runner, _)| runner.survives_its_leader);
    let (safest, safe) = lowest(safe.map(|(runner, seen)| (runner.name, time_each(seen))));
    let (sparing, fewest) = lowest(peers().map(|(runner, seen)| (runner.name, seen.inner_calls)));
    let task = median((0..args.turns(21)).map(|_| task_floor()));
    let handing_over = task * ours.handed_over / 1e3;
    Section {
        id: "mixed",
        title: "Mixed: popular and rare keys on two threads",
        text: format!(
            "64 tasks on two worker threads make {} calls in all, of 1,000 keys by Zipf's law with exponent 1.0. The work \
             is woken once, after 50 µs. Medians of {turns} turns. quick_cache is not here, since it keeps its answers \
             and would make 1,000 calls. An answer is older than its call if the work was done before it was asked for: \
             it saves a call and a wait, at the price that a write in between is not seen.\n\n\
             So that nobody depends on the caller that began a call, tower-pool hands each that is shared over to a task: \
             {:.0} for 1,000 answers. All peers but Shared leave such a call with its caller. To have a task finish a call \
             takes at least {task:.0} ns of a thread in this run, which is {handing_over:.0} ns for each answer. With that, \
             the {least:.0} ns of both threads that {fastest} has for an answer would be {:.0} at least; tower-pool has {:.0}.",
            number(calls as f64),
            ours.handed_over,
            least + handing_over,
            time_each(&ours),
        ),
        tables: vec![(String::new(), rows)],
        panels: vec![Panel {
            caption: "ns of both threads for each answer".to_owned(),
            bars,
            floor: None,
        }],
        targets: vec![
            Target {
                what: "answers per second above every peer".to_owned(),
                seen: format!("{:.2} of {fastest}", least / time_each(&ours)),
                met: time_each(&ours) < least,
            },
            Target {
                what: "answers per second above every peer whose followers survive their leader"
                    .to_owned(),
                seen: format!("{:.2} of {safest}", safe / time_each(&ours)),
                met: time_each(&ours) < safe,
            },
            Target {
                what: "inner calls no more than the best".to_owned(),
                seen: format!(
                    "{:.1} to {fewest:.1} of {sparing}, per 1,000 answers",
                    ours.inner_calls
                ),
                met: ours.inner_calls <= fewest,
            },
        ],
    }
}

/// Of both threads, for each answer, in nanoseconds.
fn time_each(seen: &Throughput) -> f64 {
    2e9 / seen.answers_per_second
}

fn medians(turns: &[Throughput]) -> Throughput {
    let of = |figure: fn(&Throughput) -> f64| median(turns.iter().map(figure));
    Throughput {
        answers_per_second: of(|f| f.answers_per_second),
        inner_calls: of(|f| f.inner_calls),
        handed_over: of(|f| f.handed_over),
        old: of(|f| f.old),
    }
}
