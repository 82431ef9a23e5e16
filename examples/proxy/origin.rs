//! The client of the origin, inside the pool.

use http::{
    HeaderValue, Request, Response, StatusCode, Uri, Version,
    header::{CONNECTION, HOST, TE, UPGRADE},
    uri::{Authority, Parts, Scheme},
};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tower::{Service, ServiceExt};
use tower_pool::SharedError;

/// Sends each request to the origin at `authority`. The request has its path in
/// the URI and its authority, which may be any, in `Host`.
pub(crate) fn service(
    authority: &Authority,
    http2: bool,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Incoming>,
    Error = SharedError,
    Future: Send + 'static,
> + Clone
+ Send
+ Sync
+ 'static {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    // Wherever a request is for, it goes to the origin.
    let origin = uri(authority.clone(), Uri::default());
    let connector = connector.map_request(move |_: Uri| origin.clone());

    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .http2_only(http2)
        .build(connector);
    let authority = authority.clone();
    client
        .map_request(move |request| match http2 {
            false => over_http1(request, &authority),
            true => over_http2(request, &authority),
        })
        .map_response(without_offer)
        // The client's own cannot be cloned for every caller.
        .map_err(SharedError::new)
}

fn over_http1(mut request: Request<Incoming>, origin: &Authority) -> Request<Incoming> {
    let target = std::mem::take(request.uri_mut());
    *request.uri_mut() = uri(origin.clone(), target);
    *request.version_mut() = Version::HTTP_11;
    // Both are for the origin itself, and have to say so.
    let headers = request.headers_mut();
    for (name, option) in [(UPGRADE, "upgrade"), (TE, "te")] {
        if headers.contains_key(name) {
            headers.append(CONNECTION, HeaderValue::from_static(option));
        }
    }
    request
}

fn over_http2(mut request: Request<Incoming>, origin: &Authority) -> Request<Incoming> {
    // There the authority is part of the URI, and `Host` may not be another.
    let host = request.headers_mut().remove(HOST);
    let host = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let target = std::mem::take(request.uri_mut());
    *request.uri_mut() = uri(host.unwrap_or_else(|| origin.clone()), target);
    *request.version_mut() = Version::HTTP_2;
    request
}

/// Takes off an offer to switch protocols, which some servers make with every
/// answer. It is for the proxy, and not to keep a pool from sharing the answer.
fn without_offer<B>(mut response: Response<B>) -> Response<B> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().remove(UPGRADE);
    }
    response
}

fn uri(authority: Authority, target: Uri) -> Uri {
    let mut parts = Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    parts.path_and_query = target.into_parts().path_and_query;
    Uri::from_parts(parts).expect("scheme, authority and path make a URI")
}
