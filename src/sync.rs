//! What several threads share needs of its surroundings: a lock, a counter, a
//! cell that is written once, a runtime to have tasks on, and a name for the
//! thread. For the core, the shared body and responses that arrive.
//!
//! In one place, because the model checker in `tests/loom` builds them upon
//! others of the same names.

use std::ptr;
pub(crate) use std::sync::OnceLock;
#[cfg(feature = "http")]
pub(crate) use std::sync::atomic::AtomicU64;

pub(crate) use parking_lot::Mutex;
pub(crate) use tokio::runtime::Handle;

/// Names the thread that asks, at the cost of an address.
pub(crate) fn thread_address() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| ptr::from_ref(here).addr())
}
