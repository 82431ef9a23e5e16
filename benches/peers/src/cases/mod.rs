//! What is measured. Each case runs over one peer at a time, checks its answers
//! and the number of calls that were begun, and returns plain figures.

mod cancel;
mod clones;
mod crowd;
mod herd;
mod lone;
mod memory;
mod mixed;
mod slow;

pub use self::{
    cancel::{Cancel, Cancelled},
    clones::{Cloned, Clones},
    herd::{Herd, HerdTimes, notify_floor},
    lone::{HttpKeys, Lone, LoneCost, parking_floor},
    memory::{Footprint, Memory},
    mixed::{Mixed, Throughput, task_floor},
    slow::{Polls, Slow},
};

use crate::{
    AsyncSingleflight, Key, Moka, OnceCellMap, Peer, QuickCache, RsSingleflight, SharedMap,
    SingleflightAsync, TowerPool, TowerResilience, Uniflight, Work,
};

/// One case, for any peer.
pub trait Case {
    type Key: Key;
    type Work: Work<Self::Key>;
    type Figures;

    fn run<P: Peer<Self::Key, Self::Work>>(&self) -> Self::Figures;
}

/// One peer, ready to run a case.
pub struct Runner<C: Case> {
    pub name: &'static str,
    pub keeps_answers: bool,
    pub survives_its_leader: bool,
    pub run: fn(&C) -> C::Figures,
}

impl<C: Case> Runner<C> {
    pub fn of<P: Peer<C::Key, C::Work>>() -> Self {
        Self {
            name: P::NAME,
            keeps_answers: P::KEEPS_ANSWERS,
            survives_its_leader: P::SURVIVES_ITS_LEADER,
            run: C::run::<P>,
        }
    }
}

/// This crate, and then every peer: the one list of them.
pub fn runners<C: Case>() -> Vec<Runner<C>> {
    vec![
        Runner::of::<TowerPool<_, _>>(),
        Runner::of::<TowerResilience<_, _>>(),
        Runner::of::<Uniflight<_, _>>(),
        Runner::of::<RsSingleflight<_, _>>(),
        Runner::of::<SingleflightAsync<_, _>>(),
        Runner::of::<AsyncSingleflight<_, _>>(),
        Runner::of::<Moka<_, _>>(),
        Runner::of::<QuickCache<_, _>>(),
        Runner::of::<SharedMap<_, _>>(),
        Runner::of::<OnceCellMap<_, _>>(),
    ]
}

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}
