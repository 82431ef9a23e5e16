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
pub struct SharedError(Arc<BoxError>);

impl SharedError {
    /// Makes `error` cloneable.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(Arc::new(error.into()))
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

    /// The error itself, if nobody else has it, or else shared.
    #[cfg(feature = "grpc")]
    pub(crate) fn into_box(self) -> BoxError {
        Arc::try_unwrap(self.0).unwrap_or_else(|shared| Box::new(Self(shared)))
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
        Some(&**self.0)
    }
}
