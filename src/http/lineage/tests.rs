//! Each rule by itself: where all hold, none of them is seen to be needed.

use std::convert::Infallible;

use ::axum::{Router, extract::Request, routing::get};
use tower::ServiceExt;

use super::*;

type OfAxum = ::axum::routing::Route;
type OfTheUser = tower::util::BoxCloneSyncService<Request, (), Infallible>;

/// Are the flights of two services the same, of which each has what `make` puts
/// on it?
fn share(make: impl Fn() -> Home<u8>) -> bool {
    let (one, other) = (make(), make());
    Arc::ptr_eq(one.get_or_make(u8::from), other.get_or_make(u8::from))
}

/// As axum makes a service: the layer that it keeps is cloned, the clone is
/// cloned and put on, and both are dropped.
fn as_axum_does<S>(kept: &Lineage) -> Home<u8> {
    let clone = kept.clone();
    clone.clone().home::<S, u8>()
}

#[test]
fn what_axum_makes_of_the_layer_it_keeps_is_one_route() {
    let of_the_user = Lineage::new();
    let kept = of_the_user.clone();
    assert!(share(|| as_axum_does::<OfAxum>(&kept)));
    let of_a_route = as_axum_does::<OfAxum>(&kept);
    assert_eq!(**of_a_route.get_or_make(u8::from), 1);
}

#[test]
fn layers_that_axum_keeps_for_two_handlers_are_two_routes() {
    let of_the_user = Lineage::new();
    let kept = [of_the_user.clone(), of_the_user.clone()];
    let homes = kept.each_ref().map(as_axum_does::<OfAxum>);
    let [one, other] = homes.each_ref().map(|home| home.get_or_make(u8::from));
    assert!(!Arc::ptr_eq(one, other));
}

#[test]
fn what_is_not_of_axums_type_is_no_route() {
    let of_the_user = Lineage::new();
    let kept = of_the_user.clone();
    assert!(!share(|| as_axum_does::<OfTheUser>(&kept)));
    let alone = as_axum_does::<OfTheUser>(&kept);
    assert_eq!(**alone.get_or_make(u8::from), 0);
}

#[test]
fn a_layer_whose_parent_is_still_there_was_not_put_on_by_axum() {
    let of_the_user = Lineage::new();
    let kept = of_the_user.clone();
    let parents = std::cell::RefCell::new(Vec::new());
    assert!(!share(|| {
        let parent = kept.clone();
        let home = parent.clone().home::<OfAxum, u8>();
        parents.borrow_mut().push(parent);
        home
    }));
}

#[test]
fn a_layer_that_a_user_made_keeps_no_flights() {
    let of_the_user = Lineage::new();
    assert!(!share(|| as_axum_does::<OfAxum>(&of_the_user)));
}

#[test]
fn a_layer_whose_grandparent_is_gone_shares_with_none() {
    assert!(!share(|| as_axum_does::<OfAxum>(&Lineage::new().clone())));
}

#[test]
fn a_route_is_told_by_its_whole_name() {
    let route = "axum::routing::route::Route";
    for name in [
        route.to_owned(),
        format!("{route}<core::convert::Infallible>"),
        format!("tower::timeout::Timeout<{route}>"),
        format!("a::Pair<{route}Future, {route}>"),
    ] {
        assert!(is_or_holds_a_route(&name), "{name}");
    }
    for name in [
        String::new(),
        "my::routing::route::Route".to_owned(),
        format!("{route}Future<core::convert::Infallible>"),
        format!("{route}_of_mine"),
        format!("{route}2"),
    ] {
        assert!(!is_or_holds_a_route(&name), "{name}");
    }
}

/// What a router of its own has matched for a request of this path.
async fn matched(router: &Router<()>, path: &str) -> Route {
    let request = Request::get(path)
        .body(::axum::body::Body::empty())
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    response
        .extensions()
        .get::<Route>()
        .expect("a route")
        .clone()
}

#[tokio::test]
async fn a_route_is_that_of_one_router_and_its_clones_alone() {
    let router = || {
        let handler =
            || get(async |request: Request| ::axum::Extension(Route::of(&request).unwrap()));
        Router::new()
            .route("/{a}", handler())
            .route("/{a}/b", handler())
    };
    let (router, other) = (router(), router());
    let first = matched(&router, "/1").await;
    assert!(first == matched(&router, "/2").await);
    assert!(first == matched(&router.clone(), "/1").await);
    assert!(first != matched(&router, "/1/b").await);
    assert!(first != matched(&other, "/1").await);
}
