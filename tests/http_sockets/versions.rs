//! Clients of different versions of HTTP on one flight.

use std::sync::{Arc, Mutex};

use http::{Request, Response, Version};
use tower::{ServiceBuilder, service_fn};
use tower_pool::{PoolLayer, http::HttpPoolLayer};

use crate::{
    client::{ask, get, send, send_h2, send_raw},
    origin::{Script, origin},
    server::{Server, Watch, serve_hyper},
    support::{all, app, assert_all_say, assert_one_leads},
};

/// The versions of the responses as the pool gave them, before hyper writes
/// what its connection needs. The origin answers in the version of its request.
type Seen = Arc<Mutex<Vec<(Version, Version)>>>;

async fn serve(layer: HttpPoolLayer<hyper::body::Incoming>) -> (Server, Watch, Script, Seen) {
    let (origin, script) = origin();
    let watch = Watch::default();
    let seen = Seen::default();
    let pool = ServiceBuilder::new().layer(watch.on(layer)).service(origin);
    let app = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<hyper::body::Incoming>| {
            let (pool, seen) = (pool.clone(), Arc::clone(&seen));
            async move {
                let asked = request.version();
                let response = tower::ServiceExt::oneshot(pool, request).await;
                if let Ok(response) = &response {
                    seen.lock().unwrap().push((asked, response.version()));
                }
                response
            }
        })
    };
    (serve_hyper(app).await, watch, script, seen)
}

fn http_1_0(server: &Server) -> String {
    // As HTTP/1.1 clients have it, so that it is the same request.
    format!("GET /report HTTP/1.0\r\nhost: {}\r\n\r\n", server.addr)
}

#[tokio::test]
async fn http_1_1_and_http_2_share_one_call_and_each_has_its_own_version() {
    for h2_leads in [false, true] {
        let (server, watch, mut script, seen) = serve(PoolLayer::http()).await;
        let get = || ask(get("/report"));
        let lead = if h2_leads {
            send_h2(server.addr, get())
        } else {
            send(server.addr, get())
        };
        watch.entered(1).await;
        let mut sent = vec![lead];
        sent.push(send(server.addr, get()));
        sent.push(send_h2(server.addr, get()));
        sent.push(send(server.addr, get()));
        watch.entered(4).await;
        script.call().await.text("for all");
        let answers = all(sent).await;
        assert_all_say(&answers, "for all");
        assert_one_leads(&answers);
        let versions: Vec<_> = answers[1..].iter().map(|a| a.version).collect();
        assert_eq!(
            versions,
            [Version::HTTP_11, Version::HTTP_2, Version::HTTP_11]
        );
        for (asked, given) in &*seen.lock().unwrap() {
            assert_eq!(asked, given);
        }
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test]
async fn http_1_0_and_http_1_1_share_one_call_and_each_has_its_own_version() {
    for old_leads in [false, true] {
        let (server, watch, mut script, seen) = serve(PoolLayer::http()).await;
        let (old, new);
        if old_leads {
            old = send_raw(server.addr, http_1_0(&server));
            watch.entered(1).await;
            new = send(server.addr, ask(get("/report")));
        } else {
            new = send(server.addr, ask(get("/report")));
            watch.entered(1).await;
            old = send_raw(server.addr, http_1_0(&server));
        }
        watch.entered(2).await;
        script.call().await.text("for both");
        let old = old.await.unwrap();
        assert!(old.starts_with("HTTP/1.0 200 OK\r\n"), "{old}");
        assert!(old.ends_with("\r\n\r\nfor both"), "{old}");
        let new = new.await.unwrap();
        assert_eq!((new.version, new.text()), (Version::HTTP_11, "for both"));
        for (asked, given) in &*seen.lock().unwrap() {
            assert_eq!(asked, given);
        }
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test]
async fn a_streamed_body_reaches_an_http_1_0_follower_whole_and_unchunked() {
    let (server, watch, mut script, _) = serve(PoolLayer::http()).await;
    let new = send(server.addr, ask(get("/report")));
    watch.entered(1).await;
    let old = send_raw(server.addr, http_1_0(&server));
    watch.entered(2).await;
    let call = script.call().await;
    let feed = call.stream(Response::builder());
    feed.data("one, ");
    feed.data("two");
    drop(feed);
    let old = old.await.unwrap();
    assert!(old.ends_with("\r\n\r\none, two"), "{old}");
    assert!(!old.contains("chunked"), "{old}");
    assert_eq!(new.await.unwrap().text(), "one, two");
}

#[tokio::test]
async fn a_late_joiner_has_its_own_version_too() {
    let layer = PoolLayer::http().join(tower_pool::http::Join::UntilBody);
    let (server, watch, mut script, seen) = serve(layer).await;
    let old = send_raw(server.addr, http_1_0(&server));
    let call = script.call().await;
    let feed = call.stream(Response::builder());
    feed.data("one, ");
    crate::server::until(|| seen.lock().unwrap().len() == 1).await;
    let new = send_h2(server.addr, ask(get("/report")));
    watch.entered(2).await;
    feed.data("two");
    drop(feed);
    let new = new.await.unwrap();
    assert_eq!((new.version, new.text()), (Version::HTTP_2, "one, two"));
    assert!(old.await.unwrap().ends_with("one, two"));
    assert_eq!(
        *seen.lock().unwrap(),
        [
            (Version::HTTP_10, Version::HTTP_10),
            (Version::HTTP_2, Version::HTTP_2)
        ]
    );
}

#[tokio::test]
async fn axums_server_serves_both_on_one_flight() {
    let mut app = app(PoolLayer::http()).await;
    let sent = vec![
        send(app.addr(), ask(get("/report"))),
        send_h2(app.addr(), ask(get("/report"))),
    ];
    app.watch.entered(2).await;
    app.script.call().await.text("for both");
    let answers = all(sent).await;
    assert_all_say(&answers, "for both");
    assert_one_leads(&answers);
    assert_eq!(answers[0].version, Version::HTTP_11);
    assert_eq!(answers[1].version, Version::HTTP_2);
}
