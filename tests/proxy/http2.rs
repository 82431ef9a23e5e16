//! HTTP/2 on either side, with a pool and without.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Version};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::{
    body::Incoming,
    client::conn::http2::{SendRequest, handshake},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{convert::Infallible, net::SocketAddr};
use tokio::net::{TcpListener, TcpStream};

use super::{
    message::Message,
    support::{MODES, Origin, POOLED, Peer, Proxy, within},
};

pub(crate) type Client = SendRequest<Empty<Bytes>>;

pub(crate) async fn client(address: SocketAddr) -> Client {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

fn request(method: Method, target: &str) -> Request<Empty<Bytes>> {
    let uri = format!("http://site.test{target}");
    let request = Request::builder().method(method).uri(uri);
    request.body(Empty::new()).unwrap()
}

pub(crate) fn get(target: &str) -> Request<Empty<Bytes>> {
    request(Method::GET, target)
}

/// Has `answer` be sent to `request`; returns what the origin and the client see.
async fn exchange(
    mode: &[&str],
    request: Request<Empty<Bytes>>,
    answer: &[u8],
) -> (Message, Response<Incoming>) {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), mode).await;
    let mut client = client(proxy.address).await;
    let response = tokio::spawn(client.send_request(request));
    let mut server = origin.accept().await;
    let seen = Message::read(&mut server).await;
    server.send(answer).await;
    drop(server);
    (seen, within(response).await.unwrap().unwrap())
}

#[tokio::test]
async fn a_request_looks_like_one_of_http1() {
    for mode in MODES {
        let mut request = get("/a?b");
        let headers = request.headers_mut();
        headers.append("te", HeaderValue::from_static("trailers"));
        // Browsers send them apart.
        headers.append("cookie", HeaderValue::from_static("a=1"));
        headers.append("cookie", HeaderValue::from_static("b=2; c=3"));
        let answer = b"HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\n\
            Content-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nok";
        let (seen, response) = exchange(mode, request, answer).await;
        let expected = "GET /a?b HTTP/1.1\nconnection: te\ncookie: a=1; b=2; c=3\n\
            host: site.test\nte: trailers\n[]";
        assert_eq!(seen.to_string(), expected);
        assert_eq!(response.version(), Version::HTTP_2);
        let (head, body) = response.into_parts();
        assert!(!head.headers.contains_key("x-hop"));
        assert_eq!(head.headers["content-length"], "2");
        let values: Vec<_> = head.headers.get_all("x-a").iter().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(within(body.collect()).await.unwrap().to_bytes(), "ok");
    }
}

#[tokio::test]
async fn trailers_need_no_announcement() {
    for mode in MODES {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n";
        let (_, response) = exchange(mode, get("/"), answer).await;
        let body = within(response.into_body().collect()).await.unwrap();
        assert_eq!(body.trailers().unwrap()["x-sum"], "1");
        assert_eq!(body.to_bytes(), "!");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let answers: [&[u8]; 2] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ];
    for mode in MODES {
        for answer in answers {
            let (_, response) = exchange(mode, get("/"), answer).await;
            let mut body = response.into_body();
            let error = loop {
                match within(body.frame()).await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break error,
                    None => panic!("it ends as if it were complete"),
                }
            };
            assert!(format!("{error:?}").contains("INTERNAL_ERROR"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_head_has_its_length_and_no_body() {
    for mode in MODES {
        let request = request(Method::HEAD, "/");
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        let (_, response) = exchange(mode, request, answer).await;
        assert_eq!(response.headers()["content-length"], "9");
        let body = within(response.into_body().collect()).await.unwrap();
        assert!(body.to_bytes().is_empty());
    }
}

/// An origin that answers over HTTP/2, with what it was asked for.
async fn http2_origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = service_fn(|request: Request<Incoming>| async move {
                let text = format!("{} {:?}", request.uri(), request.headers());
                let mut trailers = HeaderMap::new();
                trailers.insert("x-sum", HeaderValue::from_static("1"));
                let frames = [Frame::data(Bytes::from(text)), Frame::trailers(trailers)];
                let frames = frames.map(Ok::<_, Infallible>);
                let body = StreamBody::new(futures::stream::iter(frames));
                let response = Response::builder().header("trailer", "x-sum");
                response.body(body)
            });
            let server = http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), answer));
        }
    });
    address
}

#[tokio::test]
async fn the_origin_can_be_of_http2() {
    let origin = http2_origin().await;
    for mode in MODES {
        let options: Vec<_> = mode.iter().copied().chain(["--origin-http2"]).collect();
        let proxy = Proxy::start(origin, &options).await;
        let mut client = Peer::connect(proxy.address).await;
        let request = b"GET /a HTTP/1.1\r\nHost: site.test\r\nTE: trailers\r\n\
            Connection: upgrade, te\r\nUpgrade: chat\r\n\r\n";
        client.send(request).await;
        let answer = Message::read(&mut client).await;
        let expected = "HTTP/1.1 200 OK\ntrailer: x-sum\ntransfer-encoding: chunked\n\
            [http://site.test/a {\"te\": \"trailers\"}] +x-sum: 1";
        assert_eq!(answer.to_string(), expected);
    }
}

#[tokio::test]
async fn clients_of_both_versions_share_a_flight() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let mut first = Peer::get(proxy.address, "/a").await;
    proxy.until("\"led\":1").await;
    let mut second = client(proxy.address).await;
    let second = tokio::spawn(second.send_request(get("/a")));
    proxy.until("\"joined\":1").await;

    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    server
        .send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .await;
    let first = Message::read(&mut first).await;
    assert_eq!(
        first.to_string(),
        "HTTP/1.1 200 OK\ncontent-length: 2\n[ok]"
    );
    let second = within(second).await.unwrap().unwrap();
    assert_eq!(second.version(), Version::HTTP_2);
    let second = within(second.into_body().collect()).await.unwrap();
    assert_eq!(second.to_bytes(), "ok");
}
