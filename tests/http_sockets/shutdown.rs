//! A server that shuts down in good order finishes what is under way.

use axum::{Router, routing};
use http::Response;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::sync::oneshot;
use tower_pool::{PoolLayer, http::SharedBody};

use crate::{
    client::{ask, get, open, send, send_h2},
    origin::{Origin, Script, origin},
    server::{Server, Watch, serve_by},
    support::{all, assert_all_say, assert_one_leads, handler},
};

struct App {
    server: Server,
    watch: Watch,
    script: Script,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

fn router(origin: &Origin, watch: &Watch) -> Router {
    Router::new()
        .route("/report", routing::get(handler(origin)))
        .layer(watch.on(PoolLayer::http()))
}

async fn axum_app() -> App {
    let (origin, script) = origin();
    let watch = Watch::default();
    let router = router(&origin, &watch).with_state(());
    let (stop, stopping) = oneshot::channel::<()>();
    let (done, stopped) = oneshot::channel();
    let server = serve_by(|listener| async move {
        let served = axum::serve(listener, router);
        let stop = async { stopping.await.unwrap() };
        served.with_graceful_shutdown(stop).await.unwrap();
        done.send(()).ok();
    })
    .await;
    App {
        server,
        watch,
        script,
        stop,
        stopped,
    }
}

async fn hyper_app() -> App {
    let (origin, script) = origin();
    let watch = Watch::default();
    let router = router(&origin, &watch).with_state(());
    let (stop, mut stopping) = oneshot::channel::<()>();
    let (done, stopped) = oneshot::channel();
    let server = serve_by(|listener| async move {
        let graceful = GracefulShutdown::new();
        loop {
            let socket = tokio::select! {
                accepted = listener.accept() => accepted.unwrap().0,
                _ = &mut stopping => break,
            };
            let server = auto::Builder::new(TokioExecutor::new());
            let service = TowerToHyperService::new(router.clone());
            let connection = server.serve_connection(TokioIo::new(socket), service);
            let connection = graceful.watch(connection.into_owned());
            tokio::spawn(async move { drop(connection.await) });
        }
        drop(listener);
        graceful.shutdown().await;
        done.send(()).ok();
    })
    .await;
    App {
        server,
        watch,
        script,
        stop,
        stopped,
    }
}

async fn assert_flights_are_finished(app: App) {
    let App {
        server,
        watch,
        mut script,
        stop,
        mut stopped,
    } = app;
    let mut sent = Vec::new();
    for index in 0..4 {
        // The leader by HTTP/1.1, the last by HTTP/2.
        let by = if index < 3 { send } else { send_h2 };
        sent.push(by(server.addr, ask(get("/report"))));
        watch.entered(index + 1).await;
    }
    let call = script.call().await;
    stop.send(()).unwrap();
    // The listener is gone: it is shutting down.
    while tokio::net::TcpStream::connect(server.addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let feed = call.stream(Response::builder());
    feed.data("to the ");
    assert!(stopped.try_recv().is_err());
    feed.data("very end");
    drop(feed);
    let answers = all(sent).await;
    assert_all_say(&answers, "to the very end");
    assert_one_leads(&answers);
    stopped.await.expect("then it is done");
    assert_eq!((script.count(), watch.in_flight()), (1, 0));
}

#[tokio::test]
async fn axums_finishes_the_flights_of_leaders_and_followers() {
    assert_flights_are_finished(axum_app().await).await;
}

#[tokio::test]
async fn hypers_finishes_the_flights_of_leaders_and_followers() {
    assert_flights_are_finished(hyper_app().await).await;
}

#[tokio::test]
async fn a_follower_whose_leader_left_during_the_shutdown_is_finished_too() {
    for app in [axum_app().await, hyper_app().await] {
        let App {
            server,
            watch,
            mut script,
            stop,
            stopped,
        } = app;
        let leader = tokio::spawn(open(server.addr, ask(get("/report"))));
        watch.entered(1).await;
        let follower = send(server.addr, ask(get("/report")));
        watch.entered(2).await;
        stop.send(()).unwrap();
        leader.abort();
        script.call().await.text("still here");
        let answer = follower.await.unwrap();
        assert_eq!((answer.text(), answer.role()), ("still here", "follower"));
        stopped.await.unwrap();
    }
}

/// A type that a server can send, whoever reads it.
#[test]
fn a_shared_body_goes_where_a_body_goes() {
    fn goes<B: http_body::Body + Send + Sync + 'static>() {}
    goes::<SharedBody>();
}
