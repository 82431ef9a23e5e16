//! A catalog that many clients ask the same at the same time, over gRPC: without
//! a pool, with one around the clients' channel, and with one in the server.
//! Server, clients and sockets are real, and every number is measured.
//!
//! ```text
//! cargo run --features grpc --example grpc_catalog
//! cargo run --features grpc --example grpc_catalog -- --help
//! ```
//!
//! - [`args`]: the command line.
//! - [`catalog`]: the service, which counts the calls that reach it.
//! - [`server`]: tonic's server, and connections to it.
//! - [`crowd`]: the clients, who check every answer.
//! - [`deadline`]: one of them who cannot wait.
//! - [`table`]: what came of it, in numbers.
//! - [`shop`]: the code that is made of `shop.proto`.

mod args;
mod catalog;
mod crowd;
mod deadline;
mod server;
mod table;
#[allow(unreachable_pub)] // made by tonic
#[rustfmt::skip]
mod shop;

use std::{
    error::Error as StdError,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use tonic::service::Routes;
use tower::ServiceBuilder;
use tower_pool::PoolLayer;

use self::{
    args::Args,
    catalog::Shop,
    crowd::Crowd,
    server::Server,
    shop::{catalog_client::CatalogClient, catalog_server::CatalogServer},
};

/// Whatever ends the program early, with a message for whoever started it.
type Error = Box<dyn StdError + Send + Sync>;

/// What is pooled.
const GET: &str = "/shop.Catalog/Get";

#[tokio::main]
async fn main() -> ExitCode {
    match ask_all(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("grpc_catalog: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn ask_all(args: &Args) -> Result<(), Error> {
    let crowd = Crowd::of(args);
    let connections = crowd.connections();

    let shop = Shop::new(args.work());
    let routes = Routes::new(CatalogServer::new(shop.clone()));
    let server = Server::start(routes).await?;
    let channel = server.connect().await?;
    let client = CatalogClient::new(channel.clone());
    let unpooled = crowd.ask("no pool", vec![client], &shop).await?;

    let pool = ServiceBuilder::new()
        .layer(PoolLayer::grpc().method(GET)) // this is all it takes
        .service(channel);
    let client = CatalogClient::new(pool);
    let around = crowd
        .ask("pool around the channel", vec![client.clone()], &shop)
        .await?;
    let deadline = deadline::show(args, &client, &shop).await?;

    // Here callers share who have nothing in common but the server.
    let shop = Shop::new(args.work());
    let routes = Routes::new(CatalogServer::new(shop.clone())).into_axum_router();
    let routes = routes.layer(PoolLayer::grpc().method(GET));
    let server = Server::start(Routes::from(routes)).await?;
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(CatalogClient::new(server.connect().await?));
    }
    let inside = crowd.ask("pool in the server", clients, &shop).await?;

    let table = table::of(&[unpooled, around, inside]);
    // Not `println!`, which panics when nobody reads on.
    Ok(writeln!(io::stdout(), "{crowd}.\n{table}\n{deadline}")?)
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
