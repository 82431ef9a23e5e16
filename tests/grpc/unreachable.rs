//! A server that cannot be reached, or is lost.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    sync::{Semaphore, oneshot},
};
use tonic::{Code, Status, transport::Endpoint};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_pool::Verdict;

use crate::{
    inner_errors::{Inner, told_alike},
    proto::catalog_client::CatalogClient,
    seen::{sources, told},
    server::{listen, serve},
    shop::shop,
    site::{get, pooled},
    support::{all, assert_all_got, entered, item, soon},
};

fn endpoint(inner: Endpoint) -> Inner {
    let channel = inner.connect_lazy();
    Inner::new(channel.map_err(BoxError::from))
}

/// An endpoint where nobody listens, and nobody will while the socket is there.
fn nobody() -> (Endpoint, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let addr = socket.local_addr().unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).unwrap();
    (endpoint, socket)
}

#[tokio::test]
async fn a_refused_connection_is_unavailable_for_all_callers() {
    let (nobody, _socket) = nobody();
    let (plain, pooled) = told_alike(&endpoint(nobody)).await;
    assert_eq!(plain.code(), Code::Unavailable);
    assert!(sources(&plain).len() > 1, "{:?}", sources(&plain));
    for status in pooled {
        assert_eq!(sources(&status), sources(&plain));
    }
}

#[tokio::test]
async fn a_source_of_a_failure_is_the_error_itself() {
    let (nobody, _socket) = nobody();
    let mut catalog = CatalogClient::new(pooled().layer(nobody.connect_lazy()));
    let status = soon(catalog.get(item("tea"))).await.unwrap_err();
    let source = status.source().unwrap();
    assert!(source.is::<tonic::transport::Error>());
    let mut sources = std::iter::successors(Some(source), |error| (*error).source());
    let refused = sources.find_map(|error| error.downcast_ref::<std::io::Error>());
    assert_eq!(
        refused.unwrap().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
}

/// A server that reads a request for tea, and then hangs up when it is told to.
async fn silent() -> (Endpoint, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let (addr, listener) = listen().await;
    let (asked, was_asked) = oneshot::channel();
    let (hang_up, told_so) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.windows(3).any(|bytes| bytes == b"tea") {
            socket.read_buf(&mut read).await.unwrap();
        }
        asked.send(()).unwrap();
        told_so.await.unwrap();
        socket.shutdown().await.unwrap();
        // What is not read would reset the connection.
        socket.read_to_end(&mut read).await.ok();
    });
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).unwrap();
    (endpoint, was_asked, hang_up)
}

#[tokio::test]
async fn a_connection_that_is_lost_during_the_call_fails_it_for_all_callers() {
    let (server, asked, hang_up) = silent().await;
    let plain = get(server.connect_lazy(), item("tea"));
    soon(asked).await.unwrap();
    hang_up.send(()).unwrap();
    let plain = soon(plain).await.unwrap().unwrap_err();

    let (server, asked, hang_up) = silent().await;
    let pool = pooled().layer(server.connect_lazy());
    let mut sent = Vec::new();
    for _ in 0..3 {
        let mut catalog = CatalogClient::new(pool.clone());
        let get = || tokio::spawn(async move { catalog.get(item("tea")).await });
        sent.push(entered(&pool, 1, get).await);
    }
    soon(asked).await.unwrap();
    hang_up.send(()).unwrap();
    for got in all(sent).await {
        let status = got.unwrap_err();
        assert_eq!(told(&status), told(&plain));
        // tonic has no status for this. What is shared is shown as the error
        // itself, which comes next.
        let (shared, error) = (&sources(&status), &sources(&plain));
        assert_eq!((&shared[0], &shared[1..]), (&error[0], &error[..]));
    }
}

/// With no answer at all, a policy is shown what the caller would be told.
#[tokio::test]
async fn a_policy_has_one_ask_again_when_a_connection_fails() {
    let (shop, mut script) = shop();
    let server = serve(&shop).await;
    let (nobody, _socket) = nobody();
    let (first, rest) = (nobody.connect_lazy(), server.channel());
    let gate = Arc::new(Semaphore::new(0));
    let behind = Arc::clone(&gate);
    let calls = Arc::new(AtomicUsize::new(0));
    let layer = pooled().policy(
        |outcome: Result<&http::Response<_>, &Status>| match outcome {
            Err(status) if status.code() == Code::Unavailable => Verdict::Retry,
            _ => Verdict::Share,
        },
    );
    let pool = layer.layer(service_fn(move |request| {
        let is_first = calls.fetch_add(1, Ordering::Relaxed) == 0;
        let channel = if is_first { &first } else { &rest }.clone();
        let gate = Arc::clone(&behind);
        async move {
            gate.acquire().await.unwrap().forget();
            channel.oneshot(request).await
        }
    }));
    let mut sent = Vec::new();
    for _ in 0..3 {
        let mut catalog = CatalogClient::new(pool.clone());
        let get = || tokio::spawn(async move { catalog.get(item("tea")).await });
        sent.push(entered(&pool, 1, get).await);
    }
    gate.add_permits(2);
    let status = soon(sent.remove(0)).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    script.get().await.sell("Darjeeling");
    assert_all_got(&all(sent).await, "Darjeeling");
    script.assert_no_more();
}
