//! The service that tests script: each call that reaches it is theirs to answer.

use futures::{StreamExt, stream::BoxStream};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    proto::{Item, ItemRequest, Price, Uploaded, catalog_server::Catalog},
    support::soon,
};

/// A shop, and all calls that come to it.
pub fn shop() -> (Shop, Script) {
    let (gets, got) = mpsc::unbounded_channel();
    let (watches, watched) = mpsc::unbounded_channel();
    let shop = Shop { gets, watches };
    let script = Script {
        gets: got,
        watches: watched,
    };
    (shop, script)
}

#[derive(Clone)]
pub struct Shop {
    gets: mpsc::UnboundedSender<Call<Item>>,
    watches: mpsc::UnboundedSender<Call<PriceStream>>,
}

pub struct Script {
    gets: mpsc::UnboundedReceiver<Call<Item>>,
    watches: mpsc::UnboundedReceiver<Call<PriceStream>>,
}

/// A call that waits for its answer.
pub struct Call<T> {
    pub request: Request<ItemRequest>,
    answer: oneshot::Sender<Result<Response<T>, Status>>,
}

pub type PriceStream = BoxStream<'static, Result<Price, Status>>;

impl Script {
    /// The next call of `Get` that reaches the server.
    pub async fn get(&mut self) -> Call<Item> {
        soon(self.gets.recv()).await.expect("the server is there")
    }

    /// The next call of `Watch` that reaches the server.
    pub async fn watch(&mut self) -> Call<PriceStream> {
        soon(self.watches.recv())
            .await
            .expect("the server is there")
    }

    /// Asserts that no call has come but those that were seen.
    #[track_caller]
    pub fn assert_no_more(&mut self) {
        assert!(self.gets.try_recv().is_err(), "another Get");
        assert!(self.watches.try_recv().is_err(), "another Watch");
    }
}

impl<T> Call<T> {
    pub fn answer(self, answer: Result<Response<T>, Status>) {
        self.answer.send(answer).ok().expect("the call goes on");
    }

    /// Waits until the server has dropped the call.
    pub async fn cancelled(mut self) {
        soon(self.answer.closed()).await;
    }

    /// Has the server dropped the call?
    pub fn is_cancelled(&self) -> bool {
        self.answer.is_closed()
    }

    /// The value of this metadata in the request.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.request.metadata().get(name)?.to_str().ok()
    }
}

impl Call<Item> {
    /// Answers with an item of this title.
    pub fn sell(self, title: &str) {
        let item = Item {
            id: self.request.get_ref().id.clone(),
            title: title.to_owned(),
            ..Item::default()
        };
        self.answer(Ok(Response::new(item)));
    }
}

impl Call<PriceStream> {
    /// Answers with a stream of prices that are sent one by one.
    pub fn stream(self) -> mpsc::UnboundedSender<Result<Price, Status>> {
        let (prices, stream) = mpsc::unbounded_channel();
        let stream = UnboundedReceiverStream::new(stream);
        self.answer(Ok(Response::new(stream.boxed())));
        prices
    }
}

#[tonic::async_trait]
impl Catalog for Shop {
    type WatchStream = PriceStream;
    type AskStream = BoxStream<'static, Result<Item, Status>>;

    async fn get(&self, request: Request<ItemRequest>) -> Result<Response<Item>, Status> {
        ask(&self.gets, request).await
    }

    async fn watch(&self, request: Request<ItemRequest>) -> Result<Response<PriceStream>, Status> {
        ask(&self.watches, request).await
    }

    /// Says what has come, when all has.
    async fn upload(
        &self,
        request: Request<Streaming<Item>>,
    ) -> Result<Response<Uploaded>, Status> {
        let mut items = request.into_inner();
        let mut ids = Vec::new();
        while let Some(item) = items.message().await? {
            ids.push(item.id);
        }
        let items = ids.len() as u64;
        Ok(Response::new(Uploaded { items, ids }))
    }

    /// Answers each question at once, in its own words.
    async fn ask(
        &self,
        request: Request<Streaming<ItemRequest>>,
    ) -> Result<Response<Self::AskStream>, Status> {
        let answers = request.into_inner().map(|question| {
            let ItemRequest { id, .. } = question?;
            let title = format!("about {id}");
            Ok(Item {
                id,
                title,
                ..Item::default()
            })
        });
        Ok(Response::new(answers.boxed()))
    }
}

async fn ask<T>(
    calls: &mpsc::UnboundedSender<Call<T>>,
    request: Request<ItemRequest>,
) -> Result<Response<T>, Status> {
    let (answer, answered) = oneshot::channel();
    calls.send(Call { request, answer }).ok();
    answered
        .await
        .unwrap_or_else(|_| Err(Status::aborted("the test has dropped the call")))
}
