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
async fn check(method: &str, fields: &str, body: &str, fate: Fate) {
    let stage = Stage::new("").await;
    let mut ask = Ask::new(Manner::Plain, "carrier", 50);
    ask.method = method.parse().unwrap();
    // For the origin's connection to be one that others have had, and will have.
    let mut honest = [stage.honest(Version::Http1), stage.honest(Version::Http2)];
    let first = Ask::new(Manner::Plain, "first", 1000);
    assert_eq!(honest[0].ask(&first).await, Outcome::Whole);

    let mut peer = Peer::connect(stage.proxy.address).await;
    peer.send(ask.head(fields) + body).await;
    peer.half_close().await;
    within("the proxy closes", peer.read_all()).await;
    stage.until_no_flight().await;
    for (number, honest) in honest.iter_mut().cycle().take(6).enumerate() {
        let ask = Ask::new(Manner::Plain, format!("next-{number}"), 1000);
        assert_eq!(honest.ask(&ask).await, Outcome::Whole);
    }
    drop(honest);

    let seen = stage.origin.seen();
    let shown = format!("{method} {fields:?} {body:?}");
    assert!(seen.iter().all(|seen| !seen.name.contains("smuggled")), "{shown}: {seen:?}");
    let carrier = seen.iter().find(|seen| seen.name == ask.name());
    match (fate, carrier) {
        // The client has half-closed, which hyper may see before it has passed
        // the request on.
        (Fate::Passed(_) | Fate::Broken | Fate::Refused, None) => {}
        (Fate::Passed(body), Some(seen)) if seen.has_whole_body => {
            assert_eq!(String::from_utf8_lossy(&seen.body), body, "{shown}");
        }
        (Fate::Passed(_) | Fate::Broken, Some(seen)) => {
            assert!(!seen.has_whole_body, "{shown}: {seen:?}");
        }
        (Fate::Refused, Some(seen)) => panic!("{shown}: {seen:?}"),
    }
    stage.end().await;
}
