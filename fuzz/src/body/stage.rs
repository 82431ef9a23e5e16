//! Where everybody stands, and what has come from upstream so far.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Wake, Waker},
};

use http::HeaderMap;
use http_body::SizeHint;
use tower_pool::http::SharedBody;

use super::{
    input::{Event, Input, Says, Who},
    kept::Kept,
};

pub(super) struct Stage {
    pub(super) says: Says,
    pub(super) tells_end: bool,
    max_lag: u64,
    /// What the upstream gives next.
    pub(super) events: VecDeque<Event>,
    /// What it gave so far.
    pub(super) frames: Vec<Sent>,
    pub(super) end: Option<End>,
    /// What it said last of what is still to come.
    pub(super) said: (u64, Option<u64>),
    pub(super) says_length: bool,
    pub(super) polling: bool,
    pub(super) polls: u64,
    pub(super) dropped: bool,
    /// The waker of its last poll, and is it yet to be woken?
    pub(super) waker: Option<Waker>,
    pub(super) armed: bool,
    pub(super) readers: Vec<Reader>,
    /// Of those who left.
    pub(super) left: Vec<Arc<Bell>>,
    pub(super) kept: Kept,
}

/// A frame: where its data is, and how much.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sent {
    Data(usize, u64),
    Trailers(HeaderMap),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Clean,
    Error(u8),
    Panic,
}

pub(super) struct Reader {
    /// Not while it is polled.
    pub(super) body: Option<SharedBody>,
    /// How many frames it has read.
    pub(super) next: usize,
    pub(super) fate: Fate,
    pub(super) bells: [Arc<Bell>; 2],
    /// Which of them it waits on.
    pub(super) waits: Option<usize>,
}

/// What becomes of a reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    Reading,
    /// It fell too far behind or came too late, and is yet to be told.
    Lost,
    /// It was told.
    ToldLost,
    /// It got the end, or the error that is the end.
    Over,
}

/// A waker that counts, and how often it should have been woken.
#[derive(Default)]
pub(super) struct Bell {
    pub(super) rung: AtomicUsize,
    pub(super) due: AtomicUsize,
}

impl Stage {
    pub(super) fn new(input: &Input) -> Self {
        let over = input.born_over.then_some(Event::End);
        Self {
            says: input.says,
            tells_end: input.tells_end || input.born_over,
            max_lag: u64::from(input.max_lag),
            events: over.into_iter().collect(),
            frames: Vec::new(),
            end: None,
            said: (0, None),
            says_length: false,
            polling: false,
            polls: 0,
            dropped: false,
            waker: None,
            armed: false,
            readers: Vec::new(),
            left: Vec::new(),
            kept: Kept::default(),
        }
    }

    pub(super) fn opened(&mut self, hint: &SizeHint, body: SharedBody) {
        self.says_length = hint.exact().is_some();
        let reader = self.newcomer(body);
        self.readers.push(reader);
    }

    pub(super) fn pick(&self, who: Who) -> Option<usize> {
        let at = usize::from(who.0).checked_rem(self.readers.len())?;
        // The one that polls the upstream is out of reach.
        self.readers[at].body.is_some().then_some(at)
    }

    pub(super) fn body(&self, at: usize) -> Option<&SharedBody> {
        self.readers[at].body.as_ref()
    }

    /// One that begins at the start, if that is still there.
    pub(super) fn newcomer(&self, body: SharedBody) -> Reader {
        let fate = if self.first() == 0 {
            Fate::Reading
        } else {
            Fate::Lost
        };
        Reader {
            body: Some(body),
            next: 0,
            fate,
            bells: Default::default(),
            waits: None,
        }
    }

    /// The first frame that somebody is still to read.
    pub(super) fn first(&self) -> usize {
        let standing = self.readers.iter().filter(|reader| reader.stands());
        let first = standing.map(|reader| reader.next).min();
        first.unwrap_or(self.frames.len())
    }

    /// Its body is to be dropped while nothing is locked: the upstream may go
    /// with it.
    pub(super) fn leaves(&mut self, at: usize) -> Option<SharedBody> {
        let reader = self.readers.remove(at);
        self.left.extend(reader.bells);
        reader.body
    }

    pub(super) fn bytes_from(&self, next: usize) -> u64 {
        self.frames[next..].iter().map(Sent::bytes).sum()
    }

    /// The upstream gives a frame: whoever is too far behind now has lost the
    /// rest. The newest bytes do not count.
    pub(super) fn send(&mut self, sent: Sent) {
        self.frames.push(sent);
        let newest = self.frames.iter().rposition(|frame| frame.bytes() > 0);
        let behind = |next: usize| {
            let lacks_older = newest.is_some_and(|newest| {
                let older = self.frames[..newest].iter().skip(next);
                older.map(Sent::bytes).sum::<u64>() > 0
            });
            lacks_older && self.bytes_from(next) > self.max_lag
        };
        let lost: Vec<_> = self
            .readers
            .iter()
            .map(|reader| behind(reader.next))
            .collect();
        for (reader, lost) in self.readers.iter_mut().zip(lost) {
            if lost && reader.fate == Fate::Reading {
                reader.fate = Fate::Lost;
            }
        }
    }

    /// The most that may be kept: what a reader may be behind, or the newest bytes.
    pub(super) fn may_keep(&self) -> u64 {
        let newest = self.frames.iter().rev().map(Sent::bytes);
        let newest = newest.into_iter().find(|bytes| *bytes > 0);
        self.max_lag.max(newest.unwrap_or(0))
    }

    pub(super) fn upstream_is_polled(&mut self, waker: &Waker) {
        assert!(!self.dropped && !self.polling);
        assert_eq!(self.end, None, "the upstream is polled after its end");
        self.polls += 1;
        self.polling = true;
        self.armed = true;
        self.waker = Some(waker.clone());
    }

    pub(super) fn upstream_waits(&mut self) {
        self.polling = false;
    }

    /// That concerns all who wait; while it is polled, once that is over.
    pub(super) fn upstream_wakes(&mut self) {
        self.armed = false;
        if !self.polling {
            self.all_are_woken();
        }
    }

    pub(super) fn all_are_woken(&mut self) {
        for reader in &mut self.readers {
            if let Some(hand) = reader.waits.take() {
                reader.bells[hand].due.fetch_add(1, Relaxed);
            }
        }
    }
}

impl Sent {
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Data(_, len) => *len,
            Self::Trailers(_) => 0,
        }
    }
}

impl Reader {
    /// Does it keep what it is still to read, and the upstream?
    pub(super) fn stands(&self) -> bool {
        matches!(self.fate, Fate::Reading | Fate::Over)
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.fate, Fate::ToldLost | Fate::Over)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.fetch_add(1, Relaxed);
    }
}
