//! Requests whose end may be seen in two places, so that a part of the body would
//! be a request: to the origin, if that sees it otherwise than the proxy.

use super::{
    honest::{Outcome, Version},
    peer::{Peer, within},
    stage::Stage,
    target::{Ask, Manner},
};

const SMUGGLED: &str = "GET /plain/smuggled?7 HTTP/1.1\r\nHost: site.test\r\n\r\n";

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The origin has it, with this body.
    Passed(&'static str),
    /// The origin may have its head, but no end of its body.
    Broken,
    /// The origin knows nothing.
    Refused,
}

/// Sends `fields`, then `body`, and looks at what the origin has got.
async fn check(stage: &Stage, method: &str, fields: &str, body: &str, fate: Fate) {
    let case = stage.origin.seen().len();
    let mut ask = Ask::new(Manner::Plain, format!("carrier-{case}"), 50);
    ask.method = method.parse().unwrap();
    // For the origin's connection to be one that others have had, and will have.
    let mut honest = [stage.honest(Version::Http1), stage.honest(Version::Http2)];
    let first = Ask::new(Manner::Plain, format!("first-{case}"), 1000);
    assert_eq!(honest[0].ask(&first).await, Outcome::Whole);

    let mut peer = Peer::connect(stage.proxy.address).await;
    peer.send(ask.head(fields) + body).await;
    let answer = within("an answer, or the end", peer.read_until(b"\r\n\r\n")).await;
    let answer = String::from_utf8(answer.unwrap_or_default()).unwrap();
    drop(peer);
    stage.until_no_flight().await;
    for number in 0..6 {
        let honest = &mut honest[number % 2];
        let ask = Ask::new(Manner::Plain, format!("next-{case}-{number}"), 1000);
        assert_eq!(honest.ask(&ask).await, Outcome::Whole);
    }
    drop(honest);

    let seen = stage.origin.seen();
    let shown = format!("{method} {fields:?} {body:?}");
    assert!(
        seen.iter().all(|seen| !seen.name.contains("smuggled")),
        "{shown}: {seen:?}"
    );
    let mut carriers = seen.iter().filter(|seen| seen.name == ask.name());
    let carrier = carriers.next();
    assert!(carriers.next().is_none(), "{shown}: {seen:?}");
    match (fate, carrier) {
        (Fate::Passed(body), Some(seen)) => {
            assert!(answer.starts_with("HTTP/1.1 200"), "{shown}: {answer}");
            assert!(seen.has_whole_body, "{shown}");
            assert_eq!(String::from_utf8_lossy(&seen.body), body, "{shown}");
        }
        (Fate::Broken, carrier) => {
            assert!(!answer.starts_with("HTTP/1.1 2"), "{shown}: {answer}");
            assert!(
                carrier.is_none_or(|seen| !seen.has_whole_body),
                "{shown}: {seen:?}"
            );
        }
        (Fate::Refused, None) => assert!(answer.starts_with("HTTP/1.1 4"), "{shown}: {answer}"),
        _ => panic!("{shown}: {seen:?}, {answer}"),
    }
}

#[tokio::test]
async fn of_two_lengths_the_chunks_count() {
    let stage = Stage::new("").await;
    let body = format!("0\r\n\r\n{SMUGGLED}");
    let length = format!("Content-Length: {}\r\n", body.len());
    let chunked = "Transfer-Encoding: chunked\r\n";
    for fields in [length.clone() + chunked, chunked.to_owned() + &length] {
        for method in ["PUT", "POST", "DELETE"] {
            check(&stage, method, &fields, &body, Fate::Passed("")).await;
        }
    }
    stage.end().await;
}

#[tokio::test]
async fn a_length_that_is_taken_off_is_still_one() {
    let stage = Stage::new("").await;
    let length = format!("Content-Length: {}\r\n", SMUGGLED.len());
    for connection in [
        "",
        "Connection: Content-Length\r\n",
        "Connection: content-length, host\r\n",
    ] {
        let fields = format!("{length}{connection}");
        for method in ["GET", "HEAD", "PUT"] {
            check(&stage, method, &fields, SMUGGLED, Fate::Passed(SMUGGLED)).await;
        }
    }
    let body = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let fields = "Transfer-Encoding: chunked\r\nConnection: transfer-encoding\r\n";
    check(&stage, "PUT", fields, &body, Fate::Passed(SMUGGLED)).await;
    stage.end().await;
}

#[tokio::test]
async fn lengths_that_are_none_are_refused() {
    let stage = Stage::new("").await;
    for fields in [
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding: \x0bchunked\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: 0, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999\r\n",
    ] {
        let body = format!("0\r\n\r\n{SMUGGLED}");
        check(&stage, "PUT", fields, &body, Fate::Refused).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn chunks_that_are_none_break_the_request_off() {
    let stage = Stage::new("").await;
    for size in [
        "zz\r\n",
        "0x5\r\nhello\r\n",
        "-5\r\nhello\r\n",
        "fffffffffffffffff\r\nhello\r\n",
        "5\nhello\n0\n\n",
        "4\r\nhello\r\n",
        "5\r\nhelloo\r\n",
        "5;\nhello\r\n",
        "\r\n",
    ] {
        let body = format!("{size}0\r\n\r\n{SMUGGLED}");
        check(
            &stage,
            "PUT",
            "Transfer-Encoding: chunked\r\n",
            &body,
            Fate::Broken,
        )
        .await;
    }
    stage.end().await;
}

/// Each is answered, in order, and with its own.
#[tokio::test]
async fn requests_in_one_piece_are_answered_one_by_one() {
    let stage = Stage::new("").await;
    let asks: Vec<_> = (0..100)
        .map(|number| Ask::new(Manner::Plain, format!("piped-{}", number % 40), 10 * number))
        .collect();
    let mut peer = Peer::connect(stage.proxy.address).await;
    let heads: Vec<_> = asks.iter().map(|ask| ask.head("")).collect();
    peer.send(heads.concat()).await;
    for ask in &asks {
        let head = within("a head", peer.read_until(b"\r\n\r\n"))
            .await
            .unwrap();
        let head = String::from_utf8(head).unwrap();
        assert!(
            head.contains(&format!("\r\nx-for: {}\r\n", ask.name())),
            "{head}"
        );
        let body = within("a body", peer.read(ask.size)).await.unwrap();
        assert!(ask.content().is_at(0, &body));
    }
    drop(peer);
    stage.end().await;
}

/// And nothing is left of those whose client has gone, once the one is answered
/// that was under way. Before that hyper does not see it: it looks for the end of a
/// connection only where it has nothing left to read, with a pool or without.
#[tokio::test]
async fn requests_in_one_piece_go_with_their_client() {
    let stage = Stage::new("").await;
    for round in 0..20 {
        let mut peer = Peer::connect(stage.proxy.address).await;
        let ask = Ask::new(Manner::Plain, format!("piped-{round}"), 1000);
        peer.send(ask.head("").repeat(200)).await;
        assert!(within("the first", peer.read(500)).await.is_some());
        peer.reset();
    }
    stage.end().await;
}
