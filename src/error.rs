//! An error made cloneable: [`SharedError`].

use std::{error::Error, fmt, sync::Arc};

use tower::BoxError;

/// An error that can be handed to every caller of a flight.
///
/// The pool clones errors as it clones responses. Services whose error is not
/// [`Clone`] (hyper's, reqwest's, tonic's, boxed errors) get
/// `.map_err(SharedError::new)` between themselves and the pool.
///
/// It is shown as the error inside, and [`source`](Error::source) is that very
/// error; all clones share one [`Arc`].
///
/// ```
/// use std::{error::Error, io};
/// use tower_pool::SharedError;
///
/// let shared = SharedError::new(io::Error::other("the boiler is cold"));
/// let another = shared.clone();
///
/// assert_eq!(another.to_string(), "the boiler is cold");
/// assert!(another.source().unwrap().is::<io::Error>());
/// assert!(std::ptr::eq(
///     shared.downcast_ref::<io::Error>().unwrap(),
///     another.downcast_ref::<io::Error>().unwrap(),
/// ));
/// ```
#[derive(Clone)]
pub struct SharedError(Arc<dyn Error + Send + Sync>);

impl SharedError {
    /// Makes `error` cloneable.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// Returns the error inside, if it is an `E`.
    ///
    /// ```
    /// use tower_pool::SharedError;
    ///
    /// let shared = SharedError::new("in words only");
    /// assert!(shared.downcast_ref::<std::io::Error>().is_none());
    /// ```
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedError").field(&self.0).finish()
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
