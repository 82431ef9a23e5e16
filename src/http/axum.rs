//! What it takes to give axum its own body back.

use super::body::SharedBody;

/// So that a pool around a whole `Router` can be served by `axum::serve`:
/// `.map_response(|response| response.map(Body::from))`.
///
/// ```
/// use axum::body::Body;
/// use tower_pool::http::SharedBody;
///
/// let body = Body::from(SharedBody::default());
/// # let _ = body;
/// ```
impl From<SharedBody> for ::axum::body::Body {
    fn from(body: SharedBody) -> Self {
        Self::new(body)
    }
}
