//! A proxy in this process, a scripted peer for either side of it, and patience.

use std::{net::SocketAddr, time::Duration};

use clap::Parser;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, yield_now},
    time::timeout,
};

use super::{
    example::{args::Args, serve::Server},
    message::Message,
};

/// With a pool and without.
pub(crate) const MODES: [&[&str]; 2] = [&["--no-pool"], POOLED];
pub(crate) const POOLED: &[&str] = &["--stats", "127.0.0.1:0"];

/// A test that takes longer is stuck.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(30), future)
        .await
        .expect("it takes too long")
}

/// A proxy that serves.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) stats: Option<SocketAddr>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(origin: SocketAddr, options: &[&str]) -> Self {
        let origin = format!("http://{origin}");
        let fixed = ["proxy", "--listen", "127.0.0.1:0", "--origin", &origin];
        let args = Args::try_parse_from(fixed.iter().chain(options)).unwrap();
        let server = Server::bind(&args).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        Self {
            address: server.address(),
            stats: server.stats_address(),
            stop,
            serving: tokio::spawn(server.run(async {
                let _ = stopped.await;
            })),
        }
    }

    /// Asks it to stop. The task ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        let _ = self.stop.send(());
        self.serving
    }

    /// The statistics as they are served.
    pub(crate) async fn stats(&self) -> String {
        let mut client = Peer::connect(self.stats.unwrap()).await;
        client
            .send(b"GET /_pool/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await;
        let answer = Message::read(&mut client).await;
        assert_eq!(answer.start, "HTTP/1.1 200 OK");
        answer.body
    }

    /// Waits until the statistics contain `part`.
    pub(crate) async fn until(&self, part: &str) {
        within(async {
            while !self.stats().await.contains(part) {
                yield_now().await;
            }
        })
        .await;
    }
}

/// An origin that accepts connections when it is told to.
pub(crate) struct Origin(TcpListener);

impl Origin {
    pub(crate) async fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = within(self.0.accept()).await.unwrap();
        Peer::new(stream)
    }
}

/// One end of a connection, with all in its script's hands.
pub(crate) struct Peer {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        let received = Vec::new();
        Self { stream, received }
    }

    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).await.unwrap())
    }

    /// Connects, and asks for `target` in the simplest way.
    pub(crate) async fn get(address: SocketAddr, target: &str) -> Self {
        let mut peer = Self::connect(address).await;
        let request = format!("GET {target} HTTP/1.1\r\nHost: site.test\r\n\r\n");
        peer.send(request.as_bytes()).await;
        peer
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        within(self.stream.write_all(bytes)).await.unwrap();
    }

    /// Returns what comes up to and with `end`, or all that comes before the
    /// end of the connection.
    pub(crate) async fn read_until(&mut self, end: &[u8]) -> (Vec<u8>, bool) {
        loop {
            let found = self.received.windows(end.len()).position(|w| w == end);
            if let Some(start) = found {
                return (self.received.drain(..start + end.len()).collect(), true);
            }
            if !self.receive().await {
                return (std::mem::take(&mut self.received), false);
            }
        }
    }

    /// Returns the next `length` bytes, or less if the connection ends.
    pub(crate) async fn read(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length && self.receive().await {}
        let length = length.min(self.received.len());
        self.received.drain(..length).collect()
    }

    /// Returns all that comes until the connection ends.
    pub(crate) async fn read_all(&mut self) -> Vec<u8> {
        while self.receive().await {}
        std::mem::take(&mut self.received)
    }

    async fn receive(&mut self) -> bool {
        // A reset is an end, too: what counts is what has come before.
        let received = within(self.stream.read_buf(&mut self.received)).await;
        received.is_ok_and(|length| length > 0)
    }
}
