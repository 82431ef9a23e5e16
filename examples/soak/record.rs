//! What is known of one caller and of the call that only it can begin.

use std::{
    fmt, mem,
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};

use super::{
    books::Books,
    plan::{Manner, Work},
};

/// Shared by a caller, its request, the call made of it, and the answers that
/// come of that. It is entered in the books when all of them are gone.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) books: Arc<Books>,
    pub(crate) number: u64,
    /// Who asked.
    pub(crate) task: u64,
    /// None: it passes the pool by.
    pub(crate) key: Option<u32>,
    pub(crate) manner: Manner,
    pub(crate) work: Work,
    /// When it asked, by the clock of the books, as all times here.
    pub(crate) asked: Duration,
    /// When its key was last forgotten before that.
    pub(crate) forgotten: Option<Duration>,
    /// When it had its place, after that.
    boarded: OnceLock<Duration>,
    sheet: Mutex<Sheet>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) standing: Standing,
    pub(crate) progress: Progress,
    pub(crate) end: End,
    /// How often the caller was polled, and when it was last.
    pub(crate) polls: u64,
    pub(crate) polled: Option<Duration>,
    /// Frames of a body that it has read.
    pub(crate) frames: u32,
    /// When the call was made, and when it came to its end.
    pub(crate) called: Option<Duration>,
    pub(crate) ended: Option<Duration>,
    /// When the first caller looked at the outcome.
    pub(crate) seen: Option<Duration>,
    /// Since when one of those was aboard who got the outcome.
    pub(crate) witnessed: Option<Duration>,
    /// Callers who got the outcome.
    pub(crate) answered: usize,
    /// Was the policy asked about it?
    pub(crate) judged: bool,
    /// Was the call polled last in a runtime that does not last?
    pub(crate) in_mortal_runtime: bool,
}

/// Where a caller is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    #[default]
    Aboard,
    /// It never was aboard.
    Solo,
    /// It was let go to its own call.
    Released,
}

/// How far the caller's own call has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It was never polled. A follower's never is.
    #[default]
    Unbegun,
    /// It waits for the inner service to be ready.
    Begun,
    /// The inner service failed to get ready.
    Unready,
    Called,
    Completed,
    Panicked,
}

/// How it ended for the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Waits,
    /// It was dropped.
    Left,
    /// It got what its own call came to.
    Own,
    /// It got what another's call came to.
    Anothers,
    /// A call panicked, or the policy.
    Panicked,
    /// Its call was lost with a runtime, and nobody was left to make another.
    Stranded,
}

impl Record {
    pub(crate) fn new(
        books: &Arc<Books>,
        task: u64,
        key: Option<u32>,
        manner: Manner,
        work: Work,
    ) -> Arc<Self> {
        Arc::new(Self {
            number: books.open(),
            task,
            key,
            manner,
            work,
            forgotten: key.and_then(|key| books.forgotten(key)),
            asked: books.now(),
            books: Arc::clone(books),
            boarded: OnceLock::new(),
            sheet: Mutex::default(),
        })
    }

    /// It has taken its place.
    pub(crate) fn boards(&self) {
        let _ = self.boarded.set(self.books.now());
    }

    pub(crate) fn boarded(&self) -> Option<Duration> {
        self.boarded.get().copied()
    }

    pub(crate) fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.sheet.lock()
    }

    /// Its caller is polled.
    pub(crate) fn is_polled(&self) {
        let now = self.books.now();
        let mut sheet = self.sheet.lock();
        sheet.polls += 1;
        sheet.polled = Some(now);
    }

    /// Its call gets on.
    pub(crate) fn progress(&self, progress: Progress) {
        let now = self.books.now();
        let mut sheet = self.sheet.lock();
        sheet.progress = progress;
        match progress {
            Progress::Unbegun | Progress::Begun => {}
            Progress::Called => sheet.called = Some(now),
            Progress::Unready | Progress::Completed | Progress::Panicked => sheet.ended = Some(now),
        }
    }

    /// Something is wrong with it.
    pub(crate) fn complain(&self, what: impl fmt::Display) {
        self.books.findings.add(format!("{what}: {self}"));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let sheet = mem::take(self.sheet.get_mut());
        self.books.close(self, &sheet);
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "caller {} of {}", self.number, self.books.name)?;
        match self.key {
            Some(key) => write!(f, ", key {key}")?,
            None => write!(f, ", without a key")?,
        }
        let sheet = self.sheet.lock().clone();
        write!(
            f,
            ", task {}, asked at {:?}, {:?}, its call: {:?}, now {sheet:?}",
            self.task, self.asked, self.manner, self.work
        )
    }
}
