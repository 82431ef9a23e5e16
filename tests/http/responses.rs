//! Which responses are handed on: each row of the table in the docs of `HttpPolicy`.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use http::{Response, response};
use tower_pool::{
    Policy, PoolLayer, Verdict,
    http::{Credentials, HttpKey, HttpPolicy, HttpPoolLayer, Role, SharedBody},
};

use crate::support::{Body, ask_with, empty, get, is_handed_on, status, with};

fn layer() -> HttpPoolLayer<Body> {
    PoolLayer::http()
}

async fn shared(answer: impl Fn() -> response::Builder + Clone + Send + Sync + 'static) -> bool {
    is_handed_on(layer(), answer).await
}

async fn shared_with(name: &'static str, value: &'static str) -> bool {
    shared(move || with(name, value)).await
}

#[tokio::test]
async fn no_store_private_and_no_cache_are_not_handed_on() {
    let values = [
        "no-store",
        "private",
        "no-cache",
        "NO-STORE",
        "Private",
        "private=\"set-cookie\"",
        "no-cache=\"x, y\"",
        "no-store=1",
        "public, max-age=60, private",
        "max-age=60,no-store",
        "ext=\"a, \\\" b\", no-cache",
    ];
    for value in values {
        assert!(!shared_with("cache-control", value).await, "{value}");
        assert!(!shared_with("cdn-cache-control", value).await, "{value}");
        assert!(!shared_with("surrogate-control", value).await, "{value}");
        assert!(!shared_with("pragma", value).await, "{value}");
    }
}

#[tokio::test]
async fn a_directive_on_any_line_counts() {
    let answer = || with("cache-control", "public").header("cache-control", "private");
    assert!(!shared(answer).await);
}

#[tokio::test]
async fn a_malformed_cache_control_is_not_handed_on() {
    let values = [
        "max-age=60; private",
        "max-age = 60",
        "max-age=\"60",
        "max-age=\"60\"x",
        "public private-ish",
        "=",
        "max-age=",
        "x=\"\\",
        "\u{e4}",
        "max-age=60\u{e4}",
    ];
    for value in values {
        assert!(!shared_with("cache-control", value).await, "{value}");
    }
}

#[tokio::test]
async fn other_directives_are_handed_on_expired_or_not() {
    let values = [
        "",
        ",",
        "public",
        "max-age=0",
        "max-age=60, must-revalidate",
        "s-maxage=0",
        "x-private",
        "x=\"private, no-store\"",
        "x=private",
        "x=\"a\\\"b\"",
    ];
    for value in values {
        assert!(shared_with("cache-control", value).await, "{value}");
    }
    assert!(shared_with("expires", "0").await);
    assert!(shared_with("age", "1000").await);
    assert!(shared(Response::builder).await);
}

#[tokio::test]
async fn what_speaks_of_one_client_is_not_handed_on() {
    let names = [
        "set-cookie",
        "www-authenticate",
        "proxy-authenticate",
        "proxy-authentication-info",
        "authentication-info",
        "upgrade",
    ];
    for name in names {
        assert!(!shared_with(name, "a=1").await, "{name}");
    }
    for code in [101, 103, 401, 407] {
        assert!(!shared(move || status(code)).await, "{code}");
    }
}

#[tokio::test]
async fn what_blames_one_request_is_not_handed_on_and_one_asks_again_for_the_rest() {
    for code in [
        400, 402, 403, 406, 408, 413, 415, 417, 421, 422, 425, 426, 428, 429, 431, 451, 499, 505,
        511,
    ] {
        let requests = (0..3).map(|_| empty(get("/"))).collect();
        let calls = Arc::new(AtomicUsize::new(0));
        let answer = move || match calls.fetch_add(1, SeqCst) {
            0 => status(code),
            _ => status(200),
        };
        let got = ask_with(layer(), requests, answer).await;
        let [first, others @ ..] = &got[..] else {
            panic!("three callers");
        };
        assert_eq!((first.call, first.role), (0, Role::Leader), "{code}");
        assert!(
            others.iter().all(|other| other.call == 1),
            "{code}: {got:?}"
        );
    }
}

#[tokio::test]
async fn other_statuses_are_handed_on() {
    for code in [
        200, 203, 204, 206, 301, 302, 304, 404, 405, 410, 416, 500, 502, 503, 504,
    ] {
        assert!(shared(move || status(code)).await, "{code}");
    }
}

#[tokio::test]
async fn vary_by_what_is_in_the_key_is_handed_on() {
    for value in [
        "accept",
        "Accept-Encoding, Origin",
        "host",
        "",
        " , accept",
        "if-none-match",
    ] {
        assert!(shared_with("vary", value).await, "{value}");
    }
}

#[tokio::test]
async fn vary_by_anything_else_is_not_handed_on() {
    let values = [
        "*",
        "accept, *",
        "user-agent",
        "accept, x-tenant",
        "cookie",
        "accept accept",
        "\u{e4}",
    ];
    for value in values {
        assert!(!shared_with("vary", value).await, "{value}");
    }
    let second_line = || with("vary", "accept").header("vary", "user-agent");
    assert!(!shared(second_line).await);
}

#[tokio::test]
async fn vary_by_what_was_made_part_of_the_key_is_handed_on() {
    let answer = || with("vary", "X-Tenant, User-Agent");
    let keyed = layer().header("x-tenant").header("user-agent");
    assert!(is_handed_on(keyed, answer).await);
    assert!(!is_handed_on(layer().header("x-tenant"), answer).await);
    let answer = || with("vary", "cookie, authorization");
    assert!(is_handed_on(layer().credentials(Credentials::Key), answer).await);
}

#[tokio::test]
async fn with_keyed_credentials_the_same_rules_hold() {
    let keyed = || layer().credentials(Credentials::Key);
    assert!(is_handed_on(keyed(), Response::builder).await);
    assert!(!is_handed_on(keyed(), || with("set-cookie", "a=1")).await);
    assert!(!is_handed_on(keyed(), || with("cache-control", "private")).await);
}

#[tokio::test]
async fn private_is_handed_on_where_the_user_says_so_and_no_store_never() {
    let layer = || layer().credentials(Credentials::Key).share_private(true);
    assert!(is_handed_on(layer(), || with("cache-control", "private")).await);
    assert!(!is_handed_on(layer(), || with("cache-control", "private, no-store")).await);
    assert!(!is_handed_on(layer(), || with("cache-control", "private=\"x")).await);
}

#[tokio::test]
async fn a_body_that_is_known_to_be_too_large_is_not_handed_on() {
    // The body is the number of the call: one byte.
    assert!(is_handed_on(layer().max_body(1), Response::builder).await);
    assert!(!is_handed_on(layer().max_body(0), Response::builder).await);
    assert!(!is_handed_on(layer().max_lag(0), Response::builder).await);
    assert!(is_handed_on(layer().max_lag(0).max_body(1), Response::builder).await);
}

#[tokio::test]
async fn server_errors_are_a_choice() {
    let solo = || layer().server_errors(Verdict::Solo);
    assert!(!is_handed_on(solo(), || status(500)).await);
    assert!(!is_handed_on(solo(), || status(503)).await);
    assert!(is_handed_on(solo(), || status(404)).await);
    let retry = layer().server_errors(Verdict::Retry);
    assert!(!is_handed_on(retry, || status(503)).await);
}

#[tokio::test]
async fn a_policy_can_keep_back_and_not_hand_on_what_http_keeps_back() {
    let generous = |_: Result<&Response<SharedBody>, &Infallible>| Verdict::Share;
    let requests = || vec![empty(get("/")), empty(get("/"))];
    let answer = || with("cache-control", "private");
    let got = ask_with(layer().policy(generous), requests(), answer).await;
    assert_eq!(got[1].role, Role::Solo);

    let strict = |outcome: Result<&Response<SharedBody>, &Infallible>| match outcome {
        Ok(response) if response.headers().contains_key("x-mine") => Verdict::Solo,
        _ => Verdict::Share,
    };
    let got = ask_with(layer().policy(strict), requests(), || with("x-mine", "1")).await;
    assert_eq!(got[1].role, Role::Solo);
    let got = ask_with(layer().policy(strict), requests(), Response::builder).await;
    assert_eq!(got[1].role, Role::Follower);
}

#[tokio::test]
async fn all_who_waited_for_what_is_not_handed_on_are_let_go_each_to_its_own() {
    let requests = (0..5).map(|_| empty(get("/"))).collect();
    let got = ask_with(layer(), requests, || with("cache-control", "no-store")).await;
    assert_eq!(got[0].role, Role::Leader);
    assert!(got[1..].iter().all(|got| got.role == Role::Solo));
    let mut calls: Vec<_> = got.iter().map(|got| got.call).collect();
    calls.sort_unstable();
    assert_eq!(calls, [0, 1, 2, 3, 4]);
}

#[test]
fn what_varies_by_everything_is_kept_even_if_a_keyed_header_is_called_so() {
    let key = HttpKey::new().header("*");
    let policy = HttpPolicy::for_key(&key);
    let response = with("vary", "*").body(String::new()).unwrap();
    let verdict = Policy::verdict(&policy, Ok::<_, &std::io::Error>(&response));
    assert_eq!(verdict, Verdict::Solo);
}
