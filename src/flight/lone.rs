//! The flight of a caller that nobody has joined, and that caller.
//!
//! All that is known of such a flight stands in the table itself: no `Arc`, no
//! lock of its own, nobody to judge for or to wake. The first other caller of
//! the same hash makes it a [`Flight`], and leaves that for the one who made it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
};

use tokio::time::Instant;

use super::{
    Config, Flight,
    drive::{Polled, poll_once},
    outcome::Ending,
    phase::Thread,
    shard::Stage,
    state::{State, Unstarted},
    table::Table,
    trace::Span,
};
use crate::{
    policy::OnAbandon,
    sync::{Handle, Mutex, OnceLock},
};

/// What is known of a flight with one caller.
pub(super) struct LoneFlight<K, F> {
    pub(super) key: K,
    /// When its call was made; kept only where `max_age` is set.
    pub(super) born: Option<Instant>,
    /// Was any poll in a runtime?
    pub(super) bound: bool,
    /// The caller's span, once the call has begun.
    pub(super) span: Span,
    pub(super) progress: Progress<F>,
}

/// Where the call of a lone caller is.
pub(super) enum Progress<F> {
    /// With the caller, which was not polled yet.
    Unbegun,
    /// Being polled by the caller, on this thread.
    Polled(Thread),
    Parked(Parked<F>),
}

/// A call between two polls.
pub(super) struct Parked<F> {
    pub(super) call: Pin<Box<F>>,
    /// The caller's, from its last poll.
    pub(super) waker: Waker,
    /// Where it was polled last, if that was in a runtime.
    pub(super) runtime: Option<Handle>,
}

impl<F: Future> From<Parked<F>> for Polled<F> {
    fn from(parked: Parked<F>) -> Self {
        Self::Pending(parked.call, parked.waker)
    }
}

impl<K, F: Future> LoneFlight<K, F> {
    /// A flight whose call has not begun.
    pub(super) fn new(key: K, config: &Config) -> Self {
        Self {
            key,
            born: config.max_age.map(|_| Instant::now()),
            bound: false,
            span: Span::none(),
            progress: Progress::Unbegun,
        }
    }

    /// The same flight, where others can join.
    pub(super) fn into_shared<P, H>(
        self,
        hash: u64,
        number: u64,
        table: Arc<Table<K, F, P, H>>,
    ) -> Flight<K, F, P, H> {
        Flight {
            key: self.key,
            hash,
            number,
            state: Mutex::new(State::new(self.progress, self.born, self.bound, self.span)),
            published: OnceLock::new(),
            table,
        }
    }
}

/// Where a lone caller finds its flight.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    pub(super) hash: u64,
    pub(super) number: u64,
    /// Its bucket in the shard, unless that has been resized since.
    pub(super) bucket: usize,
}

/// A caller that is alone, for all it knows.
pub(super) struct Lone<K, F: Future, P, H> {
    pub(super) table: Arc<Table<K, F, P, H>>,
    pub(super) ticket: Ticket,
}

/// What comes of a poll.
pub(super) enum Flown<K, F: Future, P, H> {
    Pending,
    /// With what is left of the flight. Its key may panic when it is dropped,
    /// so that is done when the caller has left.
    Landed(Ending<F::Output>, LoneFlight<K, F>),
    /// It has company, since before the call was polled or after.
    Joined(Arc<Flight<K, F, P, H>>, Option<Polled<F>>),
}

impl<K, F: Future, P, H> Lone<K, F, P, H> {
    /// Polls the call, the caller's `own` if it has not begun.
    pub(super) fn fly(
        &self,
        own: &mut Option<Unstarted<F>>,
        cx: &mut Context<'_>,
    ) -> Flown<K, F, P, H> {
        let Self { table, ticket } = self;
        let shard = table.shard(ticket.hash);
        let taken = shard.lock().take_off(*ticket, own);
        let parked = match taken {
            Stage::Lone(parked) => parked,
            Stage::Shared(flight) => return Flown::Joined(flight, None),
        };
        let (call, kept) = match parked {
            Some(parked) => (parked.call, Some(parked.waker)),
            None => {
                let own = own.take().expect("it has not begun");
                (Box::pin(own.call), None)
            }
        };
        match poll_once(call, kept, cx) {
            Polled::Pending(call, waker) => {
                let runtime = Handle::try_current().ok();
                let mut parked = Some(Parked {
                    call,
                    waker,
                    runtime,
                });
                let stage = shard.lock().park(*ticket, &mut parked);
                match stage {
                    Stage::Lone(()) => Flown::Pending,
                    Stage::Shared(flight) => Flown::Joined(flight, parked.map(Polled::from)),
                }
            }
            Polled::Done(ending) => {
                let finished = shard.lock().finish(*ticket);
                match finished {
                    Stage::Shared(flight) => Flown::Joined(flight, Some(Polled::Done(ending))),
                    Stage::Lone(flight) => {
                        if ending.is_err() {
                            table.counters.panicked.add_one();
                        }
                        Flown::Landed(ending, flight)
                    }
                }
            }
        }
    }

    /// The caller goes. Returns the flight that is to be left, if it is not one
    /// of a lone caller any more.
    pub(super) fn leave(&self) -> Option<Arc<Flight<K, F, P, H>>> {
        let Self { table, ticket } = self;
        let left = {
            let mut shard = table.shard(ticket.hash).lock();
            if table.config.on_abandon == OnAbandon::Finish {
                shard.share(ticket.hash, ticket.number, table); // it may go on in a task
            }
            shard.finish(*ticket)
        };
        match left {
            Stage::Shared(flight) => Some(flight),
            Stage::Lone(_) => {
                table.count_cancelled();
                None
            }
        }
    }
}
