//! Which requests may join: each row of the table in the docs of `HttpKey`.

use bytes::Bytes;
use http::{Method, Request, request};
use http_body_util::Full;
use tower_pool::{
    PoolLayer,
    http::{Credentials, HttpPoolLayer},
};

use crate::support::{Body, ask_with, follows, get, second_follows};

fn layer() -> HttpPoolLayer<Body> {
    PoolLayer::http()
}

/// Does a request join an equal one?
async fn joins(request: impl Fn() -> request::Builder) -> bool {
    second_follows(layer(), request(), request()).await
}

async fn joins_as(method: Method) -> bool {
    joins(|| get("/").method(method.clone())).await
}

/// Do requests join that have these values of a header?
async fn join_with(name: &str, values: [&[&str]; 2]) -> bool {
    let [a, b] = values.map(|values| {
        let add = |request: request::Builder, value: &&str| request.header(name, *value);
        values.iter().fold(get("/"), add)
    });
    second_follows(layer(), a, b).await
}

async fn join_at(uris: [&str; 2]) -> bool {
    second_follows(layer(), Request::get(uris[0]), Request::get(uris[1])).await
}

#[tokio::test]
async fn get_and_head_join_their_like() {
    assert!(joins_as(Method::GET).await);
    assert!(joins_as(Method::HEAD).await);
}

#[tokio::test]
async fn get_and_head_never_join_each_other() {
    let head = || get("/").method(Method::HEAD);
    assert!(!second_follows(layer(), get("/"), head()).await);
    assert!(!second_follows(layer(), head(), get("/")).await);
}

#[tokio::test]
async fn no_other_method_joins() {
    let custom = Method::from_bytes(b"QUERY").expect("a method");
    let methods = [
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        custom,
    ];
    for method in methods {
        assert!(!joins_as(method.clone()).await, "{method}");
    }
}

#[tokio::test]
async fn a_request_with_a_body_does_not_join() {
    let request = || get("/").body(Full::from("a body")).expect("a request");
    let got = ask_with(layer(), vec![request(), request()], Default::default).await;
    assert!(!follows(&got));
}

#[tokio::test]
async fn a_body_joins_its_like_where_it_is_keyed() {
    let of = |body: &'static str| {
        let request = get("/").extension(Bytes::from(body));
        request.body(Full::from(body)).expect("a request")
    };
    let keyed = || layer().and_body(|request| request.extensions().get::<Bytes>().cloned());
    let got = ask_with(keyed(), vec![of("a"), of("a")], Default::default).await;
    assert!(follows(&got));
    let got = ask_with(keyed(), vec![of("a"), of("b")], Default::default).await;
    assert!(!follows(&got));
    let unkeyed = get("/").body(Full::from("a")).expect("a request");
    let got = ask_with(keyed(), vec![unkeyed.clone(), unkeyed], Default::default).await;
    assert!(!follows(&got));
}

#[tokio::test]
async fn upgrade_and_expect_do_not_join() {
    assert!(!joins(|| get("/").header("upgrade", "websocket")).await);
    assert!(!joins(|| get("/").header("expect", "100-continue")).await);
}

#[tokio::test]
async fn a_get_that_stands_for_another_method_does_not_join() {
    for name in [
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
    ] {
        assert!(!joins(|| get("/").header(name, "DELETE")).await, "{name}");
        assert!(!second_follows(layer(), get("/"), get("/").header(name, "GET")).await);
    }
}

#[tokio::test]
async fn credentials_do_not_join_by_default_and_not_even_their_like() {
    for name in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-forwarded-user",
    ] {
        assert!(!joins(|| get("/").header(name, "a")).await, "{name}");
    }
}

#[tokio::test]
async fn credentials_do_not_join_a_request_without_and_the_other_way_round() {
    let cookie = || get("/").header("cookie", "a=1");
    assert!(!second_follows(layer(), cookie(), get("/")).await);
    assert!(!second_follows(layer(), get("/"), cookie()).await);
}

#[tokio::test]
async fn keyed_credentials_join_the_very_same() {
    for name in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-forwarded-user",
    ] {
        let of = |value| get("/").header(name, value);
        let keyed = || layer().credentials(Credentials::Key);
        assert!(second_follows(keyed(), of("a"), of("a")).await, "{name}");
        assert!(!second_follows(keyed(), of("a"), of("b")).await, "{name}");
        assert!(!second_follows(keyed(), of("a"), get("/")).await, "{name}");
        let twice = of("a").header(name, "b");
        assert!(!second_follows(keyed(), of("a"), twice).await, "{name}");
    }
}

#[tokio::test]
async fn a_credential_that_is_named_as_a_header_of_the_key_is_keyed_and_no_other() {
    let key = || layer().header("authorization");
    let of = |token| get("/").header("authorization", token);
    assert!(second_follows(key(), of("a"), of("a")).await);
    assert!(!second_follows(key(), of("a"), of("b")).await);
    let cookie = || of("a").header("cookie", "a=1");
    assert!(!second_follows(key(), cookie(), cookie()).await);
}

#[tokio::test]
async fn bypass_takes_keyed_credentials_back() {
    let bearer = || get("/").header("authorization", "a");
    let layer = layer()
        .credentials(Credentials::Key)
        .credentials(Credentials::Bypass);
    assert!(!second_follows(layer, bearer(), bearer()).await);
}

#[tokio::test]
async fn no_store_does_not_join_and_a_malformed_cache_control_neither() {
    for value in [
        "no-store",
        "No-Store",
        "max-age=0, no-store",
        "no-store=x",
        "max-age=\"1",
        "a b",
        "=",
        "a=,b",
    ] {
        assert!(
            !joins(|| get("/").header("cache-control", value)).await,
            "{value}"
        );
    }
    let two_lines = || {
        get("/")
            .header("cache-control", "no-cache")
            .header("cache-control", "no-store")
    };
    assert!(!joins(two_lines).await);
    for value in [
        "no-cache",
        "max-age=0",
        "",
        "x=\"no-store\"",
        ", ,max-stale",
    ] {
        assert!(
            joins(|| get("/").header("cache-control", value)).await,
            "{value}"
        );
    }
}

#[tokio::test]
async fn what_is_negotiated_partial_or_conditional_joins_its_like_only() {
    let keyed = [
        "accept",
        "accept-encoding",
        "accept-language",
        "origin",
        "range",
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "if-range",
        "forwarded",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-original-url",
    ];
    for name in keyed {
        assert!(join_with(name, [&["a"], &["a"]]).await, "{name}");
        assert!(!join_with(name, [&["a"], &["b"]]).await, "{name}");
        assert!(!join_with(name, [&["a"], &[]]).await, "{name}");
        assert!(!join_with(name, [&["a", "b"], &["b", "a"]]).await, "{name}");
        assert!(!join_with(name, [&["a", "b"], &["a"]]).await, "{name}");
        assert!(!join_with(name, [&["a", "b"], &["a, b"]]).await, "{name}");
    }
}

#[tokio::test]
async fn a_value_is_never_taken_for_that_of_another_header() {
    let a = get("/").header("accept", "x").header("accept-encoding", "");
    let b = get("/").header("accept", "").header("accept-encoding", "x");
    assert!(!second_follows(layer(), a, b).await);
    let a = get("/").header("accept", "x");
    let b = get("/").header("accept-encoding", "x");
    assert!(!second_follows(layer(), a, b).await);
}

#[tokio::test]
async fn a_condition_that_the_key_does_not_know_does_not_join() {
    assert!(!joins(|| get("/").header("if-schedule-tag-match", "a")).await);
    assert!(!joins(|| get("/").header("if", "(<opaquelocktoken:a>)")).await);
}

#[tokio::test]
async fn other_headers_do_not_matter_unless_they_are_made_part_of_the_key() {
    let of = |tenant| get("/").header("x-tenant", tenant);
    assert!(second_follows(layer(), of("a"), of("b")).await);
    let keyed = || layer().header("X-Tenant");
    assert!(second_follows(keyed(), of("a"), of("a")).await);
    assert!(!second_follows(keyed(), of("a"), of("b")).await);
    assert!(!second_follows(keyed(), of("a"), get("/")).await);
}

#[tokio::test]
async fn path_and_query_are_compared_in_full() {
    assert!(join_at(["/a?b=1", "/a?b=1"]).await);
    assert!(!join_at(["/a", "/b"]).await);
    assert!(!join_at(["/a?b=1", "/a?b=2"]).await);
    assert!(!join_at(["/a?", "/a"]).await);
    assert!(!join_at(["/a/", "/a"]).await);
    assert!(!join_at(["/%61", "/a"]).await);
}

#[tokio::test]
async fn scheme_and_authority_are_compared() {
    assert!(join_at(["http://a/", "http://a/"]).await);
    assert!(!join_at(["http://a/", "https://a/"]).await);
    assert!(!join_at(["http://a/", "http://b/"]).await);
    assert!(!join_at(["http://a/", "http://a:81/"]).await);
    assert!(!join_at(["http://u@a/", "http://a/"]).await);
}

#[tokio::test]
async fn the_host_of_http_1_is_the_authority_of_http_2() {
    let http1 = |host| Request::get("/a").header("host", host);
    let http2 = || Request::get("http://here/a");
    assert!(second_follows(layer(), http1("here"), http2()).await);
    assert!(second_follows(layer(), http2(), http2().header("host", "here")).await);
    assert!(!second_follows(layer(), http1("there"), http2()).await);
    assert!(!second_follows(layer(), http1("here"), Request::get("/a")).await);
}

#[tokio::test]
async fn a_host_beside_another_authority_counts_too() {
    let of = |host| Request::get("http://here/").header("host", host);
    assert!(second_follows(layer(), of("there"), of("there")).await);
    assert!(!second_follows(layer(), of("there"), of("elsewhere")).await);
    assert!(!second_follows(layer(), of("there"), of("here")).await);
    let lines = |first, second| of(first).header("host", second);
    assert!(!second_follows(layer(), lines("there", "here"), lines("here", "there")).await);
    assert!(!second_follows(layer(), lines("here", "there"), of("there")).await);
    assert!(!second_follows(layer(), lines("here", "here"), of("here")).await);
    let hosts = |a, b| Request::get("/").header("host", a).header("host", b);
    assert!(!second_follows(layer(), hosts("here", "there"), of("there")).await);
    assert!(!second_follows(layer(), hosts("a", "b"), hosts("b", "a")).await);
}

#[tokio::test]
async fn an_identity_in_the_extensions_is_seen_through_a_hook() {
    #[derive(Clone)]
    struct Session(u64);
    let of = |user| get("/").extension(Session(user));
    assert!(
        second_follows(layer(), of(1), of(2)).await,
        "as the docs warn"
    );
    let hooked = || layer().and(|request| Some(request.extensions().get::<Session>().map(|s| s.0)));
    assert!(second_follows(hooked(), of(1), of(1)).await);
    assert!(!second_follows(hooked(), of(1), of(2)).await);
    assert!(!second_follows(hooked(), of(1), get("/")).await);
    assert!(second_follows(hooked(), get("/"), get("/")).await);
}

#[tokio::test]
async fn a_hook_can_let_a_request_pass_and_hooks_add_up() {
    let layer = || {
        layer()
            .and(|request| request.extensions().get::<u8>().copied())
            .and(|request| Some(request.extensions().get::<char>().copied()))
    };
    let of = |byte: u8, char: char| get("/").extension(byte).extension(char);
    assert!(second_follows(layer(), of(1, 'a'), of(1, 'a')).await);
    assert!(!second_follows(layer(), of(1, 'a'), of(2, 'a')).await);
    assert!(!second_follows(layer(), of(1, 'a'), of(1, 'b')).await);
    assert!(!second_follows(layer(), get("/"), get("/")).await);
}

#[test]
#[should_panic(expected = "\"x tenant\" is not the name of a header")]
fn a_header_of_no_possible_name_is_a_clear_panic() {
    let _ = layer().header("x tenant");
}
