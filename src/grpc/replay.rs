//! A request's body once more: [`ReplayBody`].

use std::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tower::BoxError;

/// A request's body of which the start was read, from its start.
///
/// The pool reads a request's message to know what is asked for. The service
/// inside gets it in one of these, made into the body that it expects: tonic's
/// and axum's can be made [`From`] it, and so can yours.
///
/// ```
/// use std::pin::Pin;
/// use bytes::Bytes;
/// use tower_pool::grpc::ReplayBody;
///
/// type Error = Box<dyn std::error::Error + Send + Sync>;
///
/// /// A body of your own.
/// struct Mine(Pin<Box<dyn http_body::Body<Data = Bytes, Error = Error> + Send>>);
/// # impl http_body::Body for Mine {
/// #     type Data = Bytes;
/// #     type Error = Error;
/// #     fn poll_frame(
/// #         mut self: Pin<&mut Self>,
/// #         cx: &mut std::task::Context<'_>,
/// #     ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Error>>> {
/// #         self.0.as_mut().poll_frame(cx)
/// #     }
/// # }
///
/// impl From<ReplayBody<Mine>> for Mine {
///     fn from(body: ReplayBody<Mine>) -> Self {
///         Self(Box::pin(body))
///     }
/// }
/// # fn is_request_body<B: tower_pool::grpc::RequestBody>() {}
/// # is_request_body::<Mine>();
/// ```
pub struct ReplayBody<B: Body> {
    /// What was read, in one piece.
    data: Bytes,
    /// What was read last, if it was not data.
    last: Option<Result<Frame<Bytes>, B::Error>>,
    /// What was not read.
    rest: Option<B>,
    /// Did it say its length before it was read?
    is_sized: bool,
    /// Was its reader told that it is over?
    is_over: bool,
}

/// The body of a request that may be pooled. Every body that can be made
/// [`From`] a [`ReplayBody`] of itself is one; it is only a name for that.
///
/// ```
/// fn is_request_body<B: tower_pool::grpc::RequestBody>() {}
///
/// is_request_body::<tonic::body::Body>();
/// is_request_body::<axum::body::Body>();
/// ```
pub trait RequestBody:
    Body<Data = Bytes, Error: Into<BoxError> + Send> + From<ReplayBody<Self>> + Unpin + Send + 'static
{
}

impl<B> RequestBody for B where
    B: Body<Data = Bytes, Error: Into<BoxError> + Send>
        + From<ReplayBody<B>>
        + Unpin
        + Send
        + 'static
{
}

impl<B: Body> ReplayBody<B> {
    /// A body that was read to its end.
    pub(super) fn whole(data: Bytes, is_sized: bool) -> Self {
        Self {
            data,
            last: None,
            rest: None,
            is_sized,
            is_over: false,
        }
    }

    /// A body that was read in part: `last` came after `data`.
    pub(super) fn partial(
        data: Bytes,
        last: Option<Result<Frame<Bytes>, B::Error>>,
        rest: B,
        is_sized: bool,
    ) -> Self {
        Self {
            data,
            last,
            rest: Some(rest),
            is_sized,
            is_over: false,
        }
    }
}

/// Whatever its errors are: they are never pinned.
impl<B: Body + Unpin> Unpin for ReplayBody<B> {}

impl<B> Body for ReplayBody<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if !self.data.is_empty() {
            let data = mem::take(&mut self.data);
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(last) = self.last.take() {
            return Poll::Ready(Some(last));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(cx),
            None => {
                self.is_over = true;
                Poll::Ready(None)
            }
        }
    }

    /// Tells its end no sooner than the body has, which may not have told before
    /// it was read to its end.
    fn is_end_stream(&self) -> bool {
        let nothing_is_left = match &self.rest {
            Some(rest) => rest.is_end_stream(),
            None => self.is_sized || self.is_over,
        };
        self.data.is_empty() && self.last.is_none() && nothing_is_left
    }

    /// Exact only if it was so before. Else a client would add a
    /// `content-length` that the server does not get otherwise.
    fn size_hint(&self) -> SizeHint {
        let read = self.data.len() as u64;
        let rest = match &self.rest {
            Some(rest) => rest.size_hint(),
            None => SizeHint::with_exact(0),
        };
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        let upper = rest.upper().and_then(|upper| upper.checked_add(read));
        if let (true, Some(upper)) = (self.is_sized, upper) {
            hint.set_upper(upper);
        }
        hint
    }
}

/// So that tonic's clients, and services that take its body, can be pooled.
impl From<ReplayBody<Self>> for tonic::body::Body {
    fn from(body: ReplayBody<Self>) -> Self {
        Self::new(body)
    }
}

/// So that routes of an axum app can be pooled.
impl From<ReplayBody<Self>> for axum::body::Body {
    fn from(body: ReplayBody<Self>) -> Self {
        Self::new(body)
    }
}

impl<B: Body> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody")
            .field("read", &self.data.len())
            .finish_non_exhaustive()
    }
}
