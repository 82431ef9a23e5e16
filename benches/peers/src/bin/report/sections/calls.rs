//! The cases that count calls and polls: slow inner, cancel.

use peers::cases::{Cancel, Slow, runners};

use crate::{
    args::Args,
    chart::number,
    page::{Panel, Section, Target, table},
    turns::{in_turns, median_of_any},
};

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
