//! A crowd of tasks on one thread, all of which make the same call.

use std::{
    cell::Cell,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::task::{JoinHandle, yield_now};

thread_local! {
    static ARRIVED: Cell<usize> = const { Cell::new(0) };
    static POLLS: Cell<u64> = const { Cell::new(0) };
}

pin_project! {
    /// One of the crowd. It is counted when it was polled for the first time,
    /// and its polls are, in cells of the thread that cost next to nothing.
    pub(super) struct Member<F> {
        #[pin]
        call: F,
        new: bool,
    }
}

impl<F> Member<F> {
    pub(super) fn new(call: F) -> Self {
        Self { call, new: true }
    }
}

impl<F: Future> Future for Member<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        POLLS.set(POLLS.get() + 1);
        let polled = this.call.poll(cx);
        if std::mem::take(this.new) {
            ARRIVED.set(ARRIVED.get() + 1);
        }
        polled
    }
}

/// Has each call made in a task of its own, and waits until all were polled.
pub(super) async fn gather<F>(calls: impl Iterator<Item = F>) -> Vec<JoinHandle<F::Output>>
where
    F: Future<Output: Send> + Send + 'static,
{
    ARRIVED.set(0);
    let tasks: Vec<_> = calls.map(|call| tokio::spawn(Member::new(call))).collect();
    while ARRIVED.get() < tasks.len() {
        yield_now().await;
    }
    tasks
}

/// Lets members run until none has anything to do; or, should they never come to
/// that, until they were polled at least so often. Returns how often they were.
pub(super) async fn settle(most: u64) -> u64 {
    let before = polls();
    loop {
        let last = polls();
        // Lets some of the tasks run: the runtime sees to this one in between.
        yield_now().await;
        if polls() == last || polls() - before >= most {
            return polls() - before;
        }
    }
}

/// How often members were polled on this thread so far.
pub(super) fn polls() -> u64 {
    POLLS.get()
}
