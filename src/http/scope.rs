//! Which services have their flights in common: [`Scope`].
//!
//! A layer holds no flights, and what it is put on never shares them. With one
//! exception: axum makes the services of a `Router` that is handed to its server
//! *anew for each connection*, and their layers with them. So the services that
//! one layer makes for axum's routes share one table, and in it tell each other
//! apart by the route that a request came in by.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use ::http::Request;
use parking_lot::Mutex;

/// Part of each key: requests of different scopes never share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// One service that the layer was put on, by its number.
    Service(u64),
    /// One route of one router, whichever service stands for it.
    #[cfg(feature = "axum")]
    Route(Route),
}

/// The scope of one service, and of its clones.
#[derive(Debug)]
pub(super) struct OwnScope {
    service: Scope,
    /// If it is one of those that axum makes for a route: what it turned out to
    /// be with the first request. That of a router inside of a service is
    /// another with each request, and the first is as good as any.
    route: Option<OnceLock<Scope>>,
}

impl OwnScope {
    pub(super) fn new(routed: bool) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Self {
            service: Scope::Service(NUMBER.fetch_add(1, Relaxed)),
            route: routed.then(OnceLock::new),
        }
    }

    /// The scope of a request that came to the service: of the route, unless
    /// it is inside of these flights already, where it would wait for itself.
    pub(super) fn of<B>(&self, request: &Request<B>, flights: usize) -> Scope {
        let inside = request.extensions().get::<Inside>();
        let scope = match &self.route {
            Some(route) if !inside.is_some_and(|inside| inside.0.contains(&flights)) => {
                route.get_or_init(|| route_of(request).unwrap_or_else(|| self.service.clone()))
            }
            _ => &self.service,
        };
        scope.clone()
    }
}

/// The route that a request came in by.
#[cfg(feature = "axum")]
fn route_of<B>(request: &Request<B>) -> Option<Scope> {
    let path = request.extensions().get::<::axum::extract::MatchedPath>()?;
    Some(Scope::Route(Route(path.clone())))
}

#[cfg(not(feature = "axum"))]
fn route_of<B>(_: &Request<B>) -> Option<Scope> {
    None
}

/// A route of a router. Clones of a router share the very string of its path,
/// and other routers, with the same path too, have another. It is kept for as
/// long as the scope is, so that no other can come to be in its place.
#[cfg(feature = "axum")]
#[derive(Clone, Debug)]
pub(super) struct Route(::axum::extract::MatchedPath);

#[cfg(feature = "axum")]
impl Route {
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
impl Eq for Route {}

#[cfg(feature = "axum")]
impl Hash for Route {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

/// Is this what axum puts layers on, or a service around it? The names of types
/// are the compiler's choice: should one not be known, nothing is shared that
/// might not be.
pub(super) fn is_route<S>() -> bool {
    cfg!(feature = "axum") && type_name::<S>().contains("axum::routing::route::Route")
}

/// The flights, by where they are in memory, that a request is part of.
#[derive(Clone, Default)]
struct Inside(Vec<usize>);

/// Marks a request as part of these flights.
pub(super) fn enter<B>(request: &mut Request<B>, flights: usize) {
    let inside = request.extensions_mut().get_or_insert_default::<Inside>();
    inside.0.push(flights);
}

/// What the services that one layer makes for axum's routes have in common: of
/// each type of service its flights.
#[derive(Clone, Default)]
pub(super) struct Siblings(Arc<Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>);

impl Siblings {
    /// The flights of this type, made if there are none yet.
    pub(super) fn flights<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let known = self.0.lock().get(&TypeId::of::<T>()).cloned();
        let flights = known.unwrap_or_else(|| {
            let made = Arc::new(make()); // foreign code: not under the lock
            Arc::clone(self.0.lock().entry(TypeId::of::<T>()).or_insert(made))
        });
        flights.downcast().expect("it is kept under its type")
    }
}

impl fmt::Debug for Siblings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Siblings").finish_non_exhaustive()
    }
}
