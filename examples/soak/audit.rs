//! Holds what a pool says of itself against its books.
//!
//! A pool counts flights (`led`) and those who came to them; the books know each
//! caller and each call, but not which callers were in one flight. Who was solo,
//! released, answered with another's call, or saw a panic, both know, and must
//! agree. Three sums tie the rest of the one to the other:
//!
//! - **Callers.** Each of them joined, went solo, or led the flight it made. What
//!   else was led was led by one who was counted already: after a retry, or after
//!   the loss of a runtime. So
//!   `led + joined + solo = callers + retried + led anew`.
//! - **Flights.** The call of each was begun, or the flight ended before that. Of
//!   the latter the books have no trace but callers who went without a poll, and
//!   there is one of those at least in each. So
//!   `led = begun + not begun`, and not begun are no more than were not polled.
//! - **Ends.** A call that came to no outcome was cancelled, or lost with its
//!   runtime. So `dropped + not begun = cancelled + lost`.
//!
//! Where runtimes last, nothing is led anew and nothing is lost: the first and
//! the third sum are **exact** there. Else there are **bounds**:
//!
//! - Where runtimes are lost, so are calls. How many cannot be known from outside,
//!   but it is no more than the calls that were dropped after a poll in such a
//!   runtime, and no more are led anew than were lost.
//! - Who joins a body that is arriving (`Join::UntilBody`) may have taken a place
//!   in a flight just before, and is counted for both: as if it were led anew, in a
//!   flight that may not be begun. That takes a head which comes in the same
//!   microsecond: not one in ten of those who join.
//! - A leader may give its call to a task, and all may leave before that runs: a
//!   flight that is not begun although somebody was polled. That takes two who
//!   leave in the same microseconds; those who joined and were not polled, who make
//!   up for it in the bound, are many times more.

use tower_pool::Stats;

use super::{
    books::{Books, Rules},
    report::Check,
    tally::Tally,
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
        ends_aboard: ends,
        ends_alone: alone,
        ..
    } = &tally;
    let sums = Sums::new(stats, &tally);
    let mut checks = vec![
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
            stats.solo == solo.all(),
            format!("{} solo, {} by the books", stats.solo, solo.all()),
        ),
        check(
            sums.hidden_are_due(&books.rules, &tally) && released.unbegun == 0,
            format!(
                "{} released, {} by the books, of whom {} began no call",
                stats.released,
                released.all(),
                released.unbegun,
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
        sums.callers(books, stats, &tally),
        sums.flights(books, stats, &tally),
        sums.ends(books, stats, &tally),
    ];
    // Elsewhere the ends say how many there may be.
    if books.rules.finishes && !books.rules.loses_runtimes {
        checks.push(check(
            sums.dropped == 0,
            format!("{} begun calls of flights were dropped", sums.dropped),
        ));
    }
    checks
}

/// Flights that were led by a follower after the loss of a runtime.
pub(crate) fn led_anew(books: &Books, stats: &Stats) -> u64 {
    match books.rules.loses_runtimes {
        true => Sums::new(stats, &books.tally()).led_anew.try_into(),
        false => Ok(0),
    }
    .unwrap_or(0)
}

/// For short runs, of which a tenth is no figure.
const A_FEW: i64 = 10;

/// Signed: what is out of balance may be less than nothing.
struct Sums {
    /// Released callers whom the books take to have been aboard.
    hidden: i64,
    led_anew: i64,
    /// Calls of flights, begun and dropped.
    dropped: i64,
    begun: i64,
    unbegun: i64,
    /// Calls lost with a runtime.
    lost: i64,
}

impl Sums {
    fn new(stats: &Stats, tally: &Tally) -> Self {
        let hidden = number(stats.released) - number(tally.released.all());
        let begun = number(tally.aboard.begun()) - hidden;
        let dropped = number(tally.aboard.dropped()) - hidden;
        let came = number(stats.led + stats.joined + stats.solo);
        let unbegun = number(stats.led) - begun;
        Self {
            hidden,
            led_anew: came - number(tally.callers + stats.retried),
            dropped,
            begun,
            unbegun,
            lost: dropped + unbegun - number(stats.cancelled),
        }
    }

    /// Where it is hidden, a released caller who left before it had an answer is
    /// taken to have been aboard, and its call to have been dropped there.
    fn hidden_are_due(&self, rules: &Rules, tally: &Tally) -> bool {
        match rules.hides_released {
            true => (0..=number(tally.aboard.dropped())).contains(&self.hidden),
            false => self.hidden == 0,
        }
    }

    fn callers(&self, books: &Books, stats: &Stats, tally: &Tally) -> Check {
        let most = match books.rules {
            Rules {
                loses_runtimes: true,
                ..
            } => self.lost,
            Rules {
                joins_late: true, ..
            } => A_FEW + number(stats.joined) / 10,
            _ => 0,
        };
        Check::new(
            (0..=most).contains(&self.led_anew),
            format!(
                "{}: led {} + joined {} + solo {} = callers {} + retried {} + led anew {}, of {most} at most",
                books.name,
                stats.led,
                stats.joined,
                stats.solo,
                tally.callers,
                stats.retried,
                self.led_anew,
            ),
        )
    }

    fn flights(&self, books: &Books, stats: &Stats, tally: &Tally) -> Check {
        let most = match books.rules.joins_late {
            true => number(tally.unpolled) + self.led_anew,
            false => number(tally.unpolled),
        };
        Check::new(
            (0..=most).contains(&self.unbegun),
            format!(
                "{}: led {} = begun {} + not begun {}, of {most} at most",
                books.name, stats.led, self.begun, self.unbegun,
            ),
        )
    }

    fn ends(&self, books: &Books, stats: &Stats, tally: &Tally) -> Check {
        let most = match books.rules.loses_runtimes {
            true => number(tally.dropped_there),
            false => 0,
        };
        Check::new(
            (0..=most).contains(&self.lost),
            format!(
                "{}: dropped {} + not begun {} = cancelled {} + lost {}, of {most} at most",
                books.name, self.dropped, self.unbegun, stats.cancelled, self.lost,
            ),
        )
    }
}

fn number(count: u64) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
