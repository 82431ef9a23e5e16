//! Time that passes for calls and bodies.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{runtime::Handle, sync::oneshot};

/// Time that passes in a runtime that lasts: a timer of the runtime that polls
/// would panic in any other once that has shut down.
pub(crate) struct Nap(oneshot::Receiver<()>);

impl Nap {
    pub(crate) fn new(home: &Handle, time: Duration) -> Self {
        let (over, is_over) = oneshot::channel();
        home.spawn(async move {
            tokio::time::sleep(time).await;
            let _ = over.send(());
        });
        Self(is_over)
    }
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}
