//! The forms that a response can have on the wire.

use axum::body::Body;
use http::{Request, Response, StatusCode};
use tower_pool::PoolLayer;

use crate::{
    client::{Answer, Ask, ask, get, send_h2},
    support::{all, app, assert_one_leads},
};

/// What a leader and two followers, the last by HTTP/2, are told.
async fn told(request: impl Fn() -> Ask, response: Response<Body>) -> Vec<Answer> {
    let mut app = app(PoolLayer::http()).await;
    let mut sent = app.meet(2, &request).await;
    sent.push(send_h2(app.addr(), request()));
    app.watch.entered(3).await;
    app.script.call().await.answer(response);
    let answers = all(sent).await;
    assert_one_leads(&answers);
    assert_eq!(app.script.count(), 1);
    answers
}

#[tokio::test]
async fn a_body_of_known_length_has_its_length_for_all() {
    for answer in told(|| ask(get("/report")), Response::new("eleven byte".into())).await {
        assert_eq!(answer.header("content-length"), "11");
        assert_eq!(answer.header("transfer-encoding"), "");
        assert_eq!(answer.text(), "eleven byte");
    }
}

#[tokio::test]
async fn an_empty_body_has_its_length_for_all() {
    for answer in told(|| ask(get("/report")), Response::new(Body::empty())).await {
        assert_eq!(answer.header("content-length"), "0");
        assert_eq!(answer.text(), "");
    }
}

#[tokio::test]
async fn the_length_that_an_origin_declares_for_a_stream_is_kept() {
    let (feed, body) = crate::origin::feed();
    feed.data("eleven ");
    feed.data("byte");
    drop(feed);
    let head = Response::builder().header("content-length", "11");
    for answer in told(|| ask(get("/report")), head.body(body).unwrap()).await {
        assert_eq!(answer.header("content-length"), "11");
        assert_eq!(answer.text(), "eleven byte");
    }
}

#[tokio::test]
async fn a_head_keeps_its_length_and_has_no_body() {
    let head = || ask(Request::head("/report"));
    for answer in told(head, Response::new("eleven byte".into())).await {
        assert_eq!(answer.header("content-length"), "11");
        assert_eq!(answer.text(), "");
    }
    let declared = Response::builder().header("content-length", "4711");
    for answer in told(head, declared.body(Body::empty()).unwrap()).await {
        assert_eq!(answer.header("content-length"), "4711");
        assert_eq!(answer.text(), "");
    }
}

#[tokio::test]
async fn no_content_and_not_modified_have_none() {
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        let conditional = || ask(get("/report").header("if-none-match", "\"v1\""));
        let response = Response::builder().status(status).header("etag", "\"v1\"");
        for answer in told(conditional, response.body(Body::empty()).unwrap()).await {
            assert_eq!((answer.status, answer.text()), (status, ""));
            assert_eq!(answer.header("etag"), "\"v1\"");
            assert_eq!(answer.header("transfer-encoding"), "");
        }
    }
}

#[tokio::test]
async fn a_part_and_a_range_that_is_not_there_are_shared_with_who_asked_for_the_same() {
    let part = (StatusCode::PARTIAL_CONTENT, "bytes 0-3/11", "elev");
    let none = (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */11", "");
    for (status, range, text) in [part, none] {
        let asking = || ask(get("/report").header("range", "bytes=0-3"));
        let response = Response::builder()
            .status(status)
            .header("content-range", range);
        for answer in told(asking, response.body(text.into()).unwrap()).await {
            assert_eq!((answer.status, answer.text()), (status, text));
            assert_eq!(answer.header("content-range"), range);
            assert_eq!(answer.header("content-length"), text.len().to_string());
        }
    }
}

#[tokio::test]
async fn headers_and_their_repetitions_are_the_leaders_for_all() {
    let response = Response::builder()
        .status(StatusCode::NOT_FOUND)
        .header("link", "</a>")
        .header("link", "</b>")
        .body("not here".into());
    for answer in told(|| ask(get("/report")), response.unwrap()).await {
        let links: Vec<_> = answer.headers.get_all("link").iter().collect();
        assert_eq!(links, ["</a>", "</b>"]);
        assert_eq!(
            (answer.status, answer.text()),
            (StatusCode::NOT_FOUND, "not here")
        );
    }
}
