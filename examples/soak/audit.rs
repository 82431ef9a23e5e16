//! Holds what a pool says of itself against its books.
//!
//! A pool counts flights (`led`) and those who came to them; the books know each
//! caller and each call, but not which callers were in one flight. Two sums tie
//! the one to the other:
//!
//! - **Callers.** Each of them joined, went solo, or led the flight it made. What
//!   else was led was led by one who was counted already: after a retry, or after
//!   the loss of a runtime. So
//!   `led + joined + solo = callers + retried + led anew after a loss`.
//! - **Inner calls.** Each flight, each solo and each release is one call. It was
//!   made; or its readiness failed; or it was dropped before it was made. Of the
//!   flights that were never begun there is no trace in the books: they are
//!   those that were cancelled without a begun call being dropped. So
//!   `led + solo + released = inner calls + never made`, where never made are
//!   those unready, those that waited to be ready, those solo that were not
//!   polled, and `cancelled - dropped` flights that were not begun.
//!
//! And each caller who was aboard ended in one way: it was answered by another's
//! call, by its own, or by another's after its own was lost; it was released; it
//! left; it saw a panic, or that its call was lost.
//!
//! Where runtimes are lost, so are calls: they are dropped and not cancelled. How
//! many cannot be known from outside, but both sums say it, and it is no more than
//! the calls that were dropped in such a runtime. In other pools there are none,
//! and both sums are exact.
//!
//! Who joins a body that is arriving (`Join::UntilBody`) may have taken a place in
//! a flight just before, and is counted for both: for those there is a bound.

use tower_pool::Stats;

use super::{
    books::{Books, Rules},
    report::Check,
    tally::{Calls, Tally},
};

/// What a pool has to come out at, once nobody asks any more.
pub(crate) fn of(books: &Books, stats: &Stats, in_flight: usize) -> Vec<Check> {
    let tally = books.tally();
    let name = books.name;
    let check = |passed, what| Check::new(passed, format!("{name}: {what}"));
    let Tally {
        aboard,
        solo,
        released,
        ..
    } = &tally;
    let hidden = number(stats.released) - all(released);
    // Released callers who left before they had an answer, where that is hidden:
    // they were taken to be aboard, and their calls were dropped.
    let hidden_is_due = match books.rules.hides_released {
        true => (0..=number(aboard.dropped())).contains(&hidden),
        false => hidden == 0,
    };
    let sums = Sums::new(stats, &tally, hidden);
    let (anew, lost) = (sums.led_anew, sums.lost);
    let Rules {
        loses_runtimes,
        joins_late,
        ..
    } = books.rules;
    let losses_are_due = if loses_runtimes {
        0 <= anew && anew <= lost && lost <= number(tally.dropped_there)
    } else {
        lost == 0 && (anew == 0 || joins_late && anew > 0)
    };
    let (ends, alone) = (&tally.ends_aboard, &tally.ends_alone);
    let may_drop = !books.rules.finishes || loses_runtimes;
    vec![
        check(
            may_drop || aboard.dropped() == 0,
            format!(
                "{} begun calls of flights were dropped",
                number(aboard.dropped()) - hidden
            ),
        ),
        check(
            books.waiting() == 0 && books.open_records() == 0,
            format!(
                "{} callers have ended, {} of them answered; {} wait, {} are not closed",
                tally.callers,
                tally.answered(),
                books.waiting(),
                books.open_records(),
            ),
        ),
        check(in_flight == 0, format!("{in_flight} in flight")),
        check(
            stats.solo == all(solo) as u64,
            format!("{} solo, {} by the books", stats.solo, all(solo)),
        ),
        check(
            hidden_is_due,
            format!(
                "{} released, {} by the books",
                stats.released,
                all(released)
            ),
        ),
        check(
            stats.shared == ends.followed && alone.followed == 0,
            format!("{} shared, {} by the books", stats.shared, ends.followed),
        ),
        check(
            stats.panicked == aboard.panicked + tally.judge_panicked,
            format!(
                "{} panicked; by the books {} calls and {} policies",
                stats.panicked, aboard.panicked, tally.judge_panicked
            ),
        ),
        check(
            stats.retried <= tally.judged_retry,
            format!(
                "{} retried, after {} verdicts to retry",
                stats.retried, tally.judged_retry
            ),
        ),
        check(
            losses_are_due,
            format!(
                "led {} + joined {} + solo {} = callers {} + retried {} + led anew {anew}, of {lost} lost, of {} dropped there",
                stats.led,
                stats.joined,
                stats.solo,
                tally.callers,
                stats.retried,
                tally.dropped_there,
            ),
        ),
        check(
            number(stats.led + stats.joined) - number(stats.retried) - anew
                == number(stats.released + ends.all()) - hidden,
            format!(
                "led {} + joined {} - retried {} - led anew {anew} = shared {} + released {} + own {} + recovered {} + left {} + saw a panic {} + had lost their call {}",
                stats.led,
                stats.joined,
                stats.retried,
                ends.followed,
                stats.released,
                ends.own,
                ends.recovered,
                number(ends.left) - hidden,
                ends.panicked,
                ends.stranded,
            ),
        ),
        sums.inner_calls(name, stats, &tally, losses_are_due),
    ]
}

/// Signed: what is out of balance may be less than nothing.
struct Sums {
    /// Flights led by a follower after the loss of a runtime.
    led_anew: i64,
    /// Calls lost with a runtime.
    lost: i64,
    /// Flights that were never begun.
    unbegun: i64,
}

impl Sums {
    fn new(stats: &Stats, tally: &Tally, hidden: i64) -> Self {
        let begun = number(tally.aboard.begun()) - hidden;
        let dropped = number(tally.aboard.dropped()) - hidden;
        let came = number(stats.led + stats.joined + stats.solo);
        let lost = number(stats.led) - begun + dropped - number(stats.cancelled);
        Self {
            led_anew: came - number(tally.callers + stats.retried),
            lost,
            unbegun: number(stats.cancelled) - (dropped - lost),
        }
    }

    fn inner_calls(&self, name: &str, stats: &Stats, tally: &Tally, passed: bool) -> Check {
        let kinds = [&tally.aboard, &tally.solo, &tally.released];
        let sum = |of: fn(&Calls) -> u64| kinds.iter().map(|calls| of(calls)).sum::<u64>();
        Check::new(
            passed && self.unbegun >= 0,
            format!(
                "{name}: led {} + solo {} + released {} = inner calls {} + unready {} + dropped while not ready {} + solo not polled {} + flights not begun {} (cancelled {})",
                stats.led,
                stats.solo,
                stats.released,
                sum(Calls::called),
                sum(|calls| calls.unready),
                sum(|calls| calls.waited),
                tally.solo.unbegun,
                self.unbegun,
                stats.cancelled,
            ),
        )
    }
}

fn all(calls: &Calls) -> i64 {
    number(calls.begun() + calls.unbegun)
}

fn number(count: u64) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
