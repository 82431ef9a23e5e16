//! What the core is built upon here, by the names of the crate's own `sync`.

use std::{ptr, sync::PoisonError};

pub(crate) use loom::sync::atomic::AtomicU64;
use loom::sync::{
    MutexGuard,
    atomic::{AtomicBool, Ordering},
};

pub(crate) use crate::runtime::Handle;

/// A lock that a panic does not poison.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cell that is written once. loom sees who looks, and who has written.
pub(crate) struct OnceLock<T> {
    is_set: AtomicBool,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self {
            is_set: AtomicBool::new(false),
            value: std::sync::OnceLock::new(),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        match self.is_set.load(Ordering::Acquire) {
            true => self.value.get(),
            false => None,
        }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

/// Names the thread that asks: loom runs all of its own on one of the system.
pub(crate) fn thread_address() -> usize {
    loom::thread_local!(static HERE: u8 = 0);
    HERE.with(|here| ptr::from_ref(here).addr())
}
