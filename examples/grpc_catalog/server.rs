//! tonic's server on a free port of the loopback interface.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tonic::{
    service::Routes,
    transport::{self, Channel, Endpoint, server::TcpIncoming},
};

use crate::Error;

/// A server that is up until the program ends.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
}

impl Server {
    /// Starts to serve `routes`, be there a pool on them or not.
    pub(crate) async fn start(routes: Routes) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| format!("cannot listen on a port: {error}"))?;
        let address = listener.local_addr()?;
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = transport::Server::builder().add_routes(routes);
        // If it cannot go on, then the clients say so.
        tokio::spawn(server.serve_with_incoming(incoming));
        Ok(Self { address })
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Result<Channel, Error> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address))?;
        Ok(endpoint.connect().await?)
    }
}
