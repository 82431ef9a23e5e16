//! Reads the one message of a request: [`Collect`].

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};

use super::{
    replay::{ReplayBody, RequestBody},
    timeout::Timer,
};

/// How much of a request is read, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// In bytes, with the five that stand before it.
    pub(super) max_message: usize,
    pub(super) time: Duration,
}

/// Reads a body for as long as it looks like one message and no more.
#[derive(Debug)]
pub(super) struct Collect<B> {
    body: B,
    is_sized: bool,
    read: Read,
    max_message: usize,
    frames_left: u32,
    timer: Timer,
}

/// With so many frames it is taken for something else, however empty they are. A
/// body that is never at a loss for one would keep its thread otherwise.
const MAX_FRAMES: u32 = 1024;

/// What a request turned out to be.
#[derive(Debug)]
pub(super) enum Collected<B: Body> {
    /// One message, with what stands before it.
    Message { data: Bytes, is_sized: bool },
    /// Something else, or it was too large or too slow: the body again, whole.
    Other(ReplayBody<B>),
}

impl<B: RequestBody> Collect<B> {
    pub(super) fn new(body: B, limits: Limits) -> Self {
        Self {
            is_sized: body.size_hint().exact().is_some(),
            body,
            read: Read::default(),
            max_message: limits.max_message,
            frames_left: MAX_FRAMES,
            timer: Timer::after(Some(limits.time)),
        }
    }

    /// Reads on, and returns what came after the data if that was the reason to
    /// stop. [`finish`](Self::finish) is to follow.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Stop<B::Error>> {
        loop {
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => {
                    ready!(self.timer.poll(cx));
                    return Poll::Ready(Stop::Early(None));
                }
                Poll::Ready(None) => return Poll::Ready(Stop::End),
                Poll::Ready(Some(frame)) => frame,
            };
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => self.read.push(data),
                Ok(Err(trailers)) => return Poll::Ready(Stop::Early(Some(Ok(trailers)))),
                Err(error) => return Poll::Ready(Stop::Early(Some(Err(error)))),
            }
            self.frames_left -= 1;
            if self.frames_left == 0 || self.read.is_over(self.max_message) {
                return Poll::Ready(Stop::Early(None));
            }
        }
    }

    pub(super) fn finish(self, stop: Stop<B::Error>) -> Collected<B> {
        let Self { body, is_sized, .. } = self;
        let is_one_message = self.read.is_one_message();
        let data = self.read.into_bytes();
        match stop {
            Stop::End if is_one_message => Collected::Message { data, is_sized },
            Stop::End => Collected::Other(ReplayBody::whole(data, is_sized)),
            Stop::Early(last) => Collected::Other(ReplayBody::partial(data, last, body, is_sized)),
        }
    }
}

/// Why no more is read.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// The body is over.
    End,
    /// It is not one message, or one that is larger or slower than it may be.
    /// Here is what has told, if it was not data: trailers, or an error.
    Early(Option<Result<Frame<Bytes>, E>>),
}

/// What was read.
#[derive(Debug, Default)]
struct Read {
    /// Usually all there is, and then it is not copied.
    first: Bytes,
    /// If there is more: all of it.
    joined: BytesMut,
}

impl Read {
    fn push(&mut self, data: Bytes) {
        if self.as_slice().is_empty() {
            self.first = data;
            return;
        }
        if data.is_empty() {
            return; // as the last frame often is
        }
        if self.joined.is_empty() {
            self.joined = BytesMut::from(mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(&data);
    }

    fn as_slice(&self) -> &[u8] {
        match self.joined.is_empty() {
            true => &self.first,
            false => &self.joined,
        }
    }

    fn into_bytes(self) -> Bytes {
        match self.joined.is_empty() {
            true => self.first,
            false => self.joined.freeze(),
        }
    }

    /// The length of the first message, with the five bytes that stand before
    /// it: whether it is compressed, and its own length (gRPC over HTTP/2,
    /// "Length-Prefixed-Message").
    fn message_len(&self) -> Option<u64> {
        let (prefix, _) = self.as_slice().split_first_chunk::<5>()?;
        let [_compressed, length @ ..] = prefix;
        Some(5 + u64::from(u32::from_be_bytes(*length)))
    }

    fn is_one_message(&self) -> bool {
        self.message_len() == Some(self.as_slice().len() as u64)
    }

    /// Is it, or will it be, more than one message, or a larger one than `max`?
    fn is_over(&self, max: usize) -> bool {
        let len = self.as_slice().len();
        let message_len = self.message_len();
        len > max || message_len.is_some_and(|message| message > max as u64 || message < len as u64)
    }
}
