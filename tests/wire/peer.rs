//! One end of a connection, with all that can be done to the other.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::yield_now,
    time::{sleep, timeout},
};

/// What takes longer is stuck.
const LIMIT: Duration = Duration::from_secs(40);

pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match timeout(LIMIT, future).await {
        Ok(output) => output,
        Err(_) => panic!("it takes too long: {what}"),
    }
}

/// Waits until `is_so`. It may be a matter of another process: nobody tells when.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    within(what, async {
        while !is_so().await {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

pub(crate) struct Peer {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Peer {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Else bytes that are sent one by one arrive together.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            received: Vec::new(),
        }
    }

    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).await.unwrap())
    }

    /// With as little room as there can be for what is not read.
    pub(crate) async fn connect_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::new(socket.connect(address).await.unwrap())
    }

    /// Says whether the other end is still there, as far as this one knows.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends it a byte at a time, each by itself.
    pub(crate) async fn trickle(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]).await;
            yield_now().await;
        }
    }

    /// Returns what comes up to and with `end`. None, if that does not come.
    pub(crate) async fn read_until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        let mut searched = 0;
        loop {
            let mut rest = self.received[searched..].windows(end.len());
            if let Some(start) = rest.position(|window| window == end) {
                let length = searched + start + end.len();
                return Some(self.received.drain(..length).collect());
            }
            searched = (self.received.len() + 1).saturating_sub(end.len());
            if !self.receive().await {
                return None;
            }
        }
    }

    /// None, if less comes.
    pub(crate) async fn read(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.received.len() < length {
            if !self.receive().await {
                return None;
            }
        }
        Some(self.received.drain(..length).collect())
    }

    /// Returns all that comes until the connection ends, however it does.
    pub(crate) async fn read_all(&mut self) -> Vec<u8> {
        while self.receive().await {}
        std::mem::take(&mut self.received)
    }

    /// Waits for the end of the connection, and throws away what comes before.
    pub(crate) async fn closed(&mut self) {
        while self.receive().await {
            self.received.clear();
        }
    }

    async fn receive(&mut self) -> bool {
        let received = self.stream.read_buf(&mut self.received).await;
        received.is_ok_and(|length| length > 0)
    }

    /// Sends nothing more, and goes on to read.
    pub(crate) async fn half_close(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }
}
