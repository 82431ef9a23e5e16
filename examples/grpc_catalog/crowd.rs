//! The clients: they ask at the same moment, and check what they get.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{sync::Barrier, task::JoinSet};
use tonic::{Response, Status, body::Body};
use tower::{BoxError, Service};

use crate::{
    Error,
    args::Args,
    catalog::{Shop, title},
    shop::{Item, ItemRequest, catalog_client::CatalogClient},
};

/// Both ends of so many connections take fewer file descriptors than any usual
/// limit.
const MOST_CONNECTIONS: u16 = 100;

/// What everybody asks for.
const ID: &str = "tea";

/// All clients.
#[derive(Debug)]
pub(crate) struct Crowd {
    clients: u16,
    rounds: u16,
}

/// What came of it when the crowd asked one server.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) connections: usize,
    /// By the clients, all of them answered.
    pub(crate) made: usize,
    /// Counted in the server.
    pub(crate) arrived: u64,
    /// From the first question to the last answer.
    pub(crate) wall: Duration,
}

impl Crowd {
    pub(crate) fn of(args: &Args) -> Self {
        Self {
            clients: args.clients,
            rounds: args.rounds,
        }
    }

    /// How many connections they have, if not one for all.
    pub(crate) fn connections(&self) -> u16 {
        self.clients.min(MOST_CONNECTIONS)
    }

    /// Lets all ask, by clones of these `clients` in turn. Fails with the first
    /// that gets no answer, or a wrong one.
    pub(crate) async fn ask<S, B>(
        &self,
        name: &'static str,
        clients: Vec<CatalogClient<S>>,
        shop: &Shop,
    ) -> Result<Run, Error>
    where
        S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
        S::Error: Into<BoxError> + Send,
        S::Future: Send,
        B: http_body::Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
    {
        let before = shop.calls();
        let gate = Arc::new(Barrier::new(self.clients.into()));
        let rounds = self.rounds;
        let mut crowd = JoinSet::new();
        let begun = Instant::now();
        for client in clients.iter().cycle().take(self.clients.into()) {
            let (mut client, gate) = (client.clone(), Arc::clone(&gate));
            crowd.spawn(async move {
                for _ in 0..rounds {
                    gate.wait().await;
                    let checked = check(client.get(question()).await);
                    checked.map_err(|error| format!("{name}: {error}"))?;
                }
                Ok::<_, Error>(usize::from(rounds))
            });
        }
        let mut made = 0;
        while let Some(client) = crowd.join_next().await {
            made += client??;
        }
        Ok(Run {
            name,
            connections: clients.len(),
            made,
            arrived: shop.calls() - before,
            wall: begun.elapsed(),
        })
    }
}

pub(crate) fn question() -> ItemRequest {
    ItemRequest {
        id: ID.to_owned(),
        ..ItemRequest::default()
    }
}

pub(crate) fn check(answer: Result<Response<Item>, Status>) -> Result<(), Error> {
    let item = answer.map_err(|status| format!("no answer: {status}"))?;
    let item = item.into_inner();
    if item.id != ID || item.title != title(ID) {
        return Err(format!("a wrong answer: {item:?}").into());
    }
    Ok(())
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |number: u16| if number == 1 { "" } else { "s" };
        let Self { clients, rounds } = *self;
        write!(
            f,
            "{clients} client{} ask for the same at once, {rounds} time{}",
            plural(clients),
            plural(rounds)
        )
    }
}
