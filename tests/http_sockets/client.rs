//! Clients of one connection each, so that a test can end one alone.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use crate::origin::soon;

pub type Ask = Request<Full<Bytes>>;

/// A request in HTTP/1.1 form: a path, and a `Host` if it is given no other.
pub fn get(path: &str) -> http::request::Builder {
    Request::get(path)
}

pub fn ask(builder: http::request::Builder) -> Ask {
    builder.body(Full::default()).unwrap()
}

/// A response of which the head has come, and its connection.
pub struct Opened {
    pub response: Response<Incoming>,
    _connection: Connection,
}

/// Ends the connection when it is dropped.
pub struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Opened {
    pub fn role(&self) -> &str {
        self.response.headers()["x-role"].to_str().unwrap()
    }

    /// The next piece of the body, of which there must be one.
    pub async fn data(&mut self) -> Bytes {
        let frame = soon(self.response.frame()).await.expect("more is to come");
        frame.unwrap().into_data().expect("it is data")
    }

    /// Reads on until so many bytes have come.
    pub async fn read(&mut self, bytes: usize) -> Vec<u8> {
        let mut read = Vec::new();
        while read.len() < bytes {
            read.extend_from_slice(&self.data().await);
        }
        read
    }

    /// The rest of the body, or that it was cut off.
    pub async fn rest(self) -> Result<Answer, hyper::Error> {
        let (head, body) = self.response.into_parts();
        let body = soon(body.collect()).await?;
        let trailers = body.trailers().cloned();
        Ok(Answer {
            status: head.status,
            version: head.version,
            headers: head.headers,
            trailers,
            body: body.to_bytes(),
        })
    }
}

/// A whole response.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub version: Version,
    pub headers: HeaderMap,
    pub trailers: Option<HeaderMap>,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub fn role(&self) -> &str {
        self.header("x-role")
    }
}

/// Sends a request on an HTTP/1.1 connection of its own.
pub async fn open(addr: SocketAddr, mut request: Ask) -> Opened {
    if !request.headers().contains_key("host") {
        let host = addr.to_string().try_into().unwrap();
        request.headers_mut().insert("host", host);
    }
    let socket = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
    let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
    Opened {
        response: soon(sender.send_request(request)).await.unwrap(),
        _connection: connection,
    }
}

/// Sends a request on an HTTP/2 connection of its own.
pub async fn open_h2(addr: SocketAddr, mut request: Ask) -> Opened {
    let uri = format!("http://{addr}{}", request.uri());
    *request.uri_mut() = uri.parse().unwrap();
    let socket = TcpStream::connect(addr).await.unwrap();
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (mut sender, connection) = handshake.await.unwrap();
    let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
    Opened {
        response: soon(sender.send_request(request)).await.unwrap(),
        _connection: connection,
    }
}

/// As [`open`], in a task, and to the end of the body.
pub fn send(addr: SocketAddr, request: Ask) -> JoinHandle<Answer> {
    tokio::spawn(async move { open(addr, request).await.rest().await.unwrap() })
}

/// As [`send`], by HTTP/2.
pub fn send_h2(addr: SocketAddr, request: Ask) -> JoinHandle<Answer> {
    tokio::spawn(async move { open_h2(addr, request).await.rest().await.unwrap() })
}

/// Sends these very bytes, and reads until the server closes.
pub fn send_raw(addr: SocketAddr, request: String) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut socket = TcpStream::connect(addr).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        soon(socket.read_to_string(&mut response)).await.unwrap();
        response
    })
}
