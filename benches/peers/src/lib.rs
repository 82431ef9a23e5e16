//! tower-pool and its peers behind one trait, so that each case is written once
//! and all run over the very same work.
//!
//! - [`peers`]: each peer as its documentation would have it used;
//! - [`work`]: the calls that are shared;
//! - [`cases`]: what is measured, for the benches and for the report alike.

pub mod alloc;
pub mod cases;
mod peers;
pub mod work;

pub use peers::{
    AsyncSingleflight, Bare, Moka, OnceCellMap, QuickCache, RsSingleflight, SharedMap,
    SingleflightAsync, TowerPool, TowerResilience, Uniflight,
};

use std::{fmt::Debug, hash::Hash};

/// What the peers can all have as a key.
pub trait Key: Clone + Debug + Eq + Hash + Send + Sync + 'static {}

impl<K: Clone + Debug + Eq + Hash + Send + Sync + 'static> Key for K {}

/// The inner service: makes the future that is to be shared.
pub trait Work<K>: Clone + Send + Sync + 'static {
    type Answer: Clone + Debug + PartialEq + Send + Sync + 'static;
    type Future: Future<Output = Result<Self::Answer, Failure>> + Send + 'static;

    fn start(&self, key: &K) -> Self::Future;
}

/// What the inner service may fail with, or what a peer makes of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The work itself failed, in its own words.
    Work(String),
    /// The peer failed, or lost the error of the work.
    Peer(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Work(text) | Self::Peer(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Failure {}

/// One way to share calls of equal key.
pub trait Peer<K, W: Work<K>>: Clone + Send + Sync + 'static {
    const NAME: &'static str;

    /// Is it a cache, which gives an answer again that it has?
    const KEEPS_ANSWERS: bool = false;

    /// Do its followers get an answer when their leader is dropped or held, as
    /// `tests/edges` shows?
    const SURVIVES_ITS_LEADER: bool = false;

    /// Does it make an answer of a panic of the work?
    const CATCHES_PANICS: bool = false;

    fn new(work: W) -> Self;

    /// Makes a call, or joins one; as a user of the peer would write it.
    fn call(&self, key: K) -> impl Future<Output = Result<W::Answer, Failure>> + Send + 'static;
}
