//! The command line.

use std::net::{IpAddr, SocketAddr};

use clap::{CommandFactory, Parser, ValueEnum, error::ErrorKind, value_parser};
use http::uri::{Authority, Scheme, Uri};

const EXPLANATION: &str = "\
Requests that are safe to share (GET and HEAD, without credentials) and ask for
the same thing share one request to the origin while that is under way.";

/// A reverse proxy that lets concurrent requests share the origin's answers
#[derive(Clone, Debug, Parser)]
#[command(name = "proxy", after_help = EXPLANATION)]
pub(crate) struct Args {
    /// The address to listen on, for HTTP/1 and HTTP/2 with prior knowledge
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// The origin, as in http://127.0.0.1:9000
    #[arg(long, value_name = "URL", value_parser = origin)]
    pub(crate) origin: Authority,

    /// Speak HTTP/2 with the origin, with prior knowledge
    #[arg(long)]
    pub(crate) origin_http2: bool,

    /// Send each request to the origin alone, to compare
    #[arg(long, conflicts_with_all = ["cache_status", "max_lag", "join", "stats"])]
    pub(crate) no_pool: bool,

    /// Say in a Cache-Status field how an answer came about
    #[arg(long)]
    pub(crate) cache_status: bool,

    /// How many bytes a client may fall behind the fastest of those it shares an
    /// answer with. An answer that is known to be longer is not shared
    #[arg(long, value_name = "BYTES", value_parser = value_parser!(u64).range(1..))]
    pub(crate) max_lag: Option<u64>,

    /// How long a request that is under way may be joined
    #[arg(long, value_name = "WHEN")]
    pub(crate) join: Option<Join>,

    /// Another address, that serves GET /_pool/stats as JSON
    #[arg(long, value_name = "ADDR")]
    pub(crate) stats: Option<SocketAddr>,
}

/// How long a request that is under way may be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Join {
    /// Until the head of its answer is there
    UntilHead,
    /// Until the body of its answer is complete
    UntilBody,
}

impl Args {
    /// Reads and checks the command line. Ends the program with a message if
    /// there is something wrong with it.
    pub(crate) fn from_command_line() -> Self {
        let args = Self::parse();
        if let Err(complaint) = args.check() {
            let kind = ErrorKind::ValueValidation;
            Self::command().error(kind, complaint).exit()
        }
        args
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { listen, origin, .. } = self;
        if is_at(origin, *listen) {
            return Err(format!(
                "--origin http://{origin} is the proxy itself, by --listen {listen}"
            ));
        }
        match self.stats {
            Some(stats) if stats == *listen && stats.port() != 0 => {
                Err(format!("--stats {stats} is taken by --listen"))
            }
            Some(stats) if is_at(origin, stats) => {
                Err(format!("--stats {stats} is taken by --origin"))
            }
            _ => Ok(()),
        }
    }
}

/// Only for addresses: names are not looked up.
fn is_at(origin: &Authority, address: SocketAddr) -> bool {
    let host = origin.host().trim_matches(['[', ']']);
    let port = origin.port_u16().unwrap_or(80);
    host.parse::<IpAddr>()
        .is_ok_and(|ip| SocketAddr::new(ip, port) == address)
}

/// All that an origin consists of is its name and port: a path would have to be
/// put before that of each request.
fn origin(url: &str) -> Result<Authority, String> {
    if url.contains('#') {
        return Err("it may have no fragment".to_owned());
    }
    if url == "http://" {
        return Err("it has no host".to_owned());
    }
    let uri: Uri = url.parse().map_err(|error| format!("{error}"))?;
    let parts = uri.into_parts();
    match parts.scheme {
        Some(scheme) if scheme == Scheme::HTTP => {}
        Some(scheme) if scheme == Scheme::HTTPS => {
            return Err("there is no TLS here: it has to be an http:// URL".to_owned());
        }
        Some(scheme) => return Err(format!("{scheme}:// is not http://")),
        None => return Err("it has to begin with http://".to_owned()),
    }
    let authority = parts.authority.ok_or("it has no host")?;
    if authority.as_str().contains('@') {
        return Err("it may have no credentials".to_owned());
    }
    if authority.host().is_empty() {
        return Err("it has no host".to_owned());
    }
    let port = &authority.as_str()[authority.host().len()..];
    if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err(format!("{port:?} is no port"));
    }
    if let Some(path) = parts.path_and_query {
        if path.query().is_some() {
            return Err("it may have no query".to_owned());
        }
        if path.path() != "/" {
            return Err(format!("it may have no path, not {}", path.path()));
        }
    }
    Ok(authority)
}
