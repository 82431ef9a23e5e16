//! What random programs come to: a check that is never put to the test would
//! pass, too.

use std::{array, fmt, ops::AddAssign};

use tower_pool::Stats;

/// What comes about seldom, or only if several things fall together.
#[derive(Clone, Copy, Debug)]
pub enum Rare {
    /// A flight that lost its runtime is led by another.
    LedAnew,
    /// One whose call was lost is answered with another's.
    Recovered,
    /// One whose call was lost is told so, as nobody could make another.
    Stranded,
    /// One whose call was lost with its runtime goes on with it.
    HasItsCallBack,
    /// A call that has not begun is turned away by a runtime that is gone.
    TurnedAway,
    /// Callers poll a call in turn, for want of a task.
    PolledForAll,
    /// A caller is polled in a runtime that is gone.
    PolledInLostRuntime,
    /// The last one out leaves a task to find out that it is over.
    TaskAbandoned,
    /// A call goes on in a task for nobody, and ends there.
    FinishedForNobody,
    /// Or it is lost with the task.
    LostForNobody,
    OutOfRetries,
    /// A newcomer finds a flight that is too old, and leads another.
    TooOld,
    /// A newcomer finds a flight full.
    Full,
    /// A flight that somebody was aboard of is forgotten.
    Forgotten,
    /// A leader looks late for an outcome that was kept for it.
    Kept,
    /// Whoever was woken called at once.
    CalledBack,
    /// The policy panics.
    JudgePanicked,
    /// The inner service fails to get ready.
    Unready,
}

impl Rare {
    pub const ALL: [Self; 18] = [
        Self::LedAnew,
        Self::Recovered,
        Self::Stranded,
        Self::HasItsCallBack,
        Self::TurnedAway,
        Self::PolledForAll,
        Self::PolledInLostRuntime,
        Self::TaskAbandoned,
        Self::FinishedForNobody,
        Self::LostForNobody,
        Self::OutOfRetries,
        Self::TooOld,
        Self::Full,
        Self::Forgotten,
        Self::Kept,
        Self::CalledBack,
        Self::JudgePanicked,
        Self::Unready,
    ];
}

#[derive(Clone, Default)]
pub struct Meter {
    /// Steps that were made, and those of them that there was somebody for.
    pub steps: usize,
    pub played: usize,
    rare: [u64; Rare::ALL.len()],
    stats: Stats,
}

impl Meter {
    pub fn met(&mut self, what: Rare) {
        self.rare[what as usize] += 1;
    }

    /// What the pool says that it has done, in the end.
    pub fn read(&mut self, stats: &Stats) {
        self.stats = *stats;
    }

    /// Each by its name, with how often it was met.
    pub fn all(&self) -> Vec<(String, u64)> {
        let stats = &self.stats;
        let rare = Rare::ALL.map(|what| (format!("{what:?}"), self.rare[what as usize]));
        [
            ("led", stats.led),
            ("joined", stats.joined),
            ("solo", stats.solo),
            ("shared", stats.shared),
            ("released", stats.released),
            ("retried", stats.retried),
            ("cancelled", stats.cancelled),
            ("panicked", stats.panicked),
        ]
        .map(|(what, times)| (what.to_owned(), times))
        .into_iter()
        .chain(rare)
        .collect()
    }
}

impl AddAssign for Meter {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.played += other.played;
        self.rare = array::from_fn(|what| self.rare[what] + other.rare[what]);
        let (sum, more) = (&mut self.stats, other.stats);
        sum.led += more.led;
        sum.joined += more.joined;
        sum.solo += more.solo;
        sum.shared += more.shared;
        sum.released += more.released;
        sum.retried += more.retried;
        sum.cancelled += more.cancelled;
        sum.panicked += more.panicked;
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} steps, {} of them played", self.steps, self.played)?;
        for (what, times) in self.all() {
            write!(f, "\n{times:>8} {what}")?;
        }
        Ok(())
    }
}
