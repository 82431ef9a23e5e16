//! Which services stand for one and the same route: [`Lineage`].
//!
//! A layer holds no flights, and what it is put on never shares them. But axum
//! makes the services of a `Router` that was given no state *anew for each
//! connection*, and their layers with them: it keeps a clone of the layer for
//! each handler, and to make a service clones that, clones the clone, puts it on,
//! and drops both. So a service whose layer's parent is gone, and whose
//! grandparent is still there, was made by whoever keeps the grandparent. Its
//! flights are kept there, for all services that are made of it.
//!
//! Should axum do it in another way one day, such services have flights of their
//! own again: that costs sharing, and nothing else. Who puts layers on by hand
//! keeps neither to that order nor to axum's type of service. And the routes must
//! be the same: see [`Route`].

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    sync::{Arc, Weak},
};

use ::http::Request;
use parking_lot::Mutex;

/// What a layer is a clone of.
pub(super) struct Lineage(Arc<Node>);

#[derive(Default)]
struct Node {
    parent: Weak<Node>,
    grandparent: Weak<Node>,
    /// Zero for one that is no clone, but was made by a user.
    generation: u64,
    flights: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Lineage {
    /// Of a layer that is no clone, or was changed since.
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// The flights of a service that this layer is put on.
    pub(super) fn ancestry<S>(&self) -> Ancestry {
        if cfg!(feature = "axum") && is_or_holds_a_route(type_name::<S>()) {
            Ancestry {
                parent: Weak::clone(&self.0.parent),
                grandparent: Weak::clone(&self.0.grandparent),
            }
        } else {
            Ancestry::default()
        }
    }
}

/// Is this the type of what axum puts layers on, or of a service around it?
fn is_or_holds_a_route(service: &str) -> bool {
    let mut rests = service.split("axum::routing::route::Route").skip(1);
    // Not part of a longer name.
    rests.any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

impl Clone for Lineage {
    fn clone(&self) -> Self {
        Self(Arc::new(Node {
            parent: Arc::downgrade(&self.0),
            grandparent: Weak::clone(&self.0.parent),
            generation: self.0.generation + 1,
            flights: Mutex::default(),
        }))
    }
}

/// What the layer of a service was a clone of: of nothing, if it was not axum
/// that put it on.
#[derive(Clone, Default)]
pub(super) struct Ancestry {
    parent: Weak<Node>,
    grandparent: Weak<Node>,
}

impl Ancestry {
    /// The flights of this type that are kept for services like this one, made
    /// if there are none yet. None, if it is the only one of its kind.
    pub(super) fn flights<T: Send + Sync + 'static>(
        &self,
        make: impl FnOnce() -> T,
    ) -> Option<Arc<T>> {
        if self.parent.strong_count() > 0 {
            return None;
        }
        let keeper = self
            .grandparent
            .upgrade()
            .filter(|node| node.generation > 0)?;
        // Making them runs no foreign code, so it may be done under the lock.
        let mut kept = keeper.flights.lock();
        let flights = kept
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(make()));
        Arc::clone(flights).downcast().ok()
    }
}

/// The route that a request came in by, as part of its key where services share
/// their flights. Clones of a router have the very string of its path, and other
/// routers another, even of the same path. It is kept for as long as the key is,
/// so that no other can come to be in its place.
#[cfg(feature = "axum")]
#[derive(Clone)]
pub(super) struct Route(::axum::extract::MatchedPath);

#[cfg(feature = "axum")]
impl Route {
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        request.extensions().get().cloned().map(Self)
    }

    fn address(&self) -> (usize, usize) {
        let path = self.0.as_str();
        (path.as_ptr() as usize, path.len())
    }
}

#[cfg(feature = "axum")]
impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

#[cfg(feature = "axum")]
impl std::hash::Hash for Route {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

/// There is none without axum.
#[cfg(not(feature = "axum"))]
#[derive(Clone, PartialEq, Hash)]
pub(super) enum Route {}

#[cfg(not(feature = "axum"))]
impl Route {
    pub(super) fn of<B>(_: &Request<B>) -> Option<Self> {
        None
    }
}

impl Eq for Route {}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").finish_non_exhaustive()
    }
}

impl fmt::Debug for Ancestry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ancestry").finish_non_exhaustive()
    }
}
