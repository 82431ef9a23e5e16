//! What is known of a flight, and how callers come and go.
//!
//! Every method of [`State`], here and in [`driving`](super::driving) and
//! [`waiting`](super::waiting), runs with the flight's lock held, and none runs
//! foreign code: what is to be woken or dropped is handed out
//! as [`Debris`].

use std::{mem, num::NonZeroU32, task::Waker};

use tokio::time::Instant;

use super::{
    Config,
    debris::Debris,
    lone::Progress,
    phase::{Driver, Phase, Thread, Vacancy},
    seats::{Seat, Seats, Wakers},
    trace::{Span, SpanId},
};
use crate::{policy::OnAbandon, sync::Handle};

pub(super) struct State<F: Future> {
    pub(super) phase: Phase<F>,
    pub(super) driver: Driver,
    /// May newcomers join? Once closed, never open again.
    pub(super) open: bool,
    /// When the present call was made; kept only where `max_age` is set.
    pub(super) born: Option<Instant>,
    /// Where the leader took the lead, or later where a lone caller polled the
    /// call last; none if that was outside a runtime.
    pub(super) runtime: Option<Handle>,
    /// Has the call begun in a runtime? Then that may be lost with it.
    pub(super) bound: bool,
    /// Has a runtime turned the call away? Then its callers drive it in turn.
    pub(super) turned_away: bool,

    /// Callers aboard, but for those inside the call, who wait on themselves.
    pub(super) callers: usize,
    /// Those of them who still hold their own call: all who never led.
    pub(super) spare: usize,
    /// Is the leader of this round one of them?
    pub(super) leader_aboard: bool,
    /// Calls of this flight that came to nothing before the present one.
    pub(super) round: u32,
    /// The number of the present poll, among those since others joined.
    pub(super) poll: NonZeroU32,
    /// Those of them that a verdict sent round again.
    pub(super) retries: u32,

    /// The leader's span, until a task takes it over, and its name.
    pub(super) span: Span,
    pub(super) span_id: SpanId,
    pub(super) seats: Seats,
    /// The task's waker, from its last poll.
    pub(super) task: Option<Waker>,
    /// Outcomes that belong to the leader of a round alone, until fetched.
    pub(super) kept: Vec<(u32, F::Output)>,
}

/// A caller's own call, and the span that it was asked for in.
pub(super) struct Unstarted<F> {
    pub(super) call: F,
    pub(super) span: Span,
}

/// The answer to a newcomer.
pub(super) enum Boarding {
    Joined(Seat, SpanId),
    Full,
    Closed,
}

impl<F: Future> State<F> {
    /// The flight of a lone caller, for more. If that has not begun its call
    /// it leads no more than the others do, and may be polled after them.
    pub(super) fn new(
        progress: Progress<F>,
        born: Option<Instant>,
        bound: bool,
        span: Span,
    ) -> Self {
        let unbegun = matches!(progress, Progress::Unbegun);
        let (phase, first, runtime) = match progress {
            Progress::Unbegun => (Phase::Vacant(Vacancy::Unbegun), None, None),
            Progress::Polled(on) => (Phase::polled(on), None, None),
            Progress::Parked(parked) => (
                Phase::Parked(parked.call),
                Some(parked.waker),
                parked.runtime,
            ),
        };
        Self {
            phase,
            driver: Driver::Callers,
            open: true,
            born,
            runtime,
            bound,
            turned_away: false,
            callers: 1,
            spare: usize::from(unbegun),
            leader_aboard: !unbegun,
            round: 0,
            poll: NonZeroU32::MIN,
            retries: 0,
            span_id: span.id(),
            span,
            seats: Seats::new(first),
            task: None,
            kept: Vec::new(),
        }
    }

    /// Takes a newcomer aboard, with its own call in hand.
    pub(super) fn board(&mut self, config: &Config) -> Boarding {
        if let (Some(born), Some(max_age)) = (self.born, config.max_age) {
            self.open &= born.elapsed() < max_age;
        }
        if !self.open {
            return Boarding::Closed;
        }
        if self.callers >= config.max_callers {
            return Boarding::Full;
        }
        let inside = self.is_polled_here().then_some(self.poll);
        if let (Some(_), Phase::Polled { insiders, .. }) = (inside, &mut self.phase) {
            *insiders += 1;
        } else {
            self.callers += 1;
            self.spare += 1;
        }
        Boarding::Joined(Seat::follower(self.retries, inside), self.leader())
    }

    /// Lets no newcomer in any more. Returns whether it did until now.
    pub(super) fn close(&mut self) -> bool {
        mem::replace(&mut self.open, false)
    }

    /// A caller goes, with or without its own call still in hand.
    pub(super) fn leave(&mut self, seat: &mut Seat, spare: bool, config: &Config) -> Debris<F> {
        let mut debris = Debris::default();
        if let (true, Phase::Polled { insiders, .. }) =
            (seat.inside == Some(self.poll), &mut self.phase)
        {
            *insiders -= 1;
        }
        let waker = self.seats.take(seat);
        let outcome = self.fetch_kept(seat);
        let counts =
            outcome.is_none() && seat.inside.is_none() && !matches!(self.phase, Phase::Over);
        if counts {
            self.leader_aboard &= !self.is_led_by(seat);
            self.callers -= 1;
            self.spare -= usize::from(spare);
            debug_assert!(self.callers >= self.spare + usize::from(self.leader_aboard));
            if self.callers == 0 {
                debris = self.abandon(config.on_abandon);
            } else if matches!(self.phase, Phase::Vacant(_)) && self.end_if_nobody_can_lead() {
                debris.closed = true;
                debris.garbage.wake = self.everybody();
            }
        }
        debris.unanswered = spare && !counts && seat.inside.is_none();
        debris.garbage.waker = waker;
        debris.garbage.outcome = outcome;
        debris
    }

    /// The last caller has gone. If there are still some inside the call, they
    /// go with it; those that have got out go on alone.
    fn abandon(&mut self, on_abandon: OnAbandon) -> Debris<F> {
        let mut debris = Debris {
            closed: true,
            ..Debris::default()
        };
        self.open = false;
        let finish = on_abandon == OnAbandon::Finish;
        match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Vacant(why) => debris.cancelled = why == Vacancy::Unbegun,
            Phase::Over => {}
            driven if finish && self.driver == Driver::Task => {
                self.phase = driven;
                return debris;
            }
            Phase::Parked(call) if finish && self.bound && self.runtime.is_some() => {
                self.phase = Phase::Parked(call);
                self.driver = Driver::Task;
                let span = self.take_span();
                debris.finish_on = self.runtime.clone().map(|runtime| (runtime, span));
                return debris;
            }
            Phase::Parked(call) => {
                debris.cancelled = true;
                debris.garbage.call = Some(call);
            }
            // The driver finds out when it wants to put the call back, unless
            // that is done.
            Phase::Polled { .. } => {}
        }
        debris.garbage.span = Some(self.take_span());
        debris.garbage.wake = self.everybody(); // the task, to find out and end
        debris
    }

    /// In a vacant flight: those who gave their call away can only wait for
    /// somebody who did not. Returns whether there is nobody to wait for.
    pub(super) fn end_if_nobody_can_lead(&mut self) -> bool {
        let nobody = self.spare == 0;
        if nobody {
            self.open = false;
            self.phase = Phase::Over;
        }
        nobody
    }

    /// Is the call being polled by whoever asks?
    pub(super) fn is_polled_here(&self) -> bool {
        matches!(self.phase, Phase::Polled { on, .. } if on == Thread::here())
    }

    /// The span of whoever leads, if anybody does.
    pub(super) fn leader(&self) -> SpanId {
        match self.phase {
            Phase::Vacant(_) => SpanId::none(),
            _ => self.span_id.clone(),
        }
    }

    pub(super) fn take_span(&mut self) -> Span {
        mem::replace(&mut self.span, Span::none())
    }

    pub(super) fn is_led_by(&self, seat: &Seat) -> bool {
        seat.led == Some(self.round)
    }

    /// Does anybody wait besides the leader?
    pub(super) fn others(&self) -> bool {
        self.callers > usize::from(self.leader_aboard)
    }

    /// Takes the wakers of all who wait, and of a task that has no more to do.
    pub(super) fn everybody(&mut self) -> Wakers {
        let task = self.task.take();
        self.seats.take_all(task)
    }
}
