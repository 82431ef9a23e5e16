//! The proxy of the examples under abuse, as a process of its own, so that its
//! memory, its files and its life are its own too.
//!
//! The origin does whatever the target of a request says, and that is rarely
//! nice; some clients are no better. Among them are honest ones, who check all
//! that they are given, to the byte: it is what they asked for, or a failure that
//! is the origin's, and says so.
//!
//! Each file is a kind of abuse. All run together in [`mixed`].
#![cfg(target_os = "linux")] // It tells about a process in files.

// Not all of a program is of use in a test of it.
#[allow(dead_code)]
#[path = "../../examples/proxy/main.rs"]
mod example;

mod abuse;
mod bad_origin;
mod crowds;
mod heads;
mod herd;
mod honest;
mod http2;
mod leavers;
mod ledger;
mod mixed;
mod origin;
mod peer;
mod process;
mod slow;
mod smuggling;
mod stage;
mod target;
mod vitals;
