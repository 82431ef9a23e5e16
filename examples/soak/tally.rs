//! What became of callers and their calls, in sum.

use super::record::{End, Progress, Sheet, Standing};

/// What became of the callers whose records are closed, and of their calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) callers: u64,
    pub(crate) aboard: Calls,
    pub(crate) solo: Calls,
    pub(crate) released: Calls,
    /// How it ended for callers who were aboard to the end, and for the others.
    pub(crate) ends_aboard: Ends,
    pub(crate) ends_alone: Ends,
    /// Calls in flights that were dropped, and polled last in a runtime that
    /// does not last.
    pub(crate) dropped_there: u64,
    /// Callers aboard who were dropped before they were polled.
    pub(crate) unpolled: u64,
    pub(crate) judged_retry: u64,
    pub(crate) judge_panicked: u64,
    /// Readers who were too far behind.
    pub(crate) cut_off: u64,
}

/// How it ended for callers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    /// Answered with the outcome of their own call.
    pub(crate) own: u64,
    /// Answered with another's outcome, and had never led.
    pub(crate) followed: u64,
    /// Answered with another's outcome, after the loss of their own call.
    pub(crate) recovered: u64,
    pub(crate) left: u64,
    pub(crate) panicked: u64,
    pub(crate) stranded: u64,
}

impl Ends {
    pub(crate) fn answered(&self) -> u64 {
        self.own + self.followed + self.recovered
    }
}

/// What became of calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) unbegun: u64,
    /// Dropped while they waited for readiness.
    pub(crate) waited: u64,
    /// The inner service failed to get ready.
    pub(crate) unready: u64,
    /// The inner service was called, and they were dropped before the end.
    pub(crate) cut: u64,
    pub(crate) completed: u64,
    pub(crate) panicked: u64,
}

impl Calls {
    pub(crate) fn begun(&self) -> u64 {
        self.waited + self.unready + self.called()
    }

    pub(crate) fn all(&self) -> u64 {
        self.begun() + self.unbegun
    }

    /// Calls of the inner service.
    pub(crate) fn called(&self) -> u64 {
        self.cut + self.completed + self.panicked
    }

    /// Begun, and dropped without an outcome.
    pub(crate) fn dropped(&self) -> u64 {
        self.waited + self.cut
    }

    fn add(&mut self, progress: Progress) {
        *match progress {
            Progress::Unbegun => &mut self.unbegun,
            Progress::Begun => &mut self.waited,
            Progress::Unready => &mut self.unready,
            Progress::Called => &mut self.cut,
            Progress::Completed => &mut self.completed,
            Progress::Panicked => &mut self.panicked,
        } += 1;
    }
}

impl Tally {
    /// Counts a record that is closed.
    pub(super) fn add(&mut self, sheet: &Sheet) {
        self.callers += 1;
        match sheet.standing {
            Standing::Aboard => &mut self.aboard,
            Standing::Solo => &mut self.solo,
            Standing::Released => &mut self.released,
        }
        .add(sheet.progress);
        let (aboard, begun) = (
            sheet.standing == Standing::Aboard,
            sheet.progress != Progress::Unbegun,
        );
        let dropped = matches!(sheet.progress, Progress::Begun | Progress::Called);
        self.dropped_there += u64::from(aboard && dropped && sheet.in_mortal_runtime);
        self.unpolled += u64::from(aboard && sheet.polls == 0);
        let ends = match aboard {
            true => &mut self.ends_aboard,
            false => &mut self.ends_alone,
        };
        *match sheet.end {
            End::Waits | End::Left => &mut ends.left,
            End::Own => &mut ends.own,
            End::Anothers if begun => &mut ends.recovered,
            End::Anothers => &mut ends.followed,
            End::Panicked => &mut ends.panicked,
            End::Stranded => &mut ends.stranded,
        } += 1;
    }

    pub(crate) fn answered(&self) -> u64 {
        self.ends_aboard.answered() + self.ends_alone.answered()
    }
}
