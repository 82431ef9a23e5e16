//! What came out: checks, each with its figure.

use std::fmt;

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
        let failed = self.checks.iter().filter(|check| !check.passed).count();
        let total = self.checks.len();
        match failed {
            0 => write!(f, "All {total} checks have passed"),
            _ => write!(f, "{failed} of {total} checks have FAILED"),
        }?;
        write!(f, "; seed {}.", self.seed)
    }
}
