//! The client's request made into the one that the origin is to see.
//!
//! This happens before the pool, which is thus to compare what the origin is
//! asked for: a request over HTTP/1 and one over HTTP/2 look alike, and a field
//! that is not passed on has no say in what is the same.

use bytes::Bytes;
use http::{
    HeaderValue, Request, Uri, Version,
    header::{COOKIE, HOST, TE},
};

use super::hop;

/// Takes off what is for this hop alone, and puts the target into one form: the
/// path in the URI, and the authority in `Host`.
///
/// # Errors
///
/// If the origin and the proxy may disagree about whom the request is for.
pub(crate) fn prepare<B>(request: &mut Request<B>) -> Result<(), &'static str> {
    let host = host(request)?;
    let target = match request.uri().path_and_query() {
        Some(target) => Uri::from(target.clone()),
        None => return Err("the target of the request has no path"),
    };
    *request.uri_mut() = target;

    let is_http2 = request.version() == Version::HTTP_2;
    let headers = request.headers_mut();
    // It is passed on because the proxy passes on trailers.
    let takes_trailers = hop::lists(headers, TE, "trailers");
    hop::remove(headers);
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    // After the removal: what `Connection` names may be anything.
    if let Some(host) = host {
        headers.insert(HOST, host);
    }
    if is_http2 {
        join_cookies(request);
    }
    Ok(())
}

/// Whom the request is for: the URI has precedence (RFC 9112, 3.2.2).
fn host<B>(request: &Request<B>) -> Result<Option<HeaderValue>, &'static str> {
    let lines = request.headers().get_all(HOST);
    let mut lines = lines.iter();
    let (line, another) = (lines.next(), lines.next());
    if another.is_some() {
        return Err("there is more than one Host");
    }
    if line.is_none() && request.version() == Version::HTTP_11 {
        return Err("there is no Host");
    }
    let Some(authority) = request.uri().authority() else {
        return Ok(line.cloned());
    };
    let (_, host) = authority
        .as_str()
        .rsplit_once('@')
        .unwrap_or(("", authority.as_str()));
    // Never an error: an authority consists of visible characters.
    let host = HeaderValue::from_maybe_shared(Bytes::copy_from_slice(host.as_bytes()));
    host.map(Some).map_err(|_| "the authority is invalid")
}

/// HTTP/2 may have cut it to pieces (RFC 9113, 8.2.3), and that is the only list
/// in HTTP which is not to be taken apart by commas.
fn join_cookies<B>(request: &mut Request<B>) {
    let pieces: Vec<_> = request.headers().get_all(COOKIE).iter().collect();
    if pieces.len() < 2 {
        return;
    }
    let pieces: Vec<_> = pieces.into_iter().map(HeaderValue::as_bytes).collect();
    if let Ok(cookie) = HeaderValue::from_maybe_shared(Bytes::from(pieces.join(&b"; "[..]))) {
        request.headers_mut().insert(COOKIE, cookie);
    }
}
