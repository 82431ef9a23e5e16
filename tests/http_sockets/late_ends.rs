//! `Join::UntilBody`: however it ends, no key is left.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use tower::{Layer, service_fn};
use tower_pool::{
    PoolLayer,
    http::{HttpPoolLayer, Join},
};

use crate::{
    client::{Opened, ask, get, open, send},
    origin::Feed,
    server::serve_hyper,
    support::{App, all, app},
};

fn layer<B>() -> HttpPoolLayer<B> {
    PoolLayer::http().join(Join::UntilBody)
}

/// A leader, a follower and one that joined late, all with the first piece.
async fn three(app: &mut App) -> (Vec<Opened>, Feed) {
    let sent = app.meet_open(2, || ask(get("/report"))).await;
    let feed = app.script.call().await.stream(Response::builder());
    feed.data("a piece");
    let mut readers = all(sent).await;
    readers.push(open(app.addr(), ask(get("/report"))).await);
    for reader in &mut readers {
        assert_eq!(reader.data().await, "a piece");
    }
    assert_eq!((app.watch.in_flight(), app.watch.joined()), (1, 2));
    (readers, feed)
}

async fn assert_next_is_afresh(app: &mut App) {
    app.watch.emptied().await;
    let next = send(app.addr(), ask(get("/report")));
    app.script.call().await.text("afresh");
    assert_eq!(next.await.unwrap().text(), "afresh");
    app.watch.emptied().await;
}

#[tokio::test]
async fn by_the_end_of_the_body() {
    let mut app = app(layer()).await;
    let (readers, feed) = three(&mut app).await;
    drop(feed);
    for reader in readers {
        assert_eq!(reader.rest().await.unwrap().text(), "");
    }
    assert_next_is_afresh(&mut app).await;
}

#[tokio::test]
async fn by_an_error_in_the_middle_that_reaches_all() {
    let mut app = app(layer()).await;
    let (readers, feed) = three(&mut app).await;
    feed.fail("the boiler is out");
    for reader in readers {
        assert!(reader.rest().await.is_err());
    }
    assert_next_is_afresh(&mut app).await;
}

#[tokio::test]
async fn by_all_clients_leaving() {
    let mut app = app(layer()).await;
    let (readers, feed) = three(&mut app).await;
    drop(readers);
    feed.dropped().await;
    assert_next_is_afresh(&mut app).await;
}

#[tokio::test]
async fn a_leader_that_leaves_is_no_end() {
    let mut app = app(layer()).await;
    let (mut readers, feed) = three(&mut app).await;
    drop(readers.remove(0));
    let newcomer = open(app.addr(), ask(get("/report"))).await;
    assert_eq!(newcomer.role(), "follower");
    feed.data(", another");
    drop(feed);
    assert_eq!(newcomer.rest().await.unwrap().text(), "a piece, another");
    drop(readers);
    assert_next_is_afresh(&mut app).await;
}

#[tokio::test]
async fn bodies_that_are_over_at_once_leave_nothing() {
    let mut app = app(layer()).await;
    for body in ["", "known at once"] {
        let sent = app.meet(3, || ask(get("/report"))).await;
        app.script.call().await.text(body);
        for answer in all(sent).await {
            assert_eq!(answer.text(), body);
        }
        app.watch.emptied().await;
    }
}

/// Gives a piece, then panics as soon as it is told to.
struct Explosive {
    given: bool,
    lit: Arc<AtomicBool>,
}

impl http_body::Body for Explosive {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !std::mem::replace(&mut self.given, true) {
            return Poll::Ready(Some(Ok(Frame::data("a piece".into()))));
        }
        if self.lit.load(SeqCst) {
            std::panic::resume_unwind(Box::new("the boiler is out"));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[tokio::test]
async fn by_a_panic_of_the_body_that_is_an_error_to_all() {
    let lit = Arc::new(AtomicBool::new(false));
    let watch = crate::server::Watch::default();
    let explosive = {
        let lit = Arc::clone(&lit);
        service_fn(move |_: Request<hyper::body::Incoming>| {
            let body = Explosive {
                given: false,
                lit: Arc::clone(&lit),
            };
            async { Ok::<_, Infallible>(Response::new(body)) }
        })
    };
    let server = serve_hyper(watch.on(layer()).layer(explosive)).await;
    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut reader = open(server.addr, ask(get("/report"))).await;
        assert_eq!(reader.data().await, "a piece");
        readers.push(reader);
    }
    assert_eq!((watch.led(), watch.joined()), (1, 2));
    lit.store(true, SeqCst);
    for reader in readers {
        assert!(reader.rest().await.is_err());
    }
    watch.emptied().await;
    lit.store(false, SeqCst);
    let mut next = open(server.addr, ask(get("/report"))).await;
    assert_eq!(next.role(), "leader");
    assert_eq!(next.data().await, "a piece");
}
