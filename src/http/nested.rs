//! Sees a request's URI as it was before a router stripped a prefix from it.
//!
//! Inside of axum's `nest("/{tenant}", ..)` the URI of a request is without the
//! tenant. axum keeps the whole one in the request's extensions, under a type
//! of its own, which takes the feature `axum` to see.

use std::any::type_name;

use ::http::{Request, Uri};

/// The URI that came with the request, if a router has kept it.
#[cfg(feature = "axum")]
pub(super) fn original_uri<B>(request: &Request<B>) -> Option<&Uri> {
    let original = request.extensions().get::<::axum::extract::OriginalUri>();
    original.map(|original| &original.0)
}

#[cfg(not(feature = "axum"))]
pub(super) fn original_uri<B>(_: &Request<B>) -> Option<&Uri> {
    None
}

/// Panics if the requests are axum's and their original URI cannot be seen, for
/// want of the feature or because it is for another version of axum. Else one
/// tenant's answers might go to another.
///
/// Names of types are the compiler's choice, but this is no more than a guard
/// for those who have forgotten something.
pub(crate) fn assert_seen_through<B: 'static>() {
    let body = type_name::<B>();
    if !body.contains("axum_core::body::Body") {
        return;
    }
    // Axum's body, or a wrapper around it.
    #[cfg(feature = "axum")]
    let seen_through = body != type_name::<::axum::body::Body>()
        || std::any::TypeId::of::<B>() == std::any::TypeId::of::<::axum::body::Body>();
    #[cfg(not(feature = "axum"))]
    let seen_through = false;
    assert!(
        seen_through,
        "a pool in an axum app needs tower-pool's feature `axum`, for the same version \
         of axum: without it, what is under `nest(\"/{{tenant}}\", ..)` is the same for all tenants"
    );
}

#[cfg(all(test, feature = "axum"))]
mod tests {
    use super::assert_seen_through;

    #[test]
    fn axums_body_is_seen_through_and_so_is_what_holds_it() {
        type OfAxum = ::axum::body::Body;
        assert_seen_through::<OfAxum>();
        assert_seen_through::<Box<OfAxum>>();
        assert_seen_through::<String>();
    }
}
