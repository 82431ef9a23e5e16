//! What a reader of a shared body may fail with: [`SharedBodyError`].

use std::{error::Error, fmt};

use tower::BoxError;

use crate::SharedError;

/// An error of a [`SharedBody`](super::SharedBody).
///
/// If the body that is shared failed, it is shown as that error, and
/// [`source`](Error::source) is that very error; every reader gets it. Other
/// failures are of the sharing: see [`is_lagged`](Self::is_lagged).
///
/// ```
/// use std::{convert::Infallible, error::Error, io};
/// use bytes::Bytes;
/// use http_body_util::{BodyExt, StreamBody};
/// use tower_pool::http::SharedBody;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let cut = io::Error::from(io::ErrorKind::ConnectionReset);
/// let frames = futures::stream::iter([Err::<http_body::Frame<Bytes>, _>(cut)]);
/// let mut body = SharedBody::new(StreamBody::new(frames));
///
/// let error = body.frame().await.unwrap().unwrap_err();
/// assert!(!error.is_lagged());
/// assert_eq!(error.to_string(), "connection reset");
/// assert!(error.source().unwrap().is::<io::Error>());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SharedBodyError(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// The body's own.
    Upstream(SharedError),
    /// The reader was cut off.
    Lagged,
    /// It was cloned when the start was gone.
    Late,
    /// The body panicked when another reader polled it.
    Panicked,
}

impl SharedBodyError {
    /// The body's own error.
    pub(super) fn upstream(error: impl Into<BoxError>) -> Self {
        Self(Kind::Upstream(SharedError::new(error)))
    }

    pub(super) fn lagged() -> Self {
        Self(Kind::Lagged)
    }

    pub(super) fn late() -> Self {
        Self(Kind::Late)
    }

    pub(super) fn panicked() -> Self {
        Self(Kind::Panicked)
    }

    /// Did this reader alone fail, for want of frames that are gone?
    ///
    /// It fell too far behind the others, or was cloned too late. They go on.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::{BodyExt, Full};
    /// use tower_pool::http::SharedBody;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut body = SharedBody::new(Full::new(Bytes::from("all there is")));
    /// body.frame().await;
    ///
    /// let mut late = body.clone(); // nobody keeps the start for it
    /// assert!(late.frame().await.unwrap().unwrap_err().is_lagged());
    /// # }
    /// ```
    pub fn is_lagged(&self) -> bool {
        matches!(self.0, Kind::Lagged | Kind::Late)
    }

    /// Returns the error of the body that is shared, if it is an `E`.
    ///
    /// ```
    /// use std::io;
    /// use tower_pool::http::SharedBodyError;
    ///
    /// fn was_reset(error: &SharedBodyError) -> bool {
    ///     let error = error.downcast_ref::<io::Error>();
    ///     error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
    /// }
    /// ```
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match &self.0 {
            Kind::Upstream(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for SharedBodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Upstream(error) => return error.fmt(f),
            Kind::Lagged => "this reader fell too far behind the other readers of a shared body",
            Kind::Late => "the start of a shared body was gone when it was cloned",
            Kind::Panicked => "a shared body panicked when another reader polled it",
        })
    }
}

impl Error for SharedBodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Upstream(error) => error.source(),
            _ => None,
        }
    }
}
