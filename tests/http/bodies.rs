//! Bodies that a test scripts, and readers that it polls by hand.

use std::{
    collections::VecDeque,
    panic::panic_any,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use tokio_test::task::{self, Spawn};
use tower::BoxError;
use tower_pool::http::{SharedBody, SharedBodyError};

/// Writes a [`Scripted`] body, and sees what becomes of it.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    events: VecDeque<Event>,
    waker: Option<Waker>,
    /// The bytes still to come, if they are known.
    length: Option<u64>,
    tells_end: bool,
    over: bool,
    polls: usize,
    dropped: bool,
    panics_in_drop: bool,
}

enum Event {
    Frame(Frame<Bytes>),
    Error(BoxError),
    Panic(&'static str),
    End,
    /// In the poll, and then pending.
    Run(Box<dyn FnOnce(&Waker) + Send>),
}

impl Script {
    /// A script, and its body of unknown length.
    pub(crate) fn new() -> (Self, Scripted) {
        let script = Self::default();
        (script.clone(), Scripted(script))
    }

    /// A body that says how long it is.
    pub(crate) fn of_length(bytes: u64) -> (Self, Scripted) {
        let (script, body) = Self::new();
        script.inner().length = Some(bytes);
        (script, body)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// From here on `is_end_stream` is true where `end` comes next.
    pub(crate) fn tell_end(&self) -> &Self {
        self.inner().tells_end = true;
        self
    }

    pub(crate) fn set_length(&self, bytes: u64) {
        self.inner().length = Some(bytes);
    }

    pub(crate) fn panic_in_drop(&self) {
        self.inner().panics_in_drop = true;
    }

    fn add(&self, event: Event) -> &Self {
        let waker = {
            let mut inner = self.inner();
            inner.events.push_back(event);
            inner.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        self
    }

    pub(crate) fn data(&self, data: impl Into<Bytes>) -> &Self {
        self.add(Event::Frame(Frame::data(data.into())))
    }

    /// Data that is there without a wake.
    pub(crate) fn data_unheard(&self, data: impl Into<Bytes>) -> &Self {
        let frame = Frame::data(data.into());
        self.inner().events.push_back(Event::Frame(frame));
        self
    }

    pub(crate) fn trailers(&self, trailers: HeaderMap) -> &Self {
        self.add(Event::Frame(Frame::trailers(trailers)))
    }

    pub(crate) fn error(&self, error: impl Into<BoxError>) -> &Self {
        self.add(Event::Error(error.into()))
    }

    pub(crate) fn panic(&self, message: &'static str) -> &Self {
        self.add(Event::Panic(message))
    }

    pub(crate) fn end(&self) -> &Self {
        self.add(Event::End)
    }

    /// Runs `code` in a poll that is then pending. Does not wake.
    pub(crate) fn run(&self, code: impl FnOnce(&Waker) + Send + 'static) -> &Self {
        let run = Event::Run(Box::new(code));
        self.inner().events.push_back(run);
        self
    }

    /// Wakes whoever polled last, with nothing to give.
    pub(crate) fn wake(&self) {
        let waker = self.inner().waker.take();
        waker.expect("nobody waits").wake();
    }

    pub(crate) fn has_waker(&self) -> bool {
        self.inner().waker.is_some()
    }

    /// The waker of the last poll, kept beyond the body.
    pub(crate) fn waker(&self) -> Waker {
        self.inner().waker.clone().expect("nobody waits")
    }

    pub(crate) fn polls(&self) -> usize {
        self.inner().polls
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.inner().dropped
    }
}

/// A body as its [`Script`] says. It panics when it is polled after its end.
pub(crate) struct Scripted(Script);

impl Body for Scripted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let event = {
            let mut inner = self.0.inner();
            inner.polls += 1;
            assert!(!inner.over, "polled after its end");
            let event = inner.events.pop_front();
            match &event {
                None | Some(Event::Run(_)) => inner.waker = Some(cx.waker().clone()),
                Some(Event::Frame(frame)) => {
                    let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                    inner.length = inner.length.map(|left| left - length);
                }
                Some(_) => inner.over = true,
            }
            event
        };
        Poll::Ready(match event {
            None => return Poll::Pending,
            Some(Event::Run(code)) => {
                code(cx.waker());
                return Poll::Pending;
            }
            Some(Event::Frame(frame)) => Some(Ok(frame)),
            Some(Event::Error(error)) => Some(Err(error)),
            Some(Event::Panic(message)) => panic_any(message),
            Some(Event::End) => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        let inner = self.0.inner();
        inner.tells_end && matches!(inner.events.front(), Some(Event::End))
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.0.inner().length;
        length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        let panics = {
            let mut inner = self.0.inner();
            inner.dropped = true;
            inner.panics_in_drop
        };
        assert!(!panics, "panicked in drop");
    }
}

/// One header, as trailers.
pub(crate) fn trailers(name: &'static str, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        http::HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )])
}

/// A reader that a test polls by hand.
pub(crate) struct Reader(Spawn<SharedBody>);

impl Reader {
    pub(crate) fn new(body: SharedBody) -> Self {
        Self(task::spawn(body))
    }

    pub(crate) fn poll(&mut self) -> Poll<Option<Result<Frame<Bytes>, SharedBodyError>>> {
        self.0.enter(|cx, body| body.poll_frame(cx))
    }

    #[track_caller]
    pub(crate) fn ready(&mut self) -> Option<Result<Frame<Bytes>, SharedBodyError>> {
        match self.poll() {
            Poll::Ready(ready) => ready,
            Poll::Pending => panic!("pending"),
        }
    }

    #[track_caller]
    pub(crate) fn assert_pending(&mut self) {
        let polled = self.poll();
        assert!(polled.is_pending(), "{polled:?}");
    }

    #[track_caller]
    pub(crate) fn data(&mut self) -> Bytes {
        let frame = self.ready().expect("an end").expect("an error");
        frame.into_data().expect("trailers")
    }

    #[track_caller]
    pub(crate) fn trailers(&mut self) -> HeaderMap {
        let frame = self.ready().expect("an end").expect("an error");
        frame.into_trailers().expect("data")
    }

    #[track_caller]
    pub(crate) fn error(&mut self) -> SharedBodyError {
        self.ready().expect("an end").expect_err("a frame")
    }

    /// The end, and for ever.
    #[track_caller]
    pub(crate) fn assert_end(&mut self) {
        for _ in 0..3 {
            let ready = self.ready();
            assert!(ready.is_none(), "{ready:?}");
            assert!(self.0.is_end_stream());
        }
    }

    /// All that is left of a body that has arrived.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> (Vec<u8>, Option<HeaderMap>) {
        let (mut bytes, mut trailers) = (Vec::new(), None);
        while let Some(frame) = self.ready() {
            match frame.expect("an error").into_data() {
                Ok(data) => bytes.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        (bytes, trailers)
    }

    /// Was it woken since it was last polled?
    pub(crate) fn is_woken(&self) -> bool {
        self.0.is_woken()
    }

    /// Is its waker kept somewhere?
    pub(crate) fn is_registered(&self) -> bool {
        self.0.waker_ref_count() > 1
    }

    pub(crate) fn body(&self) -> &SharedBody {
        &self.0
    }

    pub(crate) fn hint(&self) -> (u64, Option<u64>, bool) {
        let hint = self.0.size_hint();
        (hint.lower(), hint.upper(), self.0.is_end_stream())
    }
}

impl Clone for Reader {
    /// A reader of a clone of the body.
    fn clone(&self) -> Self {
        Self::new(self.body().clone())
    }
}

/// Random numbers that are the same in each run (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}
