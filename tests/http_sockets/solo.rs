//! Followers whose leader's answer was not to be shared go on all at once.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing};
use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response};
use http_body_util::Full;
use tokio::{sync::Barrier, time::Instant};
use tower::{ServiceBuilder, service_fn};
use tower_pool::{PoolLayer, http::Role};

use crate::{
    client::{ask, get, send},
    server::{Watch, serve, until},
    support::{all, app},
};

#[tokio::test]
async fn five_followers_are_in_the_handler_at_the_same_time() {
    let mut app = app(PoolLayer::http()).await;
    let sent = app.meet(6, || ask(get("/report"))).await;
    let private = |text: String| {
        let head = Response::builder().header("cache-control", "private");
        head.body(text).unwrap()
    };
    let lead = app.script.call().await;
    assert_eq!(app.script.count(), 1);
    lead.answer(private("leader".into()));
    // None of them is answered before all are there.
    for (index, call) in app.script.calls(5).await.into_iter().enumerate() {
        call.answer(private(index.to_string()));
    }
    let answers = all(sent).await;
    assert!(answers.iter().all(|answer| answer.role() != "follower"));
    let mut told: Vec<_> = answers.iter().map(|answer| answer.text()).collect();
    told.sort_unstable();
    assert_eq!(told, ["0", "1", "2", "3", "4", "leader"]);
    assert_eq!((app.watch.released(), app.script.count()), (5, 6));
}

/// The same by the handler's own means: a barrier that opens for five.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_barrier_of_five_opens_for_five_followers() {
    let (release, released) = tokio::sync::watch::channel(false);
    let barrier = Arc::new(Barrier::new(5));
    let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let handler = {
        let calls = Arc::clone(&calls);
        move || {
            let (barrier, mut released) = (Arc::clone(&barrier), released.clone());
            let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            async move {
                if call == 0 {
                    released.wait_for(|released| *released).await.unwrap();
                } else {
                    barrier.wait().await;
                }
                [("set-cookie", format!("session={call}"))]
            }
        }
    };
    let watch = Watch::default();
    let report = routing::get(handler).layer(watch.on(PoolLayer::http()));
    let server = serve(Router::new().route("/report", report)).await;
    let sent: Vec<_> = (0..6)
        .map(|_| send(server.addr, ask(get("/report"))))
        .collect();
    until(|| watch.led() + watch.joined() == 6).await;
    release.send(true).unwrap();
    let answers = all(sent).await;
    let mut sessions: Vec<_> = answers.iter().map(|a| a.header("set-cookie")).collect();
    sessions.sort_unstable();
    sessions.dedup();
    assert_eq!(sessions.len(), 6, "each has a session of its own");
}

/// One behind the other they would take six times as long.
#[tokio::test(start_paused = true)]
async fn a_leader_and_five_followers_take_twice_the_time_of_one_call() {
    let pool = ServiceBuilder::new()
        .layer(PoolLayer::http())
        .service(service_fn(|_: Request<Full<Bytes>>| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let head = Response::builder().header("cache-control", "private");
            Ok::<_, std::convert::Infallible>(head.body(Full::<Bytes>::default()).unwrap())
        }));
    let start = Instant::now();
    let get = || Request::get("/report").body(Full::default()).unwrap();
    let responses = join_all((0..6).map(|_| pool.request(get()))).await;
    assert_eq!(start.elapsed().as_millis() / 100, 2);
    let roles: Vec<Role> = responses
        .iter()
        .map(|response| *response.as_ref().unwrap().extensions().get().unwrap())
        .collect();
    assert_eq!(roles[0], Role::Leader);
    assert_eq!(roles[1..], [Role::Solo; 5]);
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_shared() {
    let mut app = app(PoolLayer::http().max_body(9)).await;
    let sent = app.meet(2, || ask(get("/report"))).await;
    app.script.call().await.text("ten bytes!");
    app.script.call().await.text("ten again!");
    let answers = all(sent).await;
    assert!(answers.iter().all(|answer| answer.role() != "follower"));
}
