//! What the head of a response tells of its status: [`failed`].

use ::http::{HeaderMap, Response, StatusCode};
use tonic::{Code, Status, metadata::MetadataMap};

/// The status of a call that has failed before it had any message: with one of
/// its own ("Trailers-Only"), or on the way, in the words of HTTP.
pub(super) fn failed<B>(response: &Response<B>) -> Option<Status> {
    let status = match response.headers().get("grpc-status") {
        Some(_) => of_metadata(response.headers()),
        None => of_http(response.status()),
    };
    status.filter(|status| status.code() != Code::Ok)
}

fn of_metadata(metadata: &HeaderMap) -> Option<Status> {
    const DETAILS: &str = "grpc-status-details-bin";
    let mut metadata = MetadataMap::from_headers(metadata.clone());
    // tonic panics at details that it cannot read, which are for a client to see.
    let details = metadata.get_bin(DETAILS);
    if details.is_some_and(|details| details.to_bytes().is_err()) {
        metadata.remove_bin(DETAILS);
    }
    Status::from_header_map(&metadata.into_headers())
}

/// What a client takes it for that finds no status of gRPC (gRPC, "HTTP to gRPC
/// Status Code Mapping").
fn of_http(status: StatusCode) -> Option<Status> {
    let code = match status.as_u16() {
        200 => return None,
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    Some(Status::new(
        code,
        format!("HTTP status {status}, and no grpc-status"),
    ))
}
