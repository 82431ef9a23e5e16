//! What the pool has done, as JSON.

use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE},
};

use tower_pool::Stats;

use super::{
    forward::{Body, own_answer, say},
    pool::Gauge,
};

pub(crate) fn answer<B>(request: &Request<B>, gauge: &Gauge) -> Response<Body> {
    if request.uri().path() != "/_pool/stats" {
        return say(StatusCode::NOT_FOUND, "only /_pool/stats is here");
    }
    if request.method() != Method::GET {
        let mut response = say(StatusCode::METHOD_NOT_ALLOWED, "only GET is allowed");
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET"));
        return response;
    }
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let (stats, in_flight) = gauge();
    own_answer(StatusCode::OK, json, to_json(&stats, in_flight))
}

/// Numbers alone, which need no serializer.
fn to_json(stats: &Stats, in_flight: usize) -> String {
    let in_flight = u64::try_from(in_flight).unwrap_or(u64::MAX);
    let numbers = [
        ("led", stats.led),
        ("joined", stats.joined),
        ("solo", stats.solo),
        ("shared", stats.shared),
        ("released", stats.released),
        ("retried", stats.retried),
        ("cancelled", stats.cancelled),
        ("panicked", stats.panicked),
        ("in_flight", in_flight),
    ];
    let members = numbers.map(|(name, number)| format!("\"{name}\":{number}"));
    format!("{{{}}}\n", members.join(","))
}
