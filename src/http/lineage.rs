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
    sync::{Arc, OnceLock, Weak},
};

use ::http::Request;
use parking_lot::Mutex;

/// What a layer is a clone of.
pub(crate) struct Lineage(Arc<Node>);

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
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Where a service that this layer is put on has its flights.
    pub(crate) fn home<S, T>(&self) -> Home<T> {
        let (parent, grandparent) =
            if cfg!(feature = "axum") && is_or_holds_a_route(type_name::<S>()) {
                (
                    Weak::clone(&self.0.parent),
                    Weak::clone(&self.0.grandparent),
                )
            } else {
                (Weak::new(), Weak::new())
            };
        Home {
            parent,
            grandparent,
            flights: Arc::default(),
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

/// Where a service has its flights. They are found or made when they are first
/// asked for, and clones of the service have the same.
pub(crate) struct Home<T> {
    /// What the layer of the service was a clone of: of nothing, if it was not
    /// axum that put it on.
    parent: Weak<Node>,
    grandparent: Weak<Node>,
    flights: Arc<OnceLock<Arc<T>>>,
}

impl<T> Home<T> {
    /// The flights, if they were asked for before.
    pub(crate) fn get(&self) -> Option<&Arc<T>> {
        self.flights.get()
    }
}

impl<T: Send + Sync + 'static> Home<T> {
    /// The flights. `make` is told whether they are for all services that stand
    /// for a route.
    pub(crate) fn get_or_make(&self, make: impl Fn(bool) -> T) -> &Arc<T> {
        self.flights.get_or_init(|| {
            let kept = self.kept(|| make(true));
            kept.unwrap_or_else(|| Arc::new(make(false)))
        })
    }

    /// The flights that are kept for services like this one, made if there are
    /// none yet. None, if it is the only one of its kind.
    fn kept(&self, make: impl FnOnce() -> T) -> Option<Arc<T>> {
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
pub(crate) struct Route(::axum::extract::MatchedPath);

#[cfg(feature = "axum")]
impl Route {
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
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
pub(crate) enum Route {}

#[cfg(not(feature = "axum"))]
impl Route {
    pub(crate) fn of<B>(_: &Request<B>) -> Option<Self> {
        None
    }
}

impl Eq for Route {}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").finish_non_exhaustive()
    }
}

impl<T> Clone for Home<T> {
    fn clone(&self) -> Self {
        Self {
            parent: Weak::clone(&self.parent),
            grandparent: Weak::clone(&self.grandparent),
            flights: Arc::clone(&self.flights),
        }
    }
}

#[cfg(all(test, feature = "axum"))]
mod tests;
