//! What the fuzz targets of the HTTP half throw at it, and what has to be true
//! of what comes back. `README.md` says how to run them.
//!
//! A target is an `Input` that `arbitrary` makes of bytes, and its `check`. Both
//! are also modules of the crate's own test `corpus`, which replays every seed
//! and a stream of pseudo-random bytes on a stable toolchain. So nothing here
//! knows libFuzzer; and what is meant to panic in a test does so with
//! `resume_unwind`, as libFuzzer's hook would take it for a find.
//!
//! Each rule is said a second time here, from the RFCs and the docs: nothing is
//! taken from the code under test but its public API.

pub mod body;
mod fields;
pub mod key;
mod list;
mod names;
pub mod policy;
