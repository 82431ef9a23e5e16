//! Work that takes a number of polls.

use std::{
    cell::Cell,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{Failure, Key, Work};

thread_local! {
    static BEGUN: Cell<u64> = const { Cell::new(0) };
}

/// Is done after it has let others run so many times.
#[derive(Clone, Copy, Debug)]
pub struct Yields(pub u32);

impl Yields {
    /// How many calls this thread has begun so far.
    pub fn begun() -> u64 {
        BEGUN.get()
    }
}

/// The future of [`Yields`].
#[derive(Debug)]
pub struct YieldsFuture {
    left: u32,
    begun: bool,
}

impl<K: Key> Work<K> for Yields {
    type Answer = u64;
    type Future = YieldsFuture;

    fn start(&self, _: &K) -> YieldsFuture {
        YieldsFuture {
            left: self.0,
            begun: false,
        }
    }
}

impl Future for YieldsFuture {
    type Output = Result<u64, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.begun {
            self.begun = true;
            BEGUN.set(BEGUN.get() + 1);
        }
        match self.left {
            0 => Poll::Ready(Ok(42)),
            _ => {
                self.left -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
