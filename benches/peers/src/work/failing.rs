//! Work that comes to nothing.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use crate::{Failure, Key, Work};

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Never: it is there to be cancelled.
    Cancelled,
    Failed,
    Panicked,
}

/// Work that ends so when it is first polled.
#[derive(Clone, Copy, Debug)]
pub struct Ends(pub Ending);

/// The future of [`Ends`].
#[derive(Debug)]
pub struct EndsFuture(Ending);

impl<K: Key> Work<K> for Ends {
    type Answer = u64;
    type Future = EndsFuture;

    fn start(&self, _: &K) -> EndsFuture {
        EndsFuture(self.0)
    }
}

impl Future for EndsFuture {
    type Output = Result<u64, Failure>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {
            Ending::Cancelled => Poll::Pending,
            Ending::Failed => Poll::Ready(Err(Failure::Work("out of order".to_owned()))),
            Ending::Panicked => panic!("the work panics"),
        }
    }
}
