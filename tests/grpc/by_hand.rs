//! Servers and requests that no tonic has a hand in: what they send is the test's.

use axum::{Router, body::Body, routing::post};
use bytes::{BufMut, Bytes, BytesMut};
use futures::stream;
use http::{HeaderMap, Response, header::CONTENT_TYPE};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tonic::service::Routes;
use tower::BoxError;

use crate::{
    proto::Item,
    support::{GET, soon},
};

/// `Get`, and all calls of it.
pub fn by_hand() -> (Routes, ByHand) {
    let (calls, called) = mpsc::unbounded_channel();
    let handler = move || {
        let (answer, answered) = oneshot::channel();
        calls.send(answer).ok();
        async { answered.await.expect("the handler panics") }
    };
    let routes = Routes::from(Router::new().route(GET, post(handler)));
    (routes, ByHand(called))
}

pub struct ByHand(mpsc::UnboundedReceiver<oneshot::Sender<Response<Body>>>);

impl ByHand {
    /// Answers the next call with these frames of a body.
    pub async fn answer(&mut self, frames: Vec<Result<Frame<Bytes>, BoxError>>) {
        let body = Body::new(StreamBody::new(stream::iter(frames)));
        self.respond(response(&[]).map(|()| body)).await;
    }

    /// Answers the next call with this.
    pub async fn respond(&mut self, response: Response<Body>) {
        self.next().await.send(response).expect("the call goes on");
    }

    /// The next call has its handler panic.
    pub async fn panic(&mut self) {
        drop(self.next().await);
    }

    async fn next(&mut self) -> oneshot::Sender<Response<Body>> {
        soon(self.0.recv()).await.expect("the server is there")
    }
}

/// A request with an empty message, as a client would send it.
pub fn request(path: &str, content_type: &str) -> http::Request<tonic::body::Body> {
    let message = Full::new(Bytes::from_static(&[0; 5]));
    http::Request::post(path)
        .header(CONTENT_TYPE, content_type)
        .body(tonic::body::Body::new(message))
        .unwrap()
}

/// The head of a response, with these headers.
pub fn response(headers: &[(&'static str, &str)]) -> Response<()> {
    let mut response = Response::new(());
    *response.headers_mut() = map(headers);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, "application/grpc".parse().unwrap());
    response
}

/// An item as one message.
pub fn message(item: &Item) -> Result<Frame<Bytes>, BoxError> {
    let item = item.encode_to_vec();
    let mut message = BytesMut::new();
    message.put_u8(0); // not compressed
    message.put_u32(item.len() as u32);
    message.put_slice(&item);
    Ok(Frame::data(message.freeze()))
}

pub fn trailers(trailers: &[(&'static str, &str)]) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::trailers(map(trailers)))
}

fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    map
}
