//! What one user is told never reaches another.

use axum::body::Body;
use http::Response;
use tower_pool::{
    PoolLayer,
    http::{Credentials, HttpPoolLayer},
};

use crate::{
    client::{Ask, ask, get, send},
    support::{App, app, assert_one_leads},
};

/// Two identities by each of the usual ways, and one that is not of HTTP itself.
const IDENTITIES: [(&str, &str, &str); 4] = [
    ("cookie", "session=anne", "session=bert"),
    ("authorization", "Bearer anne", "Bearer bert"),
    ("authorization", "Basic YW5uZTp4", "Basic YmVydDp4"),
    ("x-api-key", "anne", "bert"),
];

fn as_user(header: &str, identity: &str) -> Ask {
    ask(get("/report").header(header, identity))
}

/// Two requests of each user at once. Returns how many calls that made, and
/// what each got, by user; the origin tells each call its own identity.
async fn two_users(layer: HttpPoolLayer<Body>, identities: (&str, &str, &str)) -> usize {
    let (header, anne, bert) = identities;
    let App {
        server,
        watch,
        mut script,
    } = app(layer).await;
    let sent: Vec<_> = [anne, bert, anne, bert]
        .map(|user| (user, send(server.addr, as_user(header, user))))
        .into();
    watch.entered(4).await;
    let number = (watch.led() + watch.solo()) as usize;
    for (index, call) in script.calls(number).await.into_iter().enumerate() {
        let text = format!("{} {index}", call.header(header));
        call.text(text);
    }
    let mut told: Vec<String> = Vec::new();
    for (user, answer) in sent {
        let answer = answer.await.unwrap();
        assert!(answer.text().starts_with(user), "{user}: {answer:?}");
        told.push(answer.text().to_owned());
    }
    told.sort();
    told.dedup();
    assert_eq!(told.len(), number, "one call, one answer");
    script.count()
}

#[tokio::test]
async fn those_with_credentials_are_each_answered_alone_by_default() {
    for identities in IDENTITIES {
        assert_eq!(two_users(PoolLayer::http(), identities).await, 4);
    }
}

#[tokio::test]
async fn with_credentials_keyed_a_user_shares_with_themselves_and_nobody_else() {
    for identities in IDENTITIES {
        let layer = PoolLayer::http().credentials(Credentials::Key);
        assert_eq!(two_users(layer, identities).await, 2);
    }
}

#[tokio::test]
async fn with_credentials_keyed_those_without_share_among_themselves_only() {
    let mut app = app(PoolLayer::http().credentials(Credentials::Key)).await;
    let public = app.meet(2, || ask(get("/report"))).await;
    let private = app.meet(1, || as_user("cookie", "session=anne")).await;
    for call in app.script.calls(2).await {
        let known = call.parts.headers.contains_key("cookie");
        call.text(if known { "for anne" } else { "for anybody" });
    }
    for answer in public {
        assert_eq!(answer.await.unwrap().text(), "for anybody");
    }
    for answer in private {
        assert_eq!(answer.await.unwrap().text(), "for anne");
    }
}

/// Three ask at once, and the leader is answered with this. The others are each
/// answered anew.
async fn assert_kept(layer: HttpPoolLayer<Body>, name: &str, value: &str) {
    let mut app = app(layer).await;
    let sent = app.meet(3, || ask(get("/report"))).await;
    let answer = |text: &'static str| {
        let head = Response::builder().header(name, value);
        head.body(text).unwrap()
    };
    app.script.call().await.answer(answer("the leader's"));
    let calls = app.script.calls(2).await;
    for (call, text) in calls.into_iter().zip(["another's", "a third's"]) {
        call.answer(answer(text));
    }
    let mut told = Vec::new();
    for answer in sent {
        let answer = answer.await.unwrap();
        assert_ne!(answer.role(), "follower", "{name}: {value}");
        told.push(answer.text().to_owned());
    }
    told.sort();
    assert_eq!(told, ["a third's", "another's", "the leader's"]);
    assert_eq!((app.watch.released(), app.watch.in_flight()), (2, 0));
}

#[tokio::test]
async fn what_is_for_one_alone_goes_to_its_leader_and_the_rest_ask_for_themselves() {
    let answers = [
        ("cache-control", "private"),
        ("cache-control", "no-store"),
        ("cache-control", "max-age=60, no-cache=\"set-cookie\""),
        ("set-cookie", "session=fresh"),
        ("www-authenticate", "Basic"),
        ("vary", "*"),
        ("vary", "accept, user-agent"),
        ("vary", "cookie"),
    ];
    for (name, value) in answers {
        assert_kept(PoolLayer::http(), name, value).await;
    }
}

#[tokio::test]
async fn a_fresh_session_is_not_handed_on_though_credentials_are_keyed() {
    let keyed = || PoolLayer::http().credentials(Credentials::Key);
    assert_kept(keyed(), "set-cookie", "session=fresh").await;
    assert_kept(keyed(), "cache-control", "private").await;
}

#[tokio::test]
async fn vary_that_the_key_covers_is_shared() {
    let cases = [
        (PoolLayer::http(), "accept, Accept-Encoding"),
        (PoolLayer::http().header("user-agent"), "User-Agent"),
        (PoolLayer::http().credentials(Credentials::Key), "cookie"),
    ];
    for (layer, vary) in cases {
        let mut app = app(layer).await;
        let sent = app.meet(3, || ask(get("/report"))).await;
        let head = Response::builder().header("vary", vary);
        app.script.call().await.answer(head.body("all").unwrap());
        assert_one_leads(&crate::support::all(sent).await);
    }
}
