//! Servers on loopback, and channels to them.

use std::net::SocketAddr;

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    service::Routes,
    transport::{Channel, Endpoint, Server},
};

use crate::{proto::catalog_server::CatalogServer, shop::Shop};

/// A server that is gone when this is dropped.
pub struct Running {
    pub addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn listen() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

/// A server that the test makes of a listener.
pub async fn serve_by<F>(serve: impl FnOnce(TcpListenerStream) -> F) -> Running
where
    F: Future<Output = Result<(), tonic::transport::Error>> + Send + 'static,
{
    let (addr, listener) = listen().await;
    let served = serve(TcpListenerStream::new(listener));
    Running {
        addr,
        task: tokio::spawn(async move { served.await.unwrap() }),
    }
}

/// The plain server of a shop, with no pool in it.
pub async fn serve(shop: &Shop) -> Running {
    serve_routes(shop.routes()).await
}

/// A plain server of whatever routes there are.
pub async fn serve_routes(routes: Routes) -> Running {
    serve_by(|incoming| {
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming(incoming)
    })
    .await
}

impl Shop {
    pub fn routes(&self) -> Routes {
        Routes::new(CatalogServer::new(self.clone()))
    }
}

impl Running {
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.addr)).unwrap()
    }

    /// A plain channel to this server, with no pool around it.
    pub fn channel(&self) -> Channel {
        self.endpoint().connect_lazy()
    }
}

/// An axum app, under axum's own server.
pub async fn serve_axum(app: axum::Router) -> Running {
    let (addr, listener) = listen().await;
    Running {
        addr,
        task: tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }),
    }
}
