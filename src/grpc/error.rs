//! What a pooled call may fail with: [`GrpcError`].

use std::{any::TypeId, convert::Infallible, error::Error, fmt};

use tonic::{Status, TimeoutExpired};
use tower::BoxError;

use crate::SharedError;

/// The failure of a call through a [`GrpcPool`](super::GrpcPool), as tonic sees
/// it.
///
/// A pool hands one failure to many, and the errors of a transport cannot be
/// cloned. So the failure of a call that could be shared is made the [`Status`]
/// that tonic would make of it, which a client gets as it would without the pool:
/// code, message, details, metadata and source. An error that tonic knows no
/// status for is shared as a [`SharedError`], with the error itself as its source,
/// unless there is but one caller left to have it. The failure of a call which
/// could not be shared is handed on as it is.
///
/// It is not an [`Error`] itself, but can be made into a boxed one, which is
/// whatever it holds, or into a [`Status`]:
///
/// ```
/// use std::{convert::Infallible, error::Error};
/// use tonic::Status;
/// use tower_pool::grpc::GrpcError;
///
/// fn boxed(error: GrpcError<tonic::transport::Error>) -> Box<dyn Error> {
///     error.into()
/// }
///
/// fn status(error: GrpcError<tonic::transport::Error>) -> Status {
///     error.into()
/// }
///
/// // A service that cannot fail cannot fail behind a pool either.
/// fn cannot_be(error: GrpcError<Infallible>) -> Infallible {
///     error.into()
/// }
/// ```
#[derive(Clone)]
pub struct GrpcError<E>(Kind<E>);

#[derive(Clone)]
enum Kind<E> {
    /// The inner service's own.
    Own(E),
    Shared(Failure),
    /// This caller's `grpc-timeout` is over.
    TimedOut,
}

impl<E: 'static> GrpcError<E> {
    pub(super) fn own(error: E) -> Self {
        Self(Kind::Own(error))
    }

    pub(super) fn shared(failure: Failure) -> Self {
        Self(Kind::Shared(failure))
    }

    /// The error that tonic has for a timeout. None for a service that cannot
    /// fail: it has to answer with the status instead.
    pub(super) fn timed_out() -> Option<Self> {
        let can_fail = TypeId::of::<E>() != TypeId::of::<Infallible>();
        can_fail.then_some(Self(Kind::TimedOut))
    }
}

/// The status with which a call ends whose `grpc-timeout` is over, where tonic
/// can give no error.
pub(super) fn timeout_status() -> Status {
    Status::cancelled(TimeoutExpired(()).to_string())
}

impl<E: Into<BoxError>> From<GrpcError<E>> for BoxError {
    fn from(error: GrpcError<E>) -> Self {
        match error.0 {
            Kind::Own(error) => error.into(),
            Kind::Shared(failure) => failure.into(),
            Kind::TimedOut => Box::new(TimeoutExpired(())),
        }
    }
}

impl<E: Into<BoxError>> From<GrpcError<E>> for Box<dyn Error> {
    fn from(error: GrpcError<E>) -> Self {
        BoxError::from(error)
    }
}

impl<E: Into<BoxError>> From<GrpcError<E>> for Status {
    fn from(error: GrpcError<E>) -> Self {
        Self::from_error(error.into())
    }
}

/// So that a pooled route is still one that axum takes.
impl From<GrpcError<Infallible>> for Infallible {
    fn from(error: GrpcError<Infallible>) -> Self {
        match error.0 {
            Kind::Own(error) => error,
            Kind::Shared(_) | Kind::TimedOut => unreachable!("made of an error that cannot be"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for GrpcError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Own(error) => error.fmt(f),
            Kind::Shared(Failure::Status(status)) => status.fmt(f),
            Kind::Shared(Failure::Other(error)) => error.fmt(f),
            Kind::TimedOut => TimeoutExpired(()).fmt(f),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for GrpcError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_tuple("GrpcError");
        match &self.0 {
            Kind::Own(error) => f.field(error),
            Kind::Shared(failure) => f.field(failure),
            Kind::TimedOut => f.field(&TimeoutExpired(())),
        }
        .finish()
    }
}

/// A failure that many can have.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    Status(Status),
    /// Nothing that tonic has a status for.
    Other(SharedError),
}

impl From<Failure> for BoxError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Status(status) => Box::new(status),
            Failure::Other(error) => error.into_box(),
        }
    }
}

impl Failure {
    pub(super) fn new(error: impl Into<BoxError>) -> Self {
        match Status::try_from_error(error.into()) {
            Ok(status) => Self::Status(status),
            Err(error) => Self::Other(SharedError::new(error)),
        }
    }

    /// As a client would see it.
    pub(super) fn to_status(&self) -> Status {
        match self {
            Self::Status(status) => status.clone(),
            Self::Other(error) => Status::from_error(Box::new(error.clone())),
        }
    }
}
