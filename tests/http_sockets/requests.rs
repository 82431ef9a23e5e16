//! Requests that are not the same, though their path is.

use http::{Request, request::Builder};
use tower_pool::PoolLayer;

use crate::{
    client::{ask, get, send},
    support::{App, app},
};

/// Two of each kind at once are two calls, whose answers do not mix. The answer
/// says in a header what was asked, as a HEAD has no body.
async fn assert_apart(one: impl Fn() -> Builder, other: impl Fn() -> Builder) {
    let App {
        server,
        watch,
        mut script,
    } = app(PoolLayer::http()).await;
    let requests = [one(), other(), one(), other()];
    let sent: Vec<_> = requests
        .map(|builder| {
            let request = ask(builder);
            (asked(&request), send(server.addr, request))
        })
        .into();
    watch.entered(4).await;
    assert_eq!((watch.led(), watch.joined()), (2, 2));
    for call in script.calls(2).await {
        let asked = asked(&Request::from_parts(call.parts.clone(), ()));
        let head = http::Response::builder().header("x-asked", asked);
        call.answer(head.body("").unwrap());
    }
    for (asked, answer) in sent {
        assert_eq!(answer.await.unwrap().header("x-asked"), asked);
    }
    assert_eq!(script.count(), 2);
}

/// The parts that differ here.
fn asked<B>(request: &Request<B>) -> String {
    let mut asked = request.method().to_string();
    let names = [
        "range",
        "accept",
        "if-none-match",
        "x-forwarded-host",
        "origin",
    ];
    for name in names {
        for value in request.headers().get_all(name) {
            asked += &format!(" {name}:{}", value.to_str().unwrap());
        }
    }
    match request
        .headers()
        .get("host")
        .map(|host| host.to_str().unwrap())
    {
        Some(host) if host.ends_with(".test") => asked + " " + host,
        _ => asked,
    }
}

#[tokio::test]
async fn head_and_get() {
    assert_apart(|| get("/report"), || Request::head("/report")).await;
}

#[tokio::test]
async fn different_ranges_and_none() {
    let range = |range: &'static str| move || get("/report").header("range", range);
    assert_apart(range("bytes=0-4"), range("bytes=5-9")).await;
    assert_apart(range("bytes=0-4"), || get("/report")).await;
}

#[tokio::test]
async fn different_hosts() {
    let host = |host: &'static str| move || get("/report").header("host", host);
    assert_apart(host("north.test"), host("south.test")).await;
}

#[tokio::test]
async fn different_forwarded_hosts() {
    let host = |host: &'static str| move || get("/report").header("x-forwarded-host", host);
    assert_apart(host("north.test"), host("south.test")).await;
    assert_apart(host("north.test"), || get("/report")).await;
}

#[tokio::test]
async fn repeated_headers_in_another_order() {
    let accept = |first: &'static str, second: &'static str| {
        move || {
            get("/report")
                .header("accept", first)
                .header("accept", second)
        }
    };
    assert_apart(
        accept("text/html", "text/plain"),
        accept("text/plain", "text/html"),
    )
    .await;
}

#[tokio::test]
async fn different_conditions_and_origins() {
    let with = |name: &'static str, value: &'static str| move || get("/report").header(name, value);
    assert_apart(
        with("if-none-match", "\"a\""),
        with("if-none-match", "\"b\""),
    )
    .await;
    assert_apart(with("origin", "http://a"), with("origin", "http://b")).await;
}

#[tokio::test]
async fn headers_that_are_not_keyed_do_not_part() {
    let mut app = app(PoolLayer::http()).await;
    let agents = ["curl", "browser"];
    let sent =
        agents.map(|agent| send(app.addr(), ask(get("/report").header("user-agent", agent))));
    app.watch.entered(2).await;
    app.script.call().await.text("for any");
    for answer in sent {
        assert_eq!(answer.await.unwrap().text(), "for any");
    }
    assert_eq!(app.script.count(), 1);
}
