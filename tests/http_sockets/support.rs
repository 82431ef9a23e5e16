//! What most tests do: send, let them meet, answer, and look.

use std::net::SocketAddr;

use axum::{Router, body::Body, routing::get};
use tokio::task::JoinHandle;
use tower_pool::http::HttpPoolLayer;

use crate::{
    client::{Answer, Ask, Opened, open, send},
    origin::{Origin, Script, origin},
    server::{Server, Watch, serve},
};

/// One route of axum, `/report`, with a pool on it.
pub struct App {
    pub server: Server,
    pub watch: Watch,
    pub script: Script,
}

pub async fn app(layer: HttpPoolLayer<Body>) -> App {
    let (origin, script) = origin();
    let watch = Watch::default();
    let router = Router::new()
        .route("/report", get(handler(&origin)))
        .layer(watch.on(layer));
    App {
        server: serve(router).await,
        watch,
        script,
    }
}

/// The origin as a handler of axum.
pub fn handler(
    origin: &Origin,
) -> impl Fn(axum::extract::Request) -> BoxedAnswer + Clone + Send + Sync + 'static {
    let origin = origin.clone();
    move |request| Box::pin(origin.clone().handle(request))
}

type BoxedAnswer = futures::future::BoxFuture<'static, http::Response<Body>>;

impl App {
    pub fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// So many equal requests, all in the pool.
    pub async fn meet(&self, number: usize, request: impl Fn() -> Ask) -> Vec<JoinHandle<Answer>> {
        let before = self.watch.led() + self.watch.joined() + self.watch.solo();
        let sent = (0..number).map(|_| send(self.addr(), request())).collect();
        self.watch.entered(before + number as u64).await;
        sent
    }

    /// As [`meet`](Self::meet), for bodies that are read piece by piece. The
    /// first leads.
    pub async fn meet_open(
        &self,
        number: usize,
        request: impl Fn() -> Ask,
    ) -> Vec<JoinHandle<Opened>> {
        let mut sent = Vec::new();
        for _ in 0..number {
            let before = self.watch.led() + self.watch.joined() + self.watch.solo();
            sent.push(tokio::spawn(open(self.addr(), request())));
            self.watch.entered(before + 1).await;
        }
        sent
    }
}

pub async fn all<T>(sent: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

/// One led, and all the others followed.
#[track_caller]
pub fn assert_one_leads(answers: &[Answer]) {
    let role = |role| answers.iter().filter(|a| a.role() == role).count();
    assert_eq!((role("leader"), role("follower")), (1, answers.len() - 1));
}

#[track_caller]
pub fn assert_all_say(answers: &[Answer], text: &str) {
    for answer in answers {
        assert_eq!(answer.text(), text);
    }
}
