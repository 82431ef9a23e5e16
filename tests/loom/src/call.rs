//! The calls that the models make, and what they see.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use loom::sync::mpsc::Sender;

use crate::{
    sync::Mutex,
    world::{Guest, World},
};

/// Where the calls of one key arrive.
#[derive(Debug, Default)]
pub(crate) struct Site {
    begun: AtomicUsize,
    polls: AtomicUsize,
    /// How many of those were not dropped yet.
    alive: AtomicUsize,
    may_be_given_up: bool,
    several: bool,
}

/// One call to a [`Site`]. It begins when it is first polled.
pub(crate) struct Call {
    site: Arc<Site>,
    number: Option<usize>,
    course: Course,
}

/// What a call does when it is polled.
#[derive(Clone)]
pub(crate) enum Course {
    /// Is ready.
    Ready,
    /// Waits once, for as long as it takes to be polled again.
    Yield,
    /// Waits for a gate.
    Gate(Arc<Gate>),
    /// Waits once, and then panics.
    Panic,
    /// Makes a caller of its own key, and then waits for a gate.
    Ask(Ask),
}

/// A call that asks for what it is itself the answer to.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) world: World,
    /// Polls its caller once, for somebody else who has this waker.
    pub(crate) waker: Waker,
    /// Where that somebody gets the caller from.
    pub(crate) guests: Sender<Guest>,
    pub(crate) gate: Arc<Gate>,
}

/// The number of the call that it is from, the first being 1.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) number: usize,
    /// So that an answer which is left anywhere is found at the end.
    _site: Arc<Site>,
}

#[derive(Clone, Debug)]
pub(crate) struct Failure;

impl Site {
    /// Where a call may be given up: by its last caller, or with its runtime. It
    /// is dropped with no lock held, and so perhaps after the next has begun.
    pub(crate) fn of_given_up() -> Self {
        Self {
            may_be_given_up: true,
            ..Self::default()
        }
    }

    /// Where a call may also be polled when a later one has begun: because a flight
    /// was forgotten, or finishes for nobody, or lets its callers go alone.
    pub(crate) fn of_several() -> Self {
        Self {
            several: true,
            ..Self::of_given_up()
        }
    }

    /// How many calls have begun.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(SeqCst)
    }

    /// How often all of them were polled.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    /// Is a call under way?
    pub(crate) fn is_busy(&self) -> bool {
        self.alive.load(SeqCst) > 0
    }

    /// A call begins. Returns its number.
    fn begin(&self) -> usize {
        let alive = self.alive.fetch_add(1, SeqCst);
        assert!(alive == 0 || self.may_be_given_up, "two are alive");
        self.begun.fetch_add(1, SeqCst) + 1
    }
}

impl Call {
    pub(crate) fn new(site: &Arc<Site>, course: Course) -> Self {
        Self {
            site: Arc::clone(site),
            number: None,
            course,
        }
    }

    /// Which of its site's calls this is, from its first poll on.
    fn number(&mut self) -> usize {
        let site = &self.site;
        let number = *self.number.get_or_insert_with(|| site.begin());
        assert!(
            site.several || number == site.begun(),
            "one is polled that was replaced"
        );
        number
    }
}

impl Future for Call {
    type Output = Result<Answer, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let begins = self.number.is_none();
        let number = self.number();
        self.site.polls.fetch_add(1, SeqCst);
        match &self.course {
            Course::Yield | Course::Panic if begins => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Course::Panic => std::panic::resume_unwind(Box::new("the call panics")),
            Course::Ask(ask) if begins => ask.ask(),
            Course::Ready | Course::Yield | Course::Gate(_) | Course::Ask(_) => {}
        }
        if let Course::Gate(gate) | Course::Ask(Ask { gate, .. }) = &self.course {
            if !gate.is_open_for(cx.waker()) {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(Answer {
            number,
            _site: Arc::clone(&self.site),
        }))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.number.is_some() {
            self.site.alive.fetch_sub(1, SeqCst);
        }
    }
}

impl Ask {
    fn ask(&self) {
        let mut guest = self.world.call(Course::Ready);
        let poll = guest.poll(&mut Context::from_waker(&self.waker));
        assert!(poll.is_pending(), "it waits for the call that asks");
        self.guests.send(guest).expect("somebody waits for it");
    }
}

/// Holds a call up until it is opened.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<(bool, Option<Waker>)>);

impl Gate {
    pub(crate) fn is_open_for(&self, waker: &Waker) -> bool {
        let clone = waker.clone();
        let mut state = self.0.lock();
        let before = state.1.replace(clone);
        let is_open = state.0;
        drop(state);
        drop(before);
        is_open
    }

    pub(crate) fn open(&self) {
        let waker = {
            let mut state = self.0.lock();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
