//! What is done for a request, but for what may be shared. It is the same with a
//! pool and without: the pool is somewhere inside the service.
//!
//! The request is stripped of what is for this hop before the pool sees it, for
//! a pool has to know what the origin will be asked. The answer is stripped
//! after it, for a pool has to know what the origin said about it: `Connection`
//! may name any field, `Cache-Control` too.

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{CONTENT_TYPE, HeaderName},
};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tower::{BoxError, ServiceExt, util::BoxCloneService};
use tower_pool::SharedError;

use super::{hop, request, tunnel::Wish, with_causes};

/// The body of an answer, be it shared or not.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// The origin, with a pool before it or without.
pub(crate) type Inner = BoxCloneService<Request<Incoming>, Response<Body>, SharedError>;

/// Answers the requests of all clients.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    inner: Inner,
    /// Only HTTP/1.1 can switch protocols.
    may_switch: bool,
}

impl Forward {
    pub(crate) fn new(inner: Inner, may_switch: bool) -> Self {
        Self { inner, may_switch }
    }

    pub(crate) async fn answer(self, mut request: Request<Incoming>) -> Response<Body> {
        if request.method() == Method::CONNECT {
            return say(StatusCode::NOT_IMPLEMENTED, "CONNECT is not supported");
        }
        let wish = match self.may_switch {
            true => Wish::of(&mut request),
            false => None,
        };
        if let Err(complaint) = request::prepare(&mut request) {
            return say(StatusCode::BAD_REQUEST, complaint);
        }
        if let Some(wish) = &wish {
            wish.put_into(&mut request);
        }
        let mut response = match self.inner.oneshot(request).await {
            Ok(response) => response,
            Err(error) => return bad_gateway(&error),
        };
        match (response.status(), wish) {
            (StatusCode::SWITCHING_PROTOCOLS, Some(wish)) => wish.grant(&mut response),
            (StatusCode::SWITCHING_PROTOCOLS, None) => {
                return say(StatusCode::BAD_GATEWAY, "the origin switched unasked");
            }
            _ => hop::remove(response.headers_mut()),
        }
        // The origin's may be 1.0. hyper lowers it to the client's if need be.
        *response.version_mut() = Version::HTTP_11;
        response
    }
}

fn bad_gateway(error: &SharedError) -> Response<Body> {
    // A shared error is shown as the one inside, which would be said twice.
    let why = std::error::Error::source(error).map_or_else(String::new, with_causes);
    let message = format!("no answer from the origin: {why}");
    say(StatusCode::BAD_GATEWAY, &message)
}

/// An answer of the proxy's own, in one line.
pub(crate) fn say(status: StatusCode, message: &str) -> Response<Body> {
    let text = (
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    own_answer(status, text, format!("{message}\n"))
}

pub(crate) fn own_answer(
    status: StatusCode,
    (name, value): (HeaderName, HeaderValue),
    body: String,
) -> Response<Body> {
    let body = Full::from(body).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(name, value);
    response
}
