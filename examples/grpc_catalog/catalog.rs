//! The service: a catalog that takes its time, and counts who comes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::stream::BoxStream;
use tokio::{sync::Semaphore, time::sleep};
use tonic::{Request, Response, Status, Streaming};

use crate::shop::{Item, ItemRequest, Price, Uploaded, catalog_server::Catalog};

/// As many items as the shop looks for at a time, like a small pool of
/// connections to a database.
const CLERKS: usize = 16;

/// Knows of no pool.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    work: Duration,
    clerks: Arc<Semaphore>,
    /// Counted here: what a pool says about them is not taken on trust.
    calls: Arc<AtomicU64>,
}

impl Shop {
    pub(crate) fn new(work: Duration) -> Self {
        Self {
            work,
            clerks: Arc::new(Semaphore::new(CLERKS)),
            calls: Arc::default(),
        }
    }

    /// How many calls have reached the server.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }
}

/// What is written about an item.
pub(crate) fn title(id: &str) -> String {
    format!("all about {id}")
}

#[tonic::async_trait]
impl Catalog for Shop {
    type WatchStream = BoxStream<'static, Result<Price, Status>>;
    type AskStream = BoxStream<'static, Result<Item, Status>>;

    async fn get(&self, request: Request<ItemRequest>) -> Result<Response<Item>, Status> {
        let call = self.calls.fetch_add(1, Relaxed) + 1;
        let clerk = self.clerks.acquire().await;
        let _clerk = clerk.map_err(|_| Status::unavailable("the shop is closed"))?;
        sleep(self.work).await;
        let ItemRequest { id, .. } = request.into_inner();
        Ok(Response::new(Item {
            title: title(&id),
            id,
            call,
            ..Item::default()
        }))
    }

    async fn watch(&self, _: Request<ItemRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("nobody asks here"))
    }

    async fn upload(&self, _: Request<Streaming<Item>>) -> Result<Response<Uploaded>, Status> {
        Err(Status::unimplemented("nobody asks here"))
    }

    async fn ask(
        &self,
        _: Request<Streaming<ItemRequest>>,
    ) -> Result<Response<Self::AskStream>, Status> {
        Err(Status::unimplemented("nobody asks here"))
    }
}
