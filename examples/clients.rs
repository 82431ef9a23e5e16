//! The pool around two HTTP clients: hyper-util's, and reqwest's. Many callers
//! ask each of them for one report at the same time, and a web server counts the
//! requests that reach it. Then they ask where no server is, and get an error.
//!
//! ```text
//! cargo run --features http,reqwest --example clients
//! cargo run --features http,reqwest --example clients -- --callers 1000
//! ```
//!
//! A caller joins when it calls the pool, and nothing is sent before an answer is
//! waited for. Here all call first and wait then, so that nobody comes too late,
//! however fast the server is. Elsewhere others join while an answer takes time.

use std::{
    convert::Infallible,
    error::Error as StdError,
    io::{self, Write},
    net::Ipv4Addr,
    process::ExitCode,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use clap::{Parser, value_parser};
use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use futures::future::{join_all, ready, try_join_all};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::{TcpListener, TcpSocket};
use tower::{Layer, ServiceBuilder};
use tower_pool::{PoolLayer, SharedError, http::ReqwestService};

/// Whatever ends the program early, with a message for whoever started it.
type Error = Box<dyn StdError + Send + Sync>;

/// Puts the pool around two HTTP clients, and counts what reaches the server
#[derive(Debug, Parser)]
#[command(name = "clients")]
struct Args {
    /// Callers of each client, who all ask at the same time
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u16).range(1..=10_000))]
    callers: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match clients(Args::parse().callers).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("clients: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn clients(callers: u16) -> Result<(), Error> {
    // Counted in the server: what a pool says about it is not taken on trust.
    let requests = Arc::new(AtomicUsize::new(0));
    let url = start_server(&requests).await?;

    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["client", "calls made", "requests that reached the server"]);
    let calls = ask_by_hyper(callers, &url).await?;
    table.add_row(row("hyper-util", calls, requests.swap(0, Relaxed)));
    // The server is right here, whatever the environment says about proxies.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let calls = ask_by_reqwest(&client, callers, &url).await?;
    table.add_row(row("reqwest", calls, requests.swap(0, Relaxed)));

    let refused = ask_nobody(&client, callers).await?;
    // Not `println!`, which panics when nobody reads on.
    Ok(writeln!(io::stdout(), "{table}\n{refused}")?)
}

fn row(client: &str, calls: usize, requests: usize) -> [Cell; 3] {
    let number = |number| Cell::new(number).set_alignment(CellAlignment::Right);
    [Cell::new(client), number(calls), number(requests)]
}

/// Returns how many calls were made, and had the right answer.
async fn ask_by_hyper(callers: u16, url: &str) -> Result<usize, Error> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let pool = ServiceBuilder::new()
        .layer(PoolLayer::http())
        // An error goes to every caller, and the client's own cannot be cloned.
        .map_err(SharedError::new)
        .service(client);

    let mut answers = Vec::new();
    for _ in 0..callers {
        let answer = pool.request(Request::get(url).body(Empty::new())?);
        answers.push(async {
            let response = answer.await?;
            let status = response.status();
            check(status, &response.collect().await?.to_bytes())
        });
    }
    Ok(try_join_all(answers).await?.len())
}

/// The same, with requests and responses of reqwest's own.
async fn ask_by_reqwest(client: &reqwest::Client, callers: u16, url: &str) -> Result<usize, Error> {
    let pool = PoolLayer::http().layer(ReqwestService::new(client.clone()));

    let mut answers = Vec::new();
    for _ in 0..callers {
        let answer = pool.request(client.get(url).build()?.try_into()?);
        answers.push(async {
            let response = reqwest::Response::from(answer.await?);
            check(response.status(), &response.bytes().await?)
        });
    }
    Ok(try_join_all(answers).await?.len())
}

/// Asks where nobody listens, and says what came of it.
async fn ask_nobody(client: &reqwest::Client, callers: u16) -> Result<String, Error> {
    // A port that is taken, so that nobody can begin to listen there.
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let url = format!("http://{}/report", socket.local_addr()?);

    let pool = PoolLayer::http().layer(ReqwestService::new(client.clone()));
    let mut answers = Vec::new();
    for _ in 0..callers {
        answers.push(pool.request(client.get(&url).build()?.try_into()?));
    }
    let errors = join_all(answers).await.into_iter().filter_map(Result::err);
    let errors: Vec<_> = errors.collect();
    // Not only equal: all are handed the one that the client made.
    let inside = SharedError::downcast_ref::<reqwest::Error>;
    let inside: Vec<_> = errors.iter().filter_map(inside).collect();
    let first = *inside.first().ok_or("nobody got an error")?;
    let same = inside.iter().filter(|error| ptr::eq(**error, first));
    let (same, why) = (same.count(), with_causes(first));
    Ok(format!(
        "Where nobody listens, {same} of {callers} callers got the same error: {why}"
    ))
}

/// Serves the report on a free port, and returns its URL.
async fn start_server(requests: &Arc<AtomicUsize>) -> Result<String, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.map_err(|error| format!("cannot listen on a port: {error}"))?;
    let url = format!("http://{}/report", listener.local_addr()?);
    tokio::spawn(serve(listener, Arc::clone(requests)));
    Ok(url)
}

async fn serve(listener: TcpListener, requests: Arc<AtomicUsize>) {
    // If it cannot go on, then the callers say so.
    while let Ok((stream, _)) = listener.accept().await {
        let requests = Arc::clone(&requests);
        let service = service_fn(move |_| {
            requests.fetch_add(1, Relaxed);
            ready(Ok::<_, Infallible>(Response::new(Full::new(report()))))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// What everybody asks for, in full.
fn report() -> Bytes {
    "One more line of the report.\n".repeat(1000).into()
}

fn check(status: StatusCode, body: &Bytes) -> Result<(), Error> {
    if status != StatusCode::OK || *body != report() {
        return Err(format!("a wrong answer: {status}, {} bytes", body.len()).into());
    }
    Ok(())
}

/// The message of `error` and of what led to it, on one line.
fn with_causes(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // A shared error is shown as the one inside, which would be said twice.
        if error.to_string() != message {
            message = format!("{message}: {error}");
        }
        cause = error.source();
    }
    message
}
