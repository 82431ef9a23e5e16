//! The books of one pool: what its callers and its inner service have seen, to
//! be held against what it says itself.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::{
    findings::Findings,
    one_call::{Flown, History},
    record::{End, Record, Sheet, Standing},
    tally::Tally,
};

#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) name: &'static str,
    pub(crate) rules: Rules,
    pub(crate) findings: Arc<Findings>,
    clock: Instant,
    opened: AtomicU64,
    tally: Mutex<Tally>,
    /// Callers who wait, by number.
    waiting: Mutex<HashMap<u64, Weak<Record>>>,
    /// When each key was last forgotten.
    forgotten: Box<[AtomicU64]>,
    /// Kept where nothing but `forget` shuts a flight before its end.
    history: Option<History>,
}

/// What is special about a pool.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules {
    /// Do runtimes that drive its flights shut down?
    pub(crate) loses_runtimes: bool,
    pub(crate) max_callers: Option<usize>,
    pub(crate) max_age: Option<Duration>,
    /// Is a call that has begun never dropped for want of callers?
    pub(crate) finishes: bool,
    /// Is a caller known to be released only once it is answered?
    pub(crate) hides_released: bool,
    /// May callers join an answer that others have seen the beginning of?
    pub(crate) joins_late: bool,
}

impl Rules {
    /// Is a flight open until its end, unless it is forgotten?
    fn shuts_no_flight(&self) -> bool {
        !self.loses_runtimes
            && !self.joins_late
            && self.max_callers.is_none()
            && self.max_age.is_none()
    }
}

impl Books {
    pub(crate) fn new(
        name: &'static str,
        rules: Rules,
        keys: u32,
        findings: &Arc<Findings>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            rules,
            findings: Arc::clone(findings),
            clock: Instant::now(),
            opened: AtomicU64::new(0),
            tally: Mutex::default(),
            waiting: Mutex::default(),
            forgotten: (0..keys).map(|_| AtomicU64::new(0)).collect(),
            history: rules.shuts_no_flight().then(|| History::new(keys)),
        })
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Numbers a new record.
    pub(super) fn open(&self) -> u64 {
        self.opened.fetch_add(1, SeqCst)
    }

    /// Enters a record that everybody is done with.
    pub(super) fn close(&self, record: &Record, sheet: &Sheet) {
        if let Some(beside) = self.led_beside_another(record, sheet) {
            self.findings.add(format!(
                "{}: key {:?} had two calls at once: call {}, {sheet:?}, and {beside}",
                self.name, record.key, record.number
            ));
        }
        self.tally.lock().add(sheet);
    }

    /// Another call of its key that this one should have joined, or it this one.
    fn led_beside_another(&self, record: &Record, sheet: &Sheet) -> Option<Flown> {
        let (history, key, called) = (self.history.as_ref()?, record.key?, sheet.called?);
        // Where it is hidden who was released, only an answer tells.
        let led = sheet.standing == Standing::Aboard
            && (sheet.end == End::Own || !self.rules.hides_released);
        let call = Flown {
            number: record.number,
            asked: record.asked,
            called,
            ended: sheet.ended,
            witnessed: sheet.witnessed,
        };
        if led { history.add(key, call) } else { None }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally.lock().clone()
    }

    /// Records that are not closed.
    pub(crate) fn open_records(&self) -> u64 {
        let closed = self.tally.lock().callers;
        self.opened.load(SeqCst) - closed
    }

    pub(crate) fn policy_says_retry(&self) {
        self.tally.lock().judged_retry += 1;
    }

    pub(crate) fn policy_panics(&self) {
        self.tally.lock().judge_panicked += 1;
    }

    pub(crate) fn reader_is_cut_off(&self) {
        self.tally.lock().cut_off += 1;
    }

    /// Has the pool told to forget a key.
    pub(crate) fn forget<T>(&self, key: u32, forget: impl FnOnce() -> T) {
        let before = self.now();
        if let Some(history) = &self.history {
            history.forgets(key, before, true);
        }
        forget();
        if let Some(history) = &self.history {
            history.forgets(key, self.now(), false);
        }
        self.forgotten[key as usize].fetch_max(nanos(before), SeqCst);
    }

    pub(super) fn forgotten(&self, key: u32) -> Option<Duration> {
        match self.forgotten[key as usize].load(SeqCst) {
            0 => None,
            at => Some(Duration::from_nanos(at)),
        }
    }

    pub(super) fn waits(&self, record: &Arc<Record>) {
        let weak = Arc::downgrade(record);
        self.waiting.lock().insert(record.number, weak);
    }

    pub(super) fn waits_no_more(&self, record: &Record) {
        self.waiting.lock().remove(&record.number);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }

    /// Complains of callers who have waited for longer than this, and returns
    /// whether there are any.
    pub(crate) fn complain_of_lost(&self, patience: Duration) -> bool {
        let waiting: Vec<_> = self.waiting.lock().values().cloned().collect();
        let now = self.now();
        let waiting = waiting.iter().filter_map(Weak::upgrade);
        let lost: Vec<_> = waiting
            .filter(|record| now.saturating_sub(record.asked) > patience)
            .collect();
        for record in &lost {
            record.complain(format_args!(
                "at {now:?} it has waited for more than {patience:?}"
            ));
        }
        !lost.is_empty()
    }
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos().try_into().unwrap_or(u64::MAX)
}
