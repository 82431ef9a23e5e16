//! Time that a test moves itself, however long the sockets take.

use std::{sync::mpsc, time::Duration};

/// Stands still until this is dropped, but for what the test lets pass.
///
/// A paused clock goes on by itself when all tasks wait, be it for a socket,
/// unless a blocking task runs.
pub struct Clock {
    _runs: mpsc::Sender<()>,
}

impl Clock {
    pub fn stop() -> Self {
        tokio::time::pause();
        let (runs, ended) = mpsc::channel::<()>();
        // Not for ever: a test that waits in vain is to end.
        tokio::task::spawn_blocking(move || ended.recv_timeout(Duration::from_secs(20)));
        Self { _runs: runs }
    }

    pub async fn pass(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}
