//! One reader of a shared body: [`SharedBody`].

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tower::BoxError;

use super::{
    bookmark::{Bookmark, Phase},
    debris::Debris,
    error::SharedBodyError,
    queue::Piece,
    shared::Shared,
    state::Next,
    upstream::{Guard, Upstream},
    weak::WeakBody,
};

/// How many bytes a reader of a [`SharedBody`] may be behind the fastest, unless
/// [another limit](SharedBody::with_max_lag) is set: 4 MiB.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use tower_pool::http::{DEFAULT_MAX_LAG, SharedBody};
///
/// let body = Full::new(Bytes::from("as if by `SharedBody::new`"));
/// let body = SharedBody::with_max_lag(body, DEFAULT_MAX_LAG);
/// ```
pub const DEFAULT_MAX_LAG: u64 = 4 * 1024 * 1024;

/// A body whose clones each get all of it, while it still arrives.
///
/// A clone begins at the first byte, wherever the others are, and gets the very
/// frames of the body that is shared, trailers and errors too: data is never
/// copied. Frames are kept only until the last reader has passed them. So
/// clone it before it is read, or keep a clone that nobody reads: once the first
/// frame is gone, a new clone gets [an error](SharedBodyError::is_lagged).
///
/// The body is polled by whichever reader has caught up with it, and a reader
/// that stops never stops the others. One that is too far behind the fastest
/// gets an error, rather than to have everything kept for it. When the body ends,
/// or the last reader is dropped, it is dropped at once.
///
/// If the body panics, that panic unwinds in the reader that polled it, and the
/// others get an error.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::{BodyExt, Full};
/// use tower_pool::http::SharedBody;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_pool::http::SharedBodyError> {
/// let body = SharedBody::new(Full::new(Bytes::from("one answer for all")));
/// let another = body.clone();
///
/// let read = body.collect().await?.to_bytes();
/// let again = another.collect().await?.to_bytes();
/// assert_eq!(read, "one answer for all");
/// assert_eq!(read.as_ptr(), again.as_ptr());
/// # Ok(())
/// # }
/// ```
pub struct SharedBody {
    shared: Arc<Shared>,
    mark: Bookmark,
    /// Is it read by another than the client that was answered?
    is_follower: bool,
}

impl SharedBody {
    /// Shares `body`. A reader may be [`DEFAULT_MAX_LAG`] behind the fastest.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body::Body;
    /// use http_body_util::Full;
    /// use tower_pool::http::SharedBody;
    ///
    /// let body = SharedBody::new(Full::new(Bytes::from("five!")));
    /// assert_eq!(body.size_hint().exact(), Some(5));
    /// ```
    pub fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::with_max_lag(body, DEFAULT_MAX_LAG)
    }

    /// Shares `body`, and lets a reader be `max_lag` bytes behind the fastest.
    ///
    /// One that falls further behind gets an error that
    /// [says so](SharedBodyError::is_lagged). The newest frame does not count:
    /// who has read all but that is never too far behind, however large it is.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body::Frame;
    /// use http_body_util::{BodyExt, StreamBody};
    /// use tower_pool::http::SharedBody;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let frames = ["1234", "5678"].map(|data| Ok::<_, std::io::Error>(Frame::data(Bytes::from(data))));
    /// let body = StreamBody::new(futures::stream::iter(frames));
    ///
    /// let fast = SharedBody::with_max_lag(body, 7);
    /// let mut slow = fast.clone();
    /// assert_eq!(fast.collect().await.unwrap().to_bytes(), "12345678");
    /// assert!(slow.frame().await.unwrap().unwrap_err().is_lagged());
    /// # }
    /// ```
    pub fn with_max_lag<B>(body: B, max_lag: u64) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let hint = body.size_hint();
        let upstream = if body.is_end_stream() {
            drop(body);
            None
        } else {
            Some(Upstream::new(body))
        };
        let shared = Shared::new(upstream, hint, max_lag);
        let mark = shared.state.lock().enter();
        Self::reader(shared, mark)
    }

    /// Keeps the start of a body that nobody has polled for newcomers
    /// ([`WeakBody::join`]), until more than `bytes` have come, or it is over, or
    /// the last reader is gone. Then `guard` is dropped, with no lock held: before
    /// this returns, if it is too late already. More than `max_lag` is not held.
    pub(crate) fn hold(&self, bytes: u64, guard: Guard) {
        let refused = self.shared.state.lock().hold(bytes, guard);
        drop(refused);
    }

    /// A new reader of what is left in the weak handle.
    pub(super) fn reader(shared: Arc<Shared>, mark: Bookmark) -> Self {
        Self {
            shared,
            mark,
            is_follower: false,
        }
    }

    /// For one whose request this is not the response to: without trailers that
    /// speak of another client.
    pub(crate) fn for_follower(&mut self) {
        self.is_follower = true;
    }

    /// A handle that newcomers can join by, and that keeps nothing.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(crate) fn downgrade(&self) -> WeakBody {
        WeakBody::new(&self.shared)
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, SharedBodyError>>> {
        let Self { shared, mark, .. } = self;
        match mark.phase {
            Phase::Reading => {}
            Phase::Late => {
                mark.phase = Phase::Failed;
                return Poll::Ready(Some(Err(SharedBodyError::late())));
            }
            Phase::Ended | Phase::Failed => return Poll::Ready(None),
        }
        let mut clone = None;
        loop {
            let mut debris = Debris::default();
            let next = {
                let mut state = shared.state.lock();
                state.next(mark, cx.waker(), &mut clone, &mut debris)
            };
            debris.clear_away();
            match next {
                Next::Return(piece) => return Poll::Ready(piece),
                Next::Wait => return Poll::Pending,
                Next::BringWaker => clone = Some(cx.waker().clone()),
                Next::Drive(upstream, seated) => return shared.drive(upstream, seated, mark, cx),
            }
        }
    }
}

impl Clone for SharedBody {
    /// Another reader, at the first byte.
    fn clone(&self) -> Self {
        let mark = self.shared.state.lock().enter();
        Self {
            shared: Arc::clone(&self.shared),
            mark,
            is_follower: self.is_follower,
        }
    }
}

impl Drop for SharedBody {
    fn drop(&mut self) {
        if self.mark.phase != Phase::Late {
            let debris = self.shared.state.lock().leave(&self.mark);
            debris.clear_away();
        }
    }
}

impl Default for SharedBody {
    /// An empty body.
    fn default() -> Self {
        let shared = Shared::new(None, SizeHint::with_exact(0), DEFAULT_MAX_LAG);
        let mark = shared.state.lock().enter();
        Self::reader(shared, mark)
    }
}

impl Body for SharedBody {
    type Data = Bytes;
    type Error = SharedBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SharedBodyError>>> {
        let piece = self.poll_piece(cx);
        let is_follower = self.is_follower;
        piece.map(|piece| piece.map(|piece| piece.map(|piece| piece.into_frame(is_follower))))
    }

    fn is_end_stream(&self) -> bool {
        self.shared.state.lock().is_end(&self.mark)
    }

    fn size_hint(&self) -> SizeHint {
        self.shared.state.lock().hint(&self.mark)
    }
}

impl fmt::Debug for SharedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBody")
            .field("read", &self.mark.read)
            .field("phase", &self.mark.phase)
            .finish_non_exhaustive()
    }
}
