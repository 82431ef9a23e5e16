//! Sockets, connections, and a graceful end.

use std::{
    convert::Infallible,
    fmt,
    future::{pending, ready},
    io,
    net::SocketAddr,
    pin::pin,
    time::Duration,
};

use http::{HeaderValue, Method, Request, Response, header::CONTENT_LENGTH};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::{Body as _, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::net::TcpListener;

use super::{
    Error,
    args::Args,
    forward::{Body, Forward},
    pool, stats,
};

/// A proxy that has its addresses, and does not serve yet.
pub(crate) struct Server {
    listener: TcpListener,
    stats_listener: Option<TcpListener>,
    forward: Forward,
    gauge: Option<pool::Gauge>,
    /// What it says about itself.
    title: String,
}

impl Server {
    /// Takes the addresses that the command line asks for.
    pub(crate) async fn bind(args: &Args) -> Result<Self, Error> {
        let listener = bind(args.listen).await?;
        let stats_listener = match args.stats {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let (inner, gauge) = pool::service(args);
        let mode = match args.no_pool {
            true => "without a pool",
            false => "with a pool",
        };
        let title = format!("origin http://{}, {mode}", args.origin);
        Ok(Self {
            listener,
            stats_listener,
            forward: Forward::new(inner, !args.origin_http2),
            gauge,
            title,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        address(&self.listener)
    }

    pub(crate) fn stats_address(&self) -> Option<SocketAddr> {
        self.stats_listener.as_ref().map(address)
    }

    /// Serves until `stop` is done, and finishes what is under way by then.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let forward = self.forward;
        let proxy = move |request| forward.clone().answer(request);
        let proxy = serve(self.listener, proxy, stop);
        let (Some(listener), Some(gauge)) = (self.stats_listener, self.gauge) else {
            return proxy.await;
        };
        let stats = move |request| ready(stats::answer(&request, &gauge));
        // They can be had for as long as there is something to see.
        tokio::select! {
            () = proxy => {}
            () = serve(listener, stats, pending()) => {}
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listening on http://{}, {}", self.address(), self.title)?;
        match self.stats_address() {
            Some(address) => write!(f, ", statistics on http://{address}/_pool/stats"),
            None => Ok(()),
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| format!("cannot listen on {address}: {error}").into())
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("the listener is bound")
}

async fn serve<A, F>(listener: TcpListener, answer: A, stop: impl Future<Output = ()>)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let is_head = request.method() == Method::HEAD;
        let response = answer(request);
        async move {
            let response = response.await;
            Ok::<_, Infallible>(match is_head {
                true => without_body(response),
                false => response,
            })
        }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    // hyper ends a connection that takes half a minute for the head of a request.
    server.http1().timer(TokioTimer::new());
    server.http2().timer(TokioTimer::new());

    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                wait_for_files(&error).await;
                continue;
            }
        };
        // Else small answers wait for the acknowledgement of those before them.
        let _ = stream.set_nodelay(true);
        let connection = server
            .serve_connection_with_upgrades(TokioIo::new(stream), service.clone())
            .into_owned();
        let connection = connections.watch(connection);
        // An error is the client's: it went away, or does not speak HTTP.
        tokio::spawn(async move { connection.await.ok() });
    }
    drop(listener);
    connections.shutdown().await;
}

/// The answer to a HEAD. hyper takes the body off over HTTP/1 alone; over HTTP/2 it
/// would be an error of the protocol. The origin's have none.
fn without_body(mut response: Response<Body>) -> Response<Body> {
    if response.body().is_end_stream() {
        return response;
    }
    if let Some(length) = response.body().size_hint().exact() {
        let length = HeaderValue::from(length);
        response
            .headers_mut()
            .entry(CONTENT_LENGTH)
            .or_insert(length);
    }
    response.map(|_| Empty::new().map_err(|never| match never {}).boxed_unsync())
}

/// If a connection cannot be accepted since there are too many open files, then
/// the next one cannot be either, until some are closed.
async fn wait_for_files(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    match error.kind() {
        ConnectionAborted | ConnectionRefused | ConnectionReset => {}
        _ => tokio::time::sleep(Duration::from_millis(100)).await,
    }
}
