//! Which HTTP requests may be shared at all.

use ::http::{HeaderName, Method, Request, header};
use http_body::Body;

use super::cache_control;

/// Why a request may not be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ineligible {
    /// Its method is not one whose answers are for anybody.
    Method,
    /// Something else about it.
    Bypass,
}

/// By which a request says who sends it. The first three are HTTP's own
/// (RFC 9110 §11, RFC 6265); the rest are widely used by applications and by
/// proxies that authenticate for them. In lower case, as [`HeaderName`] has it.
pub(super) const CREDENTIALS: [&str; 20] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "api-key",
    "cf-access-jwt-assertion",
    "dpop",
    "remote-user",
    "x-access-token",
    "x-amz-security-token",
    "x-amzn-oidc-data",
    "x-api-key",
    "x-auth-request-user",
    "x-auth-token",
    "x-client-cert",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x-forwarded-user",
    "x-goog-iap-jwt-assertion",
    "x-remote-user",
    "x-session-token",
];

pub(super) fn is_credential(name: &str) -> bool {
    CREDENTIALS.contains(&name)
}

/// May this request join others, or be joined by them? `keyed` are the headers
/// that are part of its key.
pub(super) fn check<B: Body>(
    request: &Request<B>,
    keyed: &[HeaderName],
    body_is_keyed: bool,
) -> Result<(), Ineligible> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Ineligible::Method);
    }
    let body = request.body();
    let empty = body.is_end_stream() || body.size_hint().exact() == Some(0);
    let headers = request.headers();
    let unshareable = headers.keys().any(|name| match name.as_str() {
        "upgrade" | "expect" => true,
        // It is not the GET that it seems to be.
        "x-http-method" | "x-http-method-override" | "x-method-override" => true,
        // A condition (WebDAV's too) or a credential that the key does not know.
        other => {
            let condition = other == "if" || other.starts_with("if-");
            (condition || is_credential(other)) && !keyed.contains(name)
        }
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
