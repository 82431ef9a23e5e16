//! The calls that the models make, and what they see.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use crate::sync::Mutex;

/// Where the calls of one key arrive.
#[derive(Debug, Default)]
pub(crate) struct Site {
    begun: AtomicUsize,
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
    /// Where a call may be polled when a later one has begun: because a flight
    /// was forgotten, or finishes for nobody, or lets its callers go alone.
    pub(crate) fn of_several() -> Self {
        Self {
            several: true,
            ..Self::default()
        }
    }

    /// How many calls have begun.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(SeqCst)
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
        let number = *self
            .number
            .get_or_insert_with(|| site.begun.fetch_add(1, SeqCst) + 1);
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
        match &self.course {
            Course::Yield | Course::Panic if begins => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Course::Panic => std::panic::resume_unwind(Box::new("the call panics")),
            Course::Gate(gate) if !gate.is_open_for(cx.waker()) => return Poll::Pending,
            Course::Ready | Course::Yield | Course::Gate(_) => {}
        }
        Poll::Ready(Ok(Answer {
            number,
            _site: Arc::clone(&self.site),
        }))
    }
}

/// Holds a call up until it is opened.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<(bool, Option<Waker>)>);

impl Gate {
    fn is_open_for(&self, waker: &Waker) -> bool {
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
