//! The command line.

use std::time::Duration;

use clap::{Parser, value_parser};

const EXPLANATION: &str = "\
All clients ask a gRPC server for the same item: first without a pool, then with
one around the channel that they share, then with one in the server, to which
they have connections of their own. The table says how many calls have reached
the server each time.";

/// Puts the pool around gRPC clients and into a server, and counts the calls
#[derive(Debug, Parser)]
#[command(name = "grpc_catalog", after_help = EXPLANATION)]
pub(crate) struct Args {
    /// Clients, who all ask at the same moment
    // Of many more over one connection, HTTP/2 believes that they are an attack.
    #[arg(long, value_name = "N", default_value_t = 200)]
    #[arg(value_parser = value_parser!(u16).range(1..=1000))]
    pub(crate) clients: u16,

    /// Times that all clients ask, once they have all been answered
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,

    /// Milliseconds that the shop looks for an item
    #[arg(long, value_name = "MS", default_value_t = 50)]
    #[arg(value_parser = value_parser!(u16).range(1..=10_000))]
    work_ms: u16,
}

impl Args {
    pub(crate) fn work(&self) -> Duration {
        Duration::from_millis(self.work_ms.into())
    }
}
