//! The cases that count calls and polls: mixed, slow inner, cancel.

use peers::cases::{Cancel, Mixed, Slow, runners, task_floor};

use crate::{
    args::Args,
    chart::number,
    page::{Panel, Section, Target, table},
    turns::{in_turns, median, median_of_any},
};

pub(super) fn mixed(args: &Args) -> Section {
    let mut runners = runners::<Mixed>();
    runners.retain(|runner| !runner.keeps_answers);
    let (turns, calls) = (args.turns(21), args.size(64_000));
    let figures = in_turns("mixed", &runners, turns, |turn| Mixed {
        calls,
        seed: turn as u64,
    });
    let mut rows = table([
        "",
        "answers per second (higher is better)",
        "inner calls per 1,000 answers",
        "of those handed over",
    ]);
    let mut bars = Vec::new();
    let mut seen = Vec::new();
    for (runner, figures) in runners.iter().zip(&figures) {
        let answers = median(figures.iter().map(|f| f.answers_per_second));
        let inner = median(figures.iter().map(|f| f.inner_calls));
        let handed_over = median(figures.iter().map(|f| f.handed_over));
        rows.add_row([
            runner.name.to_owned(),
            number(answers),
            format!("{inner:.1}"),
            format!("{handed_over:.1}"),
        ]);
        bars.push((runner.name.to_owned(), 1e9 / answers));
        seen.push((answers, inner, handed_over));
    }
    let ours = seen[0];
    let most = seen[1..].iter().map(|s| s.0).fold(0.0, f64::max);
    let fewest = seen[1..].iter().map(|s| s.1).fold(f64::MAX, f64::min);
    // Of both threads, for each answer.
    let whole = 2e9 / ours.0;
    let task = median((0..args.turns(21)).map(|_| task_floor()));
    let handing_over = task * ours.2 / 1e3;
    Section {
        id: "mixed",
        title: "Mixed: popular and rare keys on two threads",
        text: format!(
            "64 tasks on two worker threads make {} calls in all, of 1,000 keys by Zipf's law with exponent 1.0. The work \
             is woken once, after 50 µs. Medians of {turns} turns. quick_cache is not here, since it keeps its answers \
             and would make 1,000 calls.\n\n\
             So that nobody depends on the caller that began a call, tower-pool hands each that is shared over to a task: \
             {:.0} for 1,000 answers. To have a task finish a call takes at least {task:.0} ns of a thread in this run, \
             which is {handing_over:.0} ns for each answer, of the {whole:.0} that it has of both threads. All peers but \
             Shared leave such a call with its caller.",
            number(calls as f64),
            ours.2,
        ),
        tables: vec![(String::new(), rows)],
        panels: vec![Panel {
            caption: "ns of the run for each answer".to_owned(),
            bars,
            floor: None,
        }],
        targets: vec![
            Target {
                what: "answers per second above every peer".to_owned(),
                seen: format!("{:.2} of the best peer's", ours.0 / most),
                met: ours.0 > most,
            },
            Target {
                what: "inner calls no more than the best".to_owned(),
                seen: format!("{:.1} to {fewest:.1} per 1,000 answers", ours.1),
                met: ours.1 <= fewest,
            },
        ],
    }
}

pub(super) fn slow(args: &Args) -> Section {
    let (followers, wakes) = (args.size(1_000), 100);
    let runners = runners::<Slow>();
    let figures = in_turns("slow inner", &runners, 1, |_| Slow { followers, wakes });
    let mut rows = table([
        "",
        "polls of all callers",
        "polls of the inner call",
        "polls while nothing happens",
    ]);
    let mut bars = Vec::new();
    for (runner, figures) in runners.iter().zip(&figures) {
        let polls = figures[0].callers;
        let inner = figures[0].inner;
        let idle = match figures[0].idle {
            0 => "0".to_owned(),
            polls => format!("they spin: {polls}"),
        };
        rows.add_row([
            runner.name.to_owned(),
            polls.to_string(),
            inner.to_string(),
            idle,
        ]);
        bars.push((runner.name.to_owned(), polls as f64));
    }
    let callers = followers as u64 + 1;
    Section {
        id: "slow",
        title: "Slow inner call: polls of those who wait",
        text: format!(
            "A leader and {} followers wait for a call that is woken {wakes} times before it is done. Counted are the polls \
             of all of them after they have joined; one each, {callers}, is what the answer itself takes. Where the leader \
             drives the call, {wakes} more are its own. All come to rest before the call is woken again. Those who do not, \
             since they wake themselves, are stopped: after two polls each at that, and after ten before the first wake, \
             while nothing happens.",
            number(followers as f64),
        ),
        tables: vec![(String::new(), rows)],
        panels: vec![Panel {
            caption: "polls".to_owned(),
            bars,
            floor: Some(callers as f64),
        }],
        targets: vec![Target {
            what: format!("one poll for each of {callers} callers"),
            seen: figures[0][0].callers.to_string(),
            met: figures[0][0].callers == callers,
        }],
    }
}

pub(super) fn cancel(args: &Args) -> Section {
    let followers = 100;
    let turns = args.turns(101);
    let runners = runners::<Cancel>();
    let figures = in_turns("cancel", &runners, turns, |_| Cancel { followers });
    let mut rows = table([
        "",
        "µs to the last answer",
        "inner calls",
        "followers with an error",
    ]);
    let mut bars = Vec::new();
    for (runner, figures) in runners.iter().zip(&figures) {
        let hung = figures.iter().filter(|f| f.time.is_none()).count();
        let times = figures.iter().filter_map(|f| f.time);
        let time = median_of_any(times.map(|time| time.as_secs_f64() * 1e6));
        let calls = figures.iter().map(|f| f.calls).max().unwrap_or(0);
        let errors = figures.iter().map(|f| f.errors).max().unwrap_or(0);
        // A picture has no bar for those who ever hang.
        let shown = match time {
            Some(time) if hung == 0 => {
                bars.push((runner.name.to_owned(), time));
                number(time)
            }
            _ => format!("hang in {hung} turns"),
        };
        rows.add_row([
            runner.name.to_owned(),
            shown,
            calls.to_string(),
            errors.to_string(),
        ]);
    }
    let calls = figures[0].iter().map(|f| f.calls).max().unwrap_or(0);
    let errors = figures[0].iter().map(|f| f.errors).max().unwrap_or(0);
    let hung = figures[0].iter().filter(|f| f.time.is_none()).count();
    Section {
        id: "cancel",
        title: "Cancel: the leader is dropped while others wait",
        text: format!(
            "{followers} followers wait; their leader is dropped, and the gate is opened. The time is from the drop to the \
             last answer, the median of {turns} turns; calls and errors are the most of any turn."
        ),
        tables: vec![(String::new(), rows)],
        panels: vec![Panel {
            caption: "µs to the last answer, or error".to_owned(),
            bars,
            floor: None,
        }],
        targets: vec![Target {
            what: "no second inner call, no error".to_owned(),
            seen: format!("{calls} call, {errors} errors, {hung} hang"),
            met: (calls, errors, hung) == (1, 0, 0),
        }],
    }
}
