//! The web server: an axum app on a free port of the loopback interface.

use std::{
    future::IntoFuture,
    io,
    net::{Ipv4Addr, SocketAddr},
};

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{Error, workload::Key};

/// A server that is up.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Starts to serve `app`, be there a pool in it or not.
    pub(crate) async fn start(app: Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        // Else small answers wait for the acknowledgement of those before them,
        // which has nothing to do with the app.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let (stop, stopped) = oneshot::channel();
        let serving = axum::serve(listener, app).with_graceful_shutdown(async {
            // An error means that the server was dropped: time to stop as well.
            let _ = stopped.await;
        });
        Ok(Self {
            address,
            stop,
            task: tokio::spawn(serving.into_future()),
        })
    }

    /// The address of the digest of `key`.
    pub(crate) fn url(&self, key: Key) -> String {
        format!("http://{}/digest/{key}", self.address)
    }

    /// Finishes what is under way, and returns when the port is free.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        // It cannot be received if the server has ended: then the task says why.
        let _ = self.stop.send(());
        Ok(self.task.await??)
    }
}
