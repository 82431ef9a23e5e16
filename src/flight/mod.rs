//! The core: one inner call for all who ask for the same at the same time.
//!
//! It knows neither tower nor HTTP. A caller brings a key and a *call*: a
//! future that does the work if it is polled, and nothing if it is not.
//!
//! # Invariants
//!
//! 1. **One call.** A key has at most one flight in the table. Newcomers whose
//!    key is equal (`Eq`, never the hash alone) join it while it is open.
//! 2. **Out of the table, then seen.** A flight closes and leaves the table
//!    before anybody can see the outcome that it shares. It leaves by identity:
//!    a flight never takes its successor with it.
//! 3. **One driver.** The call is in its slot, or with the one driver that polls
//!    it: a caller, or the one task that the flight was handed over to.
//! 4. **Nobody depends on another caller.** A caller polls the call with its own
//!    waker only while it is alone. Where others are aboard a task drives; where
//!    there is no runtime to have a task on, a wake of the call wakes them all.
//! 5. **Whoever waits will be woken.** Each way out of a flight (outcome, panic,
//!    release, retry, loss of the runtime) wakes all who wait, each once.
//! 6. **No call without a caller.** When the last caller leaves, the flight
//!    closes, and its call is dropped there and then (if it is being polled, at
//!    the end of that poll), or goes on in its task.
//! 7. **No foreign code under a lock.** Polling and dropping a call, `Eq`,
//!    `Hash`, `Clone`, wakers, the policy: all run with no lock held, and no two
//!    locks are ever held at once. What a transition leaves to be woken or
//!    dropped is carried out of the lock, as [`Debris`] or as it is.
//! 8. **A panic ends one flight.** Whatever a driver runs for others (the call,
//!    its drop, the policy) is caught, and unwinds in the callers instead.
//! 9. **A follower keeps its own call**, unstarted, until it has an answer: with
//!    it a follower can go alone, or lead when the flight must begin anew.
//! 10. **A lone caller pays for nobody else.** Until a second caller asks for
//!     the same there is no `Arc`, no lock but the shard's, no outcome to publish
//!     and nobody to wake; only the call itself is allocated.
//!
//! # The life of a flight
//!
//! It begins as an entry of the table, and most flights end as one:
//!
//! ```text
//!              first poll              pending
//!  ┌─────────┐            ┌────────┐ ─────────► ┌────────┐    Each of them: left by
//!  │ Unbegun │ ─────────► │ Polled │            │ Parked │    its caller, it is gone;
//!  └─────────┘            └───┬────┘ ◄───────── └────────┘    joined, it is shared.
//!                             │ ready   next poll
//!                             ▼
//!                     gone, with its answer
//! ```
//!
//! If others ask for the same meanwhile, the first of them makes it a [`Flight`],
//! as `Vacant` if it was unbegun, and else as it was. The caller that made it
//! finds that out when it next looks:
//!
//! ```text
//!              a follower claims it, with its own call
//!        ┌───────────────────────────────────────────┐
//!        ▼                                           │
//!  ┌──────────┐  take off   ┌──────────┐   retry  ┌──┴───────┐
//!  │  Parked  │ ──────────► │  Polled  │ ───────► │  Vacant  │
//!  │  (call)  │ ◄────────── │ (driver) │          └──┬───────┘
//!  └──┬────┬──┘    park     └────┬─────┘             │    ▲
//!     │    └─────────────────────┼───────────────────┼────┘
//!     │        runtime lost      │ ready, panic      │
//!     │ last caller leaves       │                   │ last caller leaves
//!     ▼                          ▼                   ▼
//!  ┌────────────────────────────────────────────────────────┐
//!  │   Over: shared, released or abandoned; never undone    │
//!  └────────────────────────────────────────────────────────┘
//! ```
//!
//! - **Birth.** [`Table::enter`] finds no open flight, so it inserts one.
//!   Nothing runs until somebody polls, and the call stays with its caller.
//! - **Alone.** The caller begins its call, and parks it in the table between
//!   two polls, with its waker and its runtime: so that others can go on with it,
//!   whatever becomes of the one who began it ([`lone`]).
//! - **Joined.** A newcomer finds the entry by its hash, and makes it a flight
//!   before it compares the key: an entry cannot be looked at without the lock.
//!   If nobody has begun, whoever is polled first leads, with its own call.
//! - **Shared.** Whoever is polled and finds the call parked and others aboard
//!   hands it over to a task, on the leader's runtime: where it polled last, or
//!   where it took the lead. A leader that was polling when the others came does
//!   so after its poll. From then on all callers only wait ([`task`]). If the
//!   leader is outside a runtime, or its runtime turns away a call that has not
//!   begun, the callers drive it in turn.
//! - **Landing.** The driver has an outcome. If others than the leader wait for
//!   it, the policy gives its verdict. The flight closes, leaves the table,
//!   publishes, wakes. Each caller clones for itself; the last one moves ([`drive`]).
//! - **Going round again.** After [`Verdict::Retry`](crate::Verdict::Retry), or
//!   when the runtime of the task shuts down, the flight is vacant: it stays in
//!   the table, all who wait are woken, and the first to be polled claims it and
//!   leads with its own call. It is a new flight on the old seats: nobody has
//!   to move, so nobody can be lost, and newcomers have somewhere to join. A
//!   leader whose call was lost with its runtime waits like a follower, but has
//!   nothing to go on with if nobody shares with it.
//! - **Death.** The last `Arc` drops: no lock, no list, no recursion.
//!
//! # Where to read it
//!
//! [`table`] finds or makes the flight of a newcomer, in one of its [`shard`]s.
//! [`lone`] polls it while it has one caller, and [`caller`] when it has more:
//! one [`Step`](waiting::Step) after another, which [`waiting`] decides on.
//! [`state`] is what is known of a flight, its [`phase`] above all, and how
//! callers come and go, [`driving`] what its driver does to it; all three run
//! under the flight's lock. [`drive`] polls the call and ends the flight, [`task`]
//! is the task, and [`arrival`] how a caller's time with its flight ends: they run
//! without. [`seats`] holds the wakers, [`debris`] what is carried out of the
//! lock, [`outcome`] what is published, [`trace`] the spans.
//!
//! # A caller that waits on itself
//!
//! A call that makes a caller of its own flight, and waits for it, can never be
//! answered. A caller that joins on the very thread that polls the call, as
//! [`Phase::Polled`](phase::Phase::Polled) names it, is taken to be inside the
//! call, and does not count until it is polled elsewhere: when the callers
//! outside are gone the call is dropped, and this caller with it. If it outlives
//! that poll it is woken once, so that one which was there by chance is found
//! outside; if that is too late, it finds the flight over and goes on alone.

mod arrival;
mod caller;
mod debris;
mod drive;
mod driving;
mod lone;
mod outcome;
mod phase;
mod seats;
mod shard;
mod state;
mod table;
mod task;
mod trace;
mod waiting;

use std::{borrow::Cow, sync::Arc, time::Duration};

pub(crate) use self::{
    arrival::{Arrival, Part},
    caller::Caller,
    table::{Entered, Table},
};
use self::{
    debris::{Debris, Garbage},
    outcome::Published,
    state::State,
};
#[cfg(feature = "http")]
pub(crate) use self::{seats::wake, table::give_back};
use crate::{
    policy::OnAbandon,
    sync::{Mutex, OnceLock},
};

/// One inner call under way, and all that belongs to it.
pub(crate) struct Flight<K, F: Future, P, H> {
    key: K,
    hash: u64,
    /// Tells it from others of the same hash.
    number: u64,
    state: Mutex<State<F>>,
    /// Written once, and read without a lock.
    published: OnceLock<Published<F::Output>>,
    /// Where it was entered, and where its policy and its counters are.
    table: Arc<Table<K, F, P, H>>,
}

impl<K, F: Future, P, H> Flight<K, F, P, H> {
    /// Is there an outcome, or a panic, for all to see?
    fn has_published(&self) -> bool {
        self.published.get().is_some()
    }

    /// Does what a transition asks for, and returns what is left to be cleared
    /// away: foreign code, which may well have the last `Arc` of this flight.
    fn settle(self: &Arc<Self>, debris: Debris<F>) -> Garbage<F> {
        if debris.closed {
            self.table.remove(self);
        }
        if debris.cancelled {
            self.table.count_cancelled();
        }
        if debris.unanswered && matches!(self.published.get(), Some(Published::Outcome(_))) {
            self.table.counters.shared.take_back_one();
        }
        if let Some((runtime, span)) = debris.finish_on {
            (self.table.hand_over)(Arc::clone(self), &runtime, span);
        }
        debris.garbage
    }
}

/// What a user may set.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) on_abandon: OnAbandon,
    pub(crate) max_callers: usize,
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_retries: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            on_abandon: OnAbandon::Cancel,
            max_callers: usize::MAX,
            max_age: None,
            max_retries: 2,
        }
    }
}
