//! What `PoolLayer::grpc()` costs a unary call that nobody shares.
//!
//! ```text
//! cargo bench --features grpc --bench grpc
//! ```
//!
//! A call of a method that is pooled, one with a deadline, and one of a method
//! that is not, each beside the same call of the bare service: by tonic's client
//! code, from message to message, without a network. Each answer is checked.

mod measure;

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::runtime::Builder;
use tonic::{
    Request, Status,
    body::Body,
    client::{Grpc, GrpcService},
    codegen::http::uri::PathAndQuery,
};
use tonic_prost::ProstCodec;
use tower::{Layer, Service, service_fn};
use tower_pool::PoolLayer;

/// A message with one string in it, "tea", as protobuf writes it.
const TEA: [u8; 5] = [0x0a, 3, b't', b'e', b'a'];

/// Echoes a message.
fn service()
-> impl Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    service_fn(|request: http::Request<Body>| async move {
        let message = request.into_body().collect().await;
        let message = message.expect("it comes whole").to_bytes();
        assert_eq!(message[5..], TEA);
        let trailers = [("grpc-status", "0")].map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, http::HeaderValue::from_static(value))
        });
        let frames: [Result<Frame<Bytes>, Status>; 2] = [
            Ok(Frame::data(message)),
            Ok(Frame::trailers(trailers.into_iter().collect())),
        ];
        let body = Body::new(StreamBody::new(futures::stream::iter(frames)));
        Ok(http::Response::new(body))
    })
}

/// Makes `calls` calls, one after another, and returns the time they took.
async fn run<S>(service: &S, timeout: Option<Duration>, calls: u64) -> Duration
where
    S: GrpcService<Body> + Clone,
    S::ResponseBody: Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<tower::BoxError>,
{
    let mut client = Grpc::new(service.clone());
    let path = PathAndQuery::from_static("/shop.Catalog/Get");
    let start = Instant::now();
    for _ in 0..calls {
        let mut request = Request::new("tea".to_owned());
        request
            .metadata_mut()
            .insert("authorization", "Bearer anna".parse().expect("ASCII"));
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        let answer = client.unary(
            request,
            path.clone(),
            ProstCodec::<String, String>::default(),
        );
        let answer = answer.await.expect("it is answered");
        assert_eq!(answer.get_ref(), "tea");
    }
    start.elapsed()
}

fn main() {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let bare = service();
    let pooled = PoolLayer::grpc()
        .method("/shop.Catalog/Get")
        .layer(service());
    let unnamed = PoolLayer::grpc()
        .method("/shop.Catalog/Other")
        .layer(service());

    for (name, timeout) in [
        ("a call", None),
        ("with a deadline", Some(Duration::from_secs(60))),
    ] {
        let bare = |calls| runtime.block_on(run(&bare, timeout, calls));
        let pooled = |calls| runtime.block_on(run(&pooled, timeout, calls));
        let unnamed = |calls| runtime.block_on(run(&unnamed, timeout, calls));
        print(&format!("{name}, pooled"), bare, pooled);
        print(
            &format!("{name}, of a method that is not named"),
            bare,
            unnamed,
        );
    }
}

fn print(
    name: &str,
    bare: impl Fn(u64) -> Duration + Copy,
    other: impl Fn(u64) -> Duration + Copy,
) {
    let allocations = measure::allocations(10_000, other) - measure::allocations(10_000, bare);
    let (bare, added) = measure::bare_and_added(501, 2_000, bare, other);
    println!("{name}: bare {bare:.0} ns; {added:.0} ns and {allocations:.3} allocations more");
}
