//! What came out: checks, each with its figure.

use std::fmt;

use tower_pool::Stats;

use super::findings::Findings;

#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) passed: bool,
    pub(crate) what: String,
}

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) checks: Vec<Check>,
    /// What each pool says that it has done.
    pub(crate) stats: Vec<Stats>,
    /// What no counter of a pool tells of, by its name: how often it came about.
    pub(crate) besides: Vec<(&'static str, u64)>,
}

impl Check {
    pub(crate) fn new(passed: bool, what: impl Into<String>) -> Self {
        Self {
            passed,
            what: what.into(),
        }
    }

    /// Of what was found while the load was on.
    pub(crate) fn of_findings(findings: &Findings) -> Self {
        let mut what = format!("{} complaints of callers and calls", findings.count());
        for finding in findings.words() {
            what.push_str("\n       - ");
            what.push_str(&finding);
        }
        Self::new(findings.count() == 0, what)
    }
}

impl Report {
    /// What all pools together have done.
    pub(crate) fn in_all(&self, of: fn(&Stats) -> u64) -> u64 {
        self.stats.iter().map(of).sum()
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.passed { "ok" } else { "FAILED" };
        write!(f, "{mark:>6} {}", self.what)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            writeln!(f, "{check}")?;
        }
        writeln!(
            f,
            "In all: {} led, {} joined, {} solo, {} shared, {} released, {} retried, {} cancelled, {} panicked.",
            self.in_all(|stats| stats.led),
            self.in_all(|stats| stats.joined),
            self.in_all(|stats| stats.solo),
            self.in_all(|stats| stats.shared),
            self.in_all(|stats| stats.released),
            self.in_all(|stats| stats.retried),
            self.in_all(|stats| stats.cancelled),
            self.in_all(|stats| stats.panicked),
        )?;
        let besides: Vec<_> = self
            .besides
            .iter()
            .map(|(what, times)| format!("{times} {what}"))
            .collect();
        writeln!(f, "Besides: {}.", besides.join(", "))?;
        let failed = self.checks.iter().filter(|check| !check.passed).count();
        let total = self.checks.len();
        match failed {
            0 => write!(f, "All {total} checks have passed"),
            _ => write!(f, "{failed} of {total} checks have FAILED"),
        }?;
        write!(f, "; seed {}.", self.seed)
    }
}
