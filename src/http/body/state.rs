//! What is known of a shared body, and what its readers do under its lock.

use std::{mem, task::Waker};

use http_body::SizeHint;

use super::{
    bookmark::{Bookmark, Phase},
    debris::Debris,
    error::SharedBodyError,
    queue::{Piece, Queue, Turn},
    upstream::{Guard, Step, Upstream},
    waiters::{Waiters, Wakers},
};

/// Where the upstream body is.
enum Place {
    /// Here. If it is `idle`, it has yet to wake those who wait for it; if it is
    /// not, nobody waits.
    In { upstream: Upstream, idle: bool },
    /// With the reader that polls it.
    Out { woken: bool },
    /// Dropped, at its end, or because of an error.
    Over(Option<SharedBodyError>),
}

/// What a reader is to do.
pub(super) enum Next {
    Return(Option<Result<Piece, SharedBodyError>>),
    /// Its waker is seated.
    Wait,
    /// To come back with a clone of its waker.
    BringWaker,
    /// To poll the upstream. Is its waker seated already?
    Drive(Upstream, bool),
}

pub(super) struct State {
    queue: Queue,
    place: Place,
    /// What is still to come from upstream, as it said last.
    hint: SizeHint,
    /// Did it say its length at first? To a reader who has yet to get some of it, a
    /// body of unknown length stays one: whoever has read its head may have been
    /// told another length, and HTTP/1.1 leaves out trailers where a length is said.
    says_length: bool,
    waiters: Waiters,
    /// How many readers there have ever been.
    numbers: u64,
}

impl State {
    pub(super) fn new(upstream: Option<Upstream>, hint: SizeHint, max_lag: u64) -> Self {
        Self {
            queue: Queue::new(max_lag),
            place: upstream.map_or(Place::Over(None), |upstream| Place::In {
                upstream,
                idle: false,
            }),
            says_length: hint.exact().is_some(),
            hint,
            waiters: Waiters::default(),
            numbers: 0,
        }
    }

    /// Holds the start for newcomers. Returns the guard, if it is too late.
    pub(super) fn hold(&mut self, bytes: u64, guard: Guard) -> Option<Guard> {
        match &mut self.place {
            Place::In { upstream, .. } if !upstream.is_held() && self.queue.hold() => {
                upstream.hold(bytes.min(self.queue.max_lag()), guard);
                None
            }
            _ => Some(guard),
        }
    }

    /// A new reader at the start.
    pub(super) fn enter(&mut self) -> Bookmark {
        let phase = if self.queue.enter() {
            Phase::Reading
        } else {
            Phase::Late
        };
        self.numbers += 1;
        Bookmark::new(self.numbers, phase)
    }

    /// A newcomer at the start, if that is held: the hold goes with the upstream.
    pub(super) fn join(&mut self, max_readers: usize) -> Option<Bookmark> {
        let open = self.queue.is_held() && self.queue.readers() < max_readers;
        open.then(|| self.enter())
    }

    #[cfg(test)]
    pub(super) fn readers(&self) -> usize {
        self.queue.readers()
    }

    /// A reader is gone. The last one takes all there is with it.
    pub(super) fn leave(&mut self, mark: &Bookmark) -> Debris {
        let mut debris = Debris::default();
        debris.waker(self.waiters.take(mark.reader));
        debris.frames(self.queue.leave(mark.next));
        self.abandon_if_alone(&mut debris);
        debris
    }

    /// Drops the upstream, if nobody is left who could read what it gives.
    fn abandon_if_alone(&mut self, debris: &mut Debris) {
        if self.queue.readers() > 0 || !matches!(self.place, Place::In { .. }) {
            return;
        }
        let place = mem::replace(&mut self.place, Place::Over(None));
        if let Place::In { upstream, .. } = place {
            debris.upstream(Some(upstream));
        }
        debris.frames(self.queue.release());
    }

    /// A reader wants to go on. `clone` is one of its waker, if it has one.
    ///
    /// If there is something for it, its waker is not here: whatever came last
    /// took all of them.
    pub(super) fn next(
        &mut self,
        mark: &mut Bookmark,
        waker: &Waker,
        clone: &mut Option<Waker>,
        debris: &mut Debris,
    ) -> Next {
        let end = match self.queue.read(mark.next) {
            Turn::Frame(piece) => {
                mark.pass(piece.len());
                return Next::Return(Some(Ok(piece)));
            }
            Turn::Cut => Some(SharedBodyError::lagged()),
            Turn::Tail => match &self.place {
                Place::In { idle: true, .. } if self.queue.readers() > 1 => {
                    return self.wait(mark, waker, clone, debris);
                }
                Place::Out { .. } => return self.wait(mark, waker, clone, debris),
                Place::In { .. } => return self.take_off(mark, waker),
                Place::Over(error) => error.clone(),
            },
        };
        match end {
            Some(error) => {
                mark.phase = Phase::Failed;
                Next::Return(Some(Err(error)))
            }
            None => {
                mark.phase = Phase::Ended;
                Next::Return(None)
            }
        }
    }

    fn wait(
        &mut self,
        mark: &Bookmark,
        waker: &Waker,
        clone: &mut Option<Waker>,
        debris: &mut Debris,
    ) -> Next {
        if self.waiters.holds(mark.reader, waker) {
            return Next::Wait;
        }
        let Some(clone) = clone.take() else {
            return Next::BringWaker;
        };
        debris.waker(self.waiters.put(mark.reader, clone));
        Next::Wait
    }

    fn take_off(&mut self, mark: &Bookmark, waker: &Waker) -> Next {
        match mem::replace(&mut self.place, Place::Out { woken: false }) {
            Place::In { upstream, .. } => {
                Next::Drive(upstream, self.waiters.holds(mark.reader, waker))
            }
            _ => unreachable!("it is in its place"),
        }
    }

    /// The driver is back from its poll, and does not wait: what it has brought
    /// is for all who stand at the tail, itself among them.
    pub(super) fn publish(
        &mut self,
        upstream: Option<Upstream>,
        step: Step,
        mark: &Bookmark,
        debris: &mut Debris,
    ) {
        let mut failure = None;
        match step {
            Step::Pending(hint, clone) => return self.park(upstream, hint, clone, mark, debris),
            Step::Frame(piece, hint) => {
                self.hint = hint;
                debris.frames(self.queue.push(piece));
            }
            Step::End => self.hint = SizeHint::with_exact(0),
            // The hint stays: a body that fails is not as long as it has got.
            Step::Failed(error) => failure = Some(error),
        }
        if self.queue.is_held() && !upstream.as_ref().is_some_and(Upstream::is_held) {
            debris.frames(self.queue.release());
        }
        self.place = match upstream {
            Some(upstream) => Place::In {
                upstream,
                idle: false,
            },
            None => Place::Over(failure),
        };
        if !self.waiters.is_empty() {
            debris.waker(self.waiters.take(mark.reader));
            debris.wake(self.waiters.take_all());
        }
    }

    /// The driver waits now, like all who came while it polled.
    fn park(
        &mut self,
        upstream: Option<Upstream>,
        hint: SizeHint,
        clone: Option<Waker>,
        mark: &Bookmark,
        debris: &mut Debris,
    ) {
        let woken = matches!(self.place, Place::Out { woken: true });
        self.hint = hint;
        self.place = Place::In {
            upstream: upstream.expect("a body that is pending is not over"),
            idle: !woken,
        };
        if let Some(clone) = clone {
            debris.waker(self.waiters.put(mark.reader, clone));
        }
        if woken {
            debris.wake(self.waiters.take_all());
        }
    }

    /// The upstream woke. Returns whom that concerns.
    pub(super) fn woke(&mut self) -> Wakers {
        match &mut self.place {
            Place::In { idle, .. } => {
                *idle = false;
                self.waiters.take_all()
            }
            Place::Out { woken } => {
                *woken = true;
                Wakers::default()
            }
            Place::Over(_) => Wakers::default(),
        }
    }

    /// How much this reader has yet to get.
    pub(super) fn hint(&self, mark: &Bookmark) -> SizeHint {
        if mark.phase == Phase::Failed {
            return SizeHint::with_exact(0);
        }
        let here = self.queue.total() - mark.read;
        let mut hint = SizeHint::new();
        hint.set_lower(self.hint.lower().saturating_add(here));
        let may_be_exact = self.says_length || self.is_end(mark);
        let upper = self.hint.upper().and_then(|upper| upper.checked_add(here));
        if let Some(upper) = upper.filter(|upper| may_be_exact || *upper > hint.lower()) {
            hint.set_upper(upper);
        }
        hint
    }

    /// Is nothing to come to this reader, not even an error?
    pub(super) fn is_end(&self, mark: &Bookmark) -> bool {
        match mark.phase {
            Phase::Reading => {
                matches!(self.place, Place::Over(None)) && self.queue.is_tail(mark.next)
            }
            Phase::Late => false,
            Phase::Ended | Phase::Failed => true,
        }
    }
}
