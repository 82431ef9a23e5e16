//! Which HTTP requests may be shared at all.

use ::http::{Method, Request, header};
use http_body::Body;

use super::{cache_control, keyed::KeyedHeaders, names};

/// Why a request may not be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ineligible {
    /// Its method is not one whose answers are for anybody.
    Method,
    /// Something else about it.
    Bypass,
}

/// May this request join others, or be joined by them?
pub(super) fn check<B: Body>(
    request: &Request<B>,
    keyed: &KeyedHeaders,
    body_is_keyed: bool,
) -> Result<(), Ineligible> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Ineligible::Method);
    }
    let body = request.body();
    let empty = body.is_end_stream() || body.size_hint().exact() == Some(0);
    let headers = request.headers();
    let unshareable = headers.keys().any(|name| {
        let word = name.as_str();
        names::is_unlike_the_rest(word)
            || (names::is_condition(word) || names::is_credential(word)) && !keyed.contains(name)
    });
    let no_store = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .any(|value| cache_control::says(value, &["no-store"]));
    if (empty || body_is_keyed) && !unshareable && !no_store {
        Ok(())
    } else {
        Err(Ineligible::Bypass)
    }
}
