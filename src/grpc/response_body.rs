//! What a caller reads: [`ResponseBody`].

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::http::HeaderMap;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::{Status, TimeoutExpired};
use tower::BoxError;

use super::timeout::Timer;
use crate::http::{SharedBody, SharedBodyError};

pin_project! {
    /// The body of a response from a [`GrpcPool`](super::GrpcPool).
    ///
    /// That of a call which could not be shared is the inner service's own, `R`.
    /// Else it is this caller's part of a [`SharedBody`]. When the caller's
    /// `grpc-timeout` is over, of which the server knows nothing, it waits for
    /// nothing, hands out what has come if that is not much, and ends with the
    /// status `DeadlineExceeded`. When the caller was too slow for the others, it
    /// ends with `ResourceExhausted`.
    ///
    /// An error of a shared body is the [`Status`] that tonic makes of it, or the
    /// source of a [`SharedBodyError`] if tonic knows none.
    ///
    /// # Panics
    ///
    /// If it has to wait for a time in a runtime without timers, or one that is
    /// shut down. (Outside of a runtime nobody wakes it at its time.)
    ///
    /// ```
    /// use http::Response;
    /// use tower_pool::grpc::{GrpcPool, ResponseBody};
    ///
    /// type FromChannel = Response<ResponseBody<tonic::body::Body>>;
    /// # fn is<S: tower::Service<http::Request<tonic::body::Body>, Response = FromChannel>>() {}
    /// # is::<GrpcPool<tonic::transport::Channel, tonic::body::Body>>();
    /// ```
    pub struct ResponseBody<R> {
        #[pin]
        kind: Kind<R>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<R> {
        Own { #[pin] body: R },
        Shared { body: SharedBody, timer: Timer, grace: u32 },
        Empty,
    }
}

impl<R> ResponseBody<R> {
    /// The body of a call that could not be shared.
    pub(super) fn own(body: R) -> Self {
        Self {
            kind: Kind::Own { body },
        }
    }

    /// One caller's part. It is over when `timer` goes off.
    pub(super) fn shared(body: SharedBody, timer: Timer) -> Self {
        Self {
            kind: Kind::Shared {
                body,
                timer,
                grace: GRACE,
            },
        }
    }
}

/// An empty body, as a client with an interceptor asks for.
impl<R> Default for ResponseBody<R> {
    fn default() -> Self {
        Self { kind: Kind::Empty }
    }
}

impl<R> Body for ResponseBody<R>
where
    R: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut kind = self.project().kind;
        let (body, timer, grace) = match kind.as_mut().project() {
            KindProj::Own { body } => return body.poll_frame(cx).map_err(Into::into),
            KindProj::Empty => return Poll::Ready(None),
            KindProj::Shared { body, timer, grace } => (body, timer, grace),
        };
        let says_length = body.size_hint().exact().is_some();
        let frame = match Pin::new(body).poll_frame(cx) {
            Poll::Pending => {
                ready!(timer.poll(cx));
                Some(cut_off(deadline_exceeded(), says_length))
            }
            Poll::Ready(Some(Ok(frame))) if frame.is_data() && timer.is_over() => {
                if *grace == 0 {
                    Some(cut_off(deadline_exceeded(), says_length))
                } else {
                    *grace -= 1;
                    Some(Ok(frame))
                }
            }
            Poll::Ready(Some(Err(error))) if error.is_lagged() => {
                Some(cut_off(Status::resource_exhausted(LAGGED), says_length))
            }
            Poll::Ready(frame) => frame.map(|frame| frame.map_err(as_it_was)),
        };
        let goes_on = matches!(&frame, Some(Ok(frame)) if frame.is_data());
        if !goes_on {
            // Whoever holds it on keeps nothing for others, and no time.
            kind.set(Kind::Empty);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Own { body } => body.is_end_stream(),
            Kind::Shared { body, .. } => body.is_end_stream(),
            Kind::Empty => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Own { body } => body.size_hint(),
            Kind::Shared { body, .. } => body.size_hint(),
            Kind::Empty => SizeHint::with_exact(0),
        }
    }
}

/// So many frames can be read after the deadline, if they need not be waited for:
/// an answer that was there in time, but not a stream without end.
const GRACE: u32 = 64;

fn deadline_exceeded() -> Status {
    Status::deadline_exceeded(TimeoutExpired(()).to_string())
}

const LAGGED: &str = "this caller fell too far behind the others who share its response";

/// The end of a body before its time. After fewer bytes than were announced,
/// HTTP takes no trailers.
fn cut_off(status: Status, says_length: bool) -> Result<Frame<Bytes>, BoxError> {
    if says_length {
        Err(Box::new(status))
    } else {
        Ok(Frame::trailers(trailers(&status)))
    }
}

/// A status can be had by many, other errors only be shown to them.
fn as_it_was(error: SharedBodyError) -> BoxError {
    match error.downcast_ref::<Status>() {
        Some(status) => Box::new(status.clone()),
        None => Box::new(error),
    }
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    let added = status.add_header(&mut trailers);
    added.expect("its message is written so that a header can have it");
    trailers
}

impl<R> fmt::Debug for ResponseBody<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Own { .. } => "own",
            Kind::Shared { .. } => "shared",
            Kind::Empty => "empty",
        };
        f.debug_tuple("ResponseBody").field(&name).finish()
    }
}
