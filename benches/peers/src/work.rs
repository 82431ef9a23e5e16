//! The work that is shared.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use crate::{Failure, Key, Work};

/// Is done after it has let others run so many times.
#[derive(Clone, Copy, Debug)]
pub struct Yields(pub u32);

/// The future of [`Yields`].
#[derive(Debug)]
pub struct YieldsFuture(u32);

impl<K: Key> Work<K> for Yields {
    type Answer = u64;
    type Future = YieldsFuture;

    fn start(&self, _: &K) -> YieldsFuture {
        YieldsFuture(self.0)
    }
}

impl Future for YieldsFuture {
    type Output = Result<u64, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {
            0 => Poll::Ready(Ok(42)),
            _ => {
                self.0 -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
