//! A reverse proxy in front of one origin, that lets requests share answers:
//! callers who ask for the same thing while it is under way are all answered
//! with one request to the origin, and its body is streamed to each of them.
//!
//! ```text
//! cargo run --release --features http --example proxy -- --origin http://127.0.0.1:9000
//! cargo run --release --features http --example proxy -- --help
//! ```
//!
//! With `--no-pool` each request goes to the origin alone. Both modes share all
//! code but for the layer itself, in [`pool`], so that whatever a client sees
//! with one and not with the other is the layer's doing.
//!
//! - [`args`]: the command line.
//! - [`serve`]: sockets, connections and a graceful end.
//! - [`forward`]: what is done for a request around the pool.
//! - [`request`]: the client's request made into the one for the origin.
//! - [`hop`]: what concerns a single connection, and is taken off both ways.
//! - [`tunnel`]: connections that switch protocols.
//! - [`pool`]: the layer, or none.
//! - [`origin`]: the client of the origin, inside the pool.
//! - [`stats`]: what the pool has done, as JSON.
//!
//! # What it does with a message
//!
//! - The listening side speaks HTTP/1 and, with prior knowledge, HTTP/2; the
//!   origin is spoken to in HTTP/1.1, or in HTTP/2 with `--origin-http2`. Bodies
//!   are streamed, with their trailers. A body that breaks off does so for the
//!   client too.
//! - The origin sees the client's `Host` (or `:authority`), not its own name.
//!   `Via`, `Forwarded` and `X-Forwarded-*` are passed on if they are there, and
//!   never added: they would say who asked, where the answer is for all.
//! - Hop-by-hop fields end here (RFC 9110, 7.6.1). `TE: trailers` is made anew.
//! - `Upgrade` is honoured from HTTP/1.1 to HTTP/1.1, through a tunnel that is
//!   cut when the proxy ends. It is not for `h2c`: that would carry requests
//!   past the proxy. CONNECT is refused.
//! - If the origin cannot be reached or does not answer in HTTP, all who wait
//!   for that answer get a 502. The origin has as much time as it takes.
//! - Ctrl-C and SIGTERM let what is under way finish; a second one does not.
//! - Each hop frames bodies for itself. An empty one that came in chunks may get a
//!   `Content-Length` of zero.
//!
//! # What hyper does with it
//!
//! It is the same in both modes:
//!
//! - Its server has no means to send 1xx answers but 101 and its own `100
//!   Continue`, which it sends when the origin's connection takes the body. So
//!   103 ends here.
//! - Over HTTP/1.1, trailers are sent only if they are named in `Trailer`, and
//!   to a client only if it said `TE: trailers`.
//! - An answer without a body has no `Content-Length` above zero but to HEAD:
//!   that of a 304 is lost.
//! - A client that has sent a further request is not seen to leave until the
//!   first is answered.
//! - A missing `Date` is added to answers. Names of fields become lowercase.

pub(crate) mod args;
mod forward;
mod hop;
mod origin;
mod pool;
mod request;
pub(crate) mod serve;
mod stats;
mod tunnel;

use std::{
    error::Error as StdError,
    io::{self, Write},
    process::{self, ExitCode},
};

use tokio::runtime;

use self::{args::Args, serve::Server};

/// Whatever ends the program early, with a message for whoever started it.
type Error = Box<dyn StdError + Send + Sync>;

fn main() -> ExitCode {
    let args = Args::from_command_line();
    match start(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("proxy: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn start(args: &Args) -> Result<(), Error> {
    runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(proxy(args))
}

async fn proxy(args: &Args) -> Result<(), Error> {
    // Before it is said that the proxy is up: from then on it ends gracefully.
    let mut signals = Signals::listen()?;
    let server = Server::bind(args).await?;
    // Not `println!`, which panics when nobody reads on.
    let _ = writeln!(io::stdout(), "{server}");

    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        let _ = stop.send(());
        // Whoever asks twice does not want to wait.
        signals.next().await;
        process::exit(1);
    });
    server
        .run(async {
            let _ = stopped.await;
        })
        .await;
    Ok(())
}

/// What asks the proxy to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// The message of `error` and of what led to it, on one line.
fn with_causes(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}
