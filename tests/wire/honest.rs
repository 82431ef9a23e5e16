//! A client that only wants its answer, and looks at it closely.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::HOST};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, time::Instant};

use super::{ledger::Ledger, peer::within, target::Ask};

/// How it went, which is all that may differ: whatever was there was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The answer, to its end.
    Whole,
    /// A part of it, and an error.
    Broken,
    /// The end of the connection.
    Lost,
    /// The proxy says that it has no answer.
    Refused,
    /// What the origin says when it was not asked.
    Unasked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

pub(crate) struct Honest {
    address: SocketAddr,
    version: Version,
    ledger: Ledger,
    connection: Option<Connection>,
}

enum Connection {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

impl Honest {
    pub(crate) fn new(address: SocketAddr, version: Version, ledger: Ledger) -> Self {
        Self {
            address,
            version,
            ledger,
            connection: None,
        }
    }

    pub(crate) async fn ask(&mut self, ask: &Ask) -> Outcome {
        within(&ask.name(), async {
            self.connect().await;
            let asked = Instant::now();
            match self.send(ask).await {
                Ok(response) => self.check(ask, asked, response).await,
                Err(_) => Outcome::Lost,
            }
        })
        .await
    }

    /// Asks, and leaves without an answer if `leave` is done by then.
    pub(crate) async fn ask_until(
        &mut self,
        ask: &Ask,
        leave: impl Future<Output = ()>,
    ) -> Option<Outcome> {
        tokio::select! {
            outcome = self.ask(ask) => return Some(outcome),
            () = leave => {}
        }
        self.connection = None;
        None
    }

    /// Takes a new connection, if it has none that can take a request.
    async fn connect(&mut self) {
        let ready = match &mut self.connection {
            Some(Connection::Http1(connection)) => connection.ready().await,
            Some(Connection::Http2(connection)) => connection.ready().await,
            None => return self.reconnect().await,
        };
        if ready.is_err() {
            self.reconnect().await;
        }
    }

    async fn reconnect(&mut self) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = TokioIo::new(stream);
        self.connection = Some(match self.version {
            Version::Http1 => {
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                tokio::spawn(connection);
                Connection::Http1(sender)
            }
            Version::Http2 => {
                let executor = TokioExecutor::new();
                let (sender, connection) = http2::handshake(executor, stream).await.unwrap();
                tokio::spawn(connection);
                Connection::Http2(sender)
            }
        });
    }

    async fn send(&mut self, ask: &Ask) -> hyper::Result<Response<Incoming>> {
        let mut request = Request::builder().method(&ask.method);
        if let Some((name, value)) = ask.user.as_ref().and_then(|line| line.split_once(": ")) {
            request = request.header(name, value);
        }
        match self.connection.as_mut().expect("it is connected") {
            Connection::Http1(connection) => {
                let request = request.uri(ask.target()).header(HOST, &ask.host);
                let request = request.body(Empty::new()).unwrap();
                connection.send_request(request).await
            }
            Connection::Http2(connection) => {
                let request = request.uri(format!("http://{}{}", ask.host, ask.target()));
                let request = request.body(Empty::new()).unwrap();
                connection.send_request(request).await
            }
        }
    }

    async fn check(&self, ask: &Ask, asked: Instant, response: Response<Incoming>) -> Outcome {
        let name = ask.name();
        let (head, mut body) = response.into_parts();
        match head.status {
            StatusCode::OK => {}
            StatusCode::NO_CONTENT if ask.has_no_content() => {}
            StatusCode::REQUEST_TIMEOUT => return Outcome::Unasked,
            StatusCode::BAD_GATEWAY => {
                assert!(!head.headers.contains_key("x-for"), "{name}");
                let body = body.collect().await.expect("it is one of the proxy's own");
                let body = String::from_utf8(body.to_bytes().into()).unwrap();
                let why = "no answer from the origin: ";
                match ask.method {
                    Method::HEAD => assert_eq!(body, "", "{name}"),
                    _ => assert!(body.starts_with(why), "{name}: {body}"),
                }
                return Outcome::Refused;
            }
            status => panic!("{name}: {status}"),
        }
        assert_eq!(
            head.headers["x-for"],
            name.as_str(),
            "the answer of another"
        );
        let number = head.headers["x-number"].to_str().unwrap().parse().unwrap();

        let content = ask.content();
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                assert!(read < ask.size, "{name}: an error after the end");
                return Outcome::Broken;
            };
            if let Some(data) = frame.data_ref() {
                if read == 0 {
                    self.ledger.note_start();
                }
                assert!(content.is_at(read, data), "{name}: something else, {read}");
                read += data.len();
            }
        }
        // Whatever ends without an error is all there is.
        let size = match ask.method {
            Method::HEAD => 0,
            _ if ask.has_no_content() => 0,
            _ => ask.size,
        };
        assert_eq!(read, size, "{name}: it ends as if it were complete");
        self.ledger.note(number, ask, asked);
        Outcome::Whole
    }
}
