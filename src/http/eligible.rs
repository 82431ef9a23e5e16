//! Which HTTP requests may be shared at all.

use ::http::{Method, Request, header};
use http_body::Body;

use super::{
    cache_control,
    keyed::{Keyed, KeyedHeaders},
};

/// Why a request may not be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ineligible {
    /// Its method is not one whose answers are for anybody.
    Method,
    /// Something else about it.
    Bypass,
}

/// May this request join others, or be joined by them? Returns which of its
/// headers are keyed.
pub(super) fn check<'a, B: Body>(
    request: &'a Request<B>,
    keyed: &'a KeyedHeaders,
    body_is_keyed: bool,
) -> Result<Keyed<'a>, Ineligible> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Ineligible::Method);
    }
    let body = request.body();
    let empty = body.is_end_stream() || body.size_hint().exact() == Some(0);
    let no_store = request
        .headers()
        .get_all(header::CACHE_CONTROL)
        .iter()
        .any(|value| cache_control::says(value, &["no-store", "only-if-cached"]));
    let of_request = keyed.of(request.headers());
    match of_request {
        Some(of_request) if (empty || body_is_keyed) && !no_store => Ok(of_request),
        _ => Err(Ineligible::Bypass),
    }
}
