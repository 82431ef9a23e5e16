//! What `Cache-Status` and `http::Role` say.

use axum::body::Body;
use http::{Request, Response};
use tower_pool::{PoolLayer, http::HttpPoolLayer};

use crate::{
    client::{Answer, ask, get, send},
    support::{all, app},
};

fn layer() -> HttpPoolLayer<Body> {
    PoolLayer::http().cache_status(true)
}

fn said(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all("cache-status");
    values.iter().map(|value| value.to_str().unwrap()).collect()
}

/// A lone GET, answered with this `Cache-Status` already there.
async fn alone(layer: HttpPoolLayer<Body>, before: Option<&str>) -> Answer {
    let mut app = app(layer).await;
    let sent = app.meet(1, || ask(get("/report"))).await;
    let head = Response::builder();
    let head = match before {
        Some(before) => head.header("cache-status", before),
        None => head,
    };
    app.script.call().await.answer(head.body("").unwrap());
    all(sent).await.remove(0)
}

#[tokio::test]
async fn it_is_off_by_default() {
    let answer = alone(PoolLayer::http(), None).await;
    assert_eq!(said(&answer), Vec::<&str>::new());
    assert_eq!(answer.role(), "leader", "that is always there");
}

#[tokio::test]
async fn handed_to_several() {
    let mut app = app(layer()).await;
    let sent = app.meet(3, || ask(get("/report"))).await;
    app.script.call().await.text("");
    for answer in all(sent).await {
        assert_eq!(said(&answer), ["tower-pool; fwd=miss; collapsed"]);
    }
}

#[tokio::test]
async fn released_to_a_call_of_its_own() {
    let mut app = app(layer()).await;
    let sent = app.meet(3, || ask(get("/report"))).await;
    let private = || {
        let head = Response::builder().header("cache-control", "private");
        head.body("").unwrap()
    };
    app.script.call().await.answer(private());
    for call in app.script.calls(2).await {
        call.answer(private());
    }
    for answer in all(sent).await {
        let expected = match answer.role() {
            "leader" => "tower-pool; fwd=miss",
            "solo" => "tower-pool; fwd=miss; collapsed=?0",
            role => panic!("a {role} was told what was for one alone"),
        };
        assert_eq!(said(&answer), [expected]);
    }

    // The key is remembered now: they could not have joined anybody.
    let sent = app.meet(2, || ask(get("/report"))).await;
    for call in app.script.calls(2).await {
        call.answer(private());
    }
    for answer in all(sent).await {
        assert_eq!(
            (answer.role(), said(&answer)),
            ("solo", vec!["tower-pool; fwd=miss"])
        );
    }
}

#[tokio::test]
async fn for_one_though_others_could_have_joined() {
    let answer = alone(layer(), None).await;
    assert_eq!(said(&answer), ["tower-pool; fwd=miss"]);
    assert_eq!(answer.role(), "leader");
}

#[tokio::test]
async fn one_more_than_a_flight_takes_is_for_itself() {
    let mut app = app(layer().max_callers(2)).await;
    let sent = app.meet(3, || ask(get("/report"))).await;
    for call in app.script.calls(2).await {
        call.text("");
    }
    let mut told: Vec<_> = all(sent)
        .await
        .iter()
        .map(|a| (a.role().to_owned(), said(a)[0].to_owned()))
        .collect();
    told.sort();
    let shared = "tower-pool; fwd=miss; collapsed".to_owned();
    assert_eq!(
        told,
        [
            ("follower".to_owned(), shared.clone()),
            ("leader".to_owned(), shared),
            ("solo".to_owned(), "tower-pool; fwd=miss".to_owned()),
        ]
    );
}

#[tokio::test]
async fn a_method_that_is_never_shared() {
    let mut app = app_for_any(layer()).await;
    let sent = send(app.addr(), ask(Request::delete("/report")));
    app.script.call().await.text("");
    let answer = sent.await.unwrap();
    assert_eq!(said(&answer), ["tower-pool; fwd=method"]);
    assert_eq!(answer.role(), "solo");
}

async fn app_for_any(layer: HttpPoolLayer<Body>) -> crate::support::App {
    let (origin, script) = crate::origin::origin();
    let watch = crate::server::Watch::default();
    let report = axum::routing::any(crate::support::handler(&origin));
    let router = axum::Router::new()
        .route("/report", report)
        .layer(watch.on(layer));
    crate::support::App {
        server: crate::server::serve(router).await,
        watch,
        script,
    }
}

#[tokio::test]
async fn another_request_that_may_not_be_shared() {
    let mut app = app(layer()).await;
    for (name, value) in [("cookie", "a=b"), ("cache-control", "no-store")] {
        let sent = send(app.addr(), ask(get("/report").header(name, value)));
        app.script.call().await.text("");
        let answer = sent.await.unwrap();
        assert_eq!(said(&answer), ["tower-pool; fwd=bypass"]);
        assert_eq!(answer.role(), "solo");
    }
}

#[tokio::test]
async fn it_comes_after_what_is_there_already() {
    let answer = alone(layer(), Some("origin; hit")).await;
    assert_eq!(said(&answer), ["origin; hit", "tower-pool; fwd=miss"]);
}

#[tokio::test]
async fn a_name_is_written_as_a_token_if_it_is_one_and_else_in_quotes() {
    let cases = [
        ("reports", "reports; fwd=miss"),
        ("Edge-1/eu:a.b", "Edge-1/eu:a.b; fwd=miss"),
        ("the reports", "\"the reports\"; fwd=miss"),
        ("1st", "\"1st\"; fwd=miss"),
        ("a;b", "\"a;b\"; fwd=miss"),
        ("a\"b\\c", "\"a\\\"b\\\\c\"; fwd=miss"),
    ];
    for (name, expected) in cases {
        let answer = alone(layer().name(name), None).await;
        assert_eq!(said(&answer), [expected]);
    }
}
