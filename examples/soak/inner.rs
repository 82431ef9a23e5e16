//! The service inside the core pools: it does what each request says.

use std::{
    fmt,
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

use tokio::runtime::Handle;
use tower::Service;

use super::{
    ask::{Ask, whose_clone},
    census::{Alive, Census},
    mortal,
    nap::Nap,
    plan::{Ending, Readiness},
    record::{Progress, Record},
};

/// What a call comes to. It names the call that it came of.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) of: Arc<Record>,
    /// The key that the inner service found in the request.
    pub(crate) key: Option<u32>,
    _alive: Alive,
}

#[derive(Clone, Debug)]
pub(crate) struct Failure(pub(crate) Answer);

pub(crate) struct Inner {
    world: Arc<Outside>,
    /// Whose call this clone is for, and how far its readiness is.
    of: Option<Arc<Record>>,
    nap: Option<Nap>,
    ready: bool,
}

/// What the inner service has from outside.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) census: Census,
    /// Where its clock is: a runtime that lasts.
    pub(crate) home: Handle,
}

impl Inner {
    pub(crate) fn new(world: &Arc<Outside>) -> Self {
        Self {
            world: Arc::clone(world),
            of: None,
            nap: None,
            ready: false,
        }
    }
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            world: Arc::clone(&self.world),
            of: whose_clone(),
            nap: None,
            ready: false,
        }
    }
}

impl Service<Ask> for Inner {
    type Response = Answer;
    type Error = Failure;
    type Future = Call;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let of = self.of.as_ref().expect("each call has a clone of its own");
        mortal::note(of);
        if of.sheet().progress == Progress::Unbegun {
            of.progress(Progress::Begun);
            if let Readiness::Later(time) = of.work.readiness {
                self.nap = Some(Nap::new(&self.world.home, time));
            }
        }
        if let Some(nap) = &mut self.nap {
            ready!(Pin::new(nap).poll(cx));
            self.nap = None;
        }
        if of.work.readiness == Readiness::Fails {
            of.progress(Progress::Unready);
            return Poll::Ready(Err(Failure(Answer::new(of, of.key, &self.world.census))));
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ask: Ask) -> Call {
        let of = &ask.record;
        if !std::mem::take(&mut self.ready) {
            of.complain("called without readiness");
        }
        if !self.of.as_ref().is_some_and(|mine| Arc::ptr_eq(mine, of)) {
            of.complain("called with the request of another");
        }
        if of.sheet().called.is_some() {
            of.complain("called twice");
        }
        of.progress(Progress::Called);
        if of.work.ending == Ending::PanicsWhenCalled {
            panics(of);
        }
        Call {
            yields: of.work.yields,
            nap: of.work.nap,
            napping: None,
            over: false,
            _alive: self.world.census.calls.one(),
            ask,
        }
    }
}

/// The future of the inner service.
pub(crate) struct Call {
    ask: Ask,
    yields: u8,
    nap: Option<Duration>,
    napping: Option<Nap>,
    over: bool,
    _alive: Alive,
}

impl Future for Call {
    type Output = Result<Answer, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let of = &this.ask.record;
        mortal::note(of);
        if this.over {
            of.complain("polled after its end");
        }
        if let Some(time) = of.work.dawdles {
            thread::sleep(time);
        }
        if this.yields > 0 {
            this.yields -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(time) = this.nap.take() {
            this.napping = Some(Nap::new(&this.ask.world.home, time));
        }
        if let Some(nap) = &mut this.napping {
            ready!(Pin::new(nap).poll(cx));
        }
        this.over = true;
        let answer = Answer::new(of, of.key, &this.ask.world.census);
        match of.work.ending {
            Ending::Panics | Ending::PanicsWhenCalled => panics(of),
            Ending::Answers => {
                of.progress(Progress::Completed);
                Poll::Ready(Ok(answer))
            }
            Ending::Fails => {
                of.progress(Progress::Completed);
                Poll::Ready(Err(Failure(answer)))
            }
        }
    }
}

/// Panics, without a report on the program's output.
fn panics(of: &Record) -> ! {
    of.progress(Progress::Panicked);
    resume_unwind(Box::new(panic_message(of)))
}

/// What the panics of one call say, and no other's.
pub(crate) fn panic_message(of: &Record) -> String {
    match of.key {
        Some(key) => format!("{} {key}: a call panics", of.books.name),
        None => format!("{} {}: a call panics", of.books.name, of.number),
    }
}

impl Answer {
    fn new(of: &Arc<Record>, key: Option<u32>, census: &Census) -> Self {
        Self {
            of: Arc::clone(of),
            key,
            _alive: census.outcomes.one(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} fails", self.0.of.number)
    }
}

impl std::error::Error for Failure {}
