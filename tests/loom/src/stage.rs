//! The bodies that the models share, and what their readers see of them.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use loom::thread::JoinHandle;

use crate::{
    body::{SharedBody, WeakBody},
    call::Gate,
    park::{block_on, poll_once},
};

/// Where one body is shared, and what is left of it. Clones are the same stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stage(Arc<Props>);

#[derive(Debug, Default)]
struct Props {
    polls: AtomicUsize,
    bodies: AtomicUsize,
    holds: AtomicUsize,
    frames: AtomicUsize,
}

/// What a body does next. After the last it is at its end.
pub(crate) enum Act {
    /// Gives a frame of one byte.
    Frame,
    /// Waits once, for as long as it takes to be polled again.
    Yield,
    /// Waits for a gate.
    Gate(Arc<Gate>),
    Fail,
    Panic,
}

/// How many frames a reader has got, and why no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Read {
    /// That was all.
    All(u8),
    /// The body failed.
    Failed(u8),
    /// The body panicked when this reader polled it.
    Unwound(u8),
    /// It did when another reader polled it.
    Panicked(u8),
    /// The reader was cut off, or came too late.
    Lagged(u8),
}

impl Stage {
    /// Shares a body that does this.
    pub(crate) fn share<const N: usize>(&self, acts: [Act; N]) -> SharedBody {
        SharedBody::new(self.script(acts))
    }

    /// The same, and no reader may be so many frames behind the fastest.
    pub(crate) fn share_within<const N: usize>(&self, max_lag: u64, acts: [Act; N]) -> SharedBody {
        SharedBody::with_max_lag(self.script(acts), max_lag)
    }

    /// The same, and the start is held until more than so many frames have come.
    pub(crate) fn share_and_hold<const N: usize>(
        &self,
        frames: u64,
        acts: [Act; N],
    ) -> (SharedBody, WeakBody) {
        let body = self.share(acts);
        body.hold(frames, Box::new(Prop::new(self, |props| &props.holds)));
        let weak = body.downgrade();
        (body, weak)
    }

    fn script<const N: usize>(&self, acts: [Act; N]) -> Script {
        Script {
            body: Prop::new(self, |props| &props.bodies),
            acts: acts.into(),
            frames: 0,
        }
    }

    /// How often the body was polled.
    pub(crate) fn polls(&self) -> usize {
        self.0.polls.load(SeqCst)
    }

    /// Reads to the end, in a thread.
    pub(crate) fn spawn_reader(&self, body: SharedBody) -> JoinHandle<Read> {
        let stage = self.clone();
        loom::thread::spawn(move || stage.read(body))
    }

    /// Reads to the end.
    pub(crate) fn read(&self, mut body: SharedBody) -> Read {
        self.read_and_hold(&mut body)
    }

    /// The same. Frames come in order, and when a reader is told of the end the
    /// body is gone, and so is the hold.
    pub(crate) fn read_and_hold(&self, body: &mut SharedBody) -> Read {
        let mut frames = 0;
        loop {
            let next = || block_on(|cx| Pin::new(&mut *body).poll_frame(cx));
            match catch_unwind(AssertUnwindSafe(next)) {
                Ok(Some(Ok(frame))) => {
                    let data = frame.into_data().expect("there are no trailers");
                    assert_eq!(*data, [frames], "a frame is left out, or comes twice");
                    frames += 1;
                }
                Ok(Some(Err(error))) if error.is_lagged() => return Read::Lagged(frames),
                end => {
                    self.assert_over();
                    return match end {
                        Ok(None) => Read::All(frames),
                        Ok(Some(Err(error))) if error.downcast_ref::<io::Error>().is_some() => {
                            Read::Failed(frames)
                        }
                        Ok(_) => Read::Panicked(frames),
                        Err(_) => Read::Unwound(frames),
                    };
                }
            }
        }
    }

    fn assert_over(&self) {
        assert_eq!(self.0.bodies.load(SeqCst), 0, "the body is still there");
        assert_eq!(self.0.holds.load(SeqCst), 0, "the start is still held");
    }

    /// When nobody has anything left to read.
    pub(crate) fn assert_empty(&self) {
        assert_eq!(self.0.frames.load(SeqCst), 0, "a frame is left");
    }

    /// When all readers have gone: nothing is left of anything.
    pub(crate) fn end(self) {
        self.assert_over();
        self.assert_empty();
    }
}

/// Polls for a reader that does not mean to read on for now.
pub(crate) fn poll_and_hold(body: &mut SharedBody) {
    let poll = poll_once(|cx| Pin::new(body).poll_frame(cx));
    assert!(poll.is_pending());
}

/// Polls for a reader that is given a frame at once.
pub(crate) fn poll_a_frame(body: &mut SharedBody) {
    let poll = poll_once(|cx| Pin::new(body).poll_frame(cx));
    assert!(matches!(poll, Poll::Ready(Some(Ok(_)))));
}

/// Is counted for as long as it is there.
struct Prop {
    stage: Stage,
    count: fn(&Props) -> &AtomicUsize,
}

impl Prop {
    fn new(stage: &Stage, count: fn(&Props) -> &AtomicUsize) -> Self {
        count(&stage.0).fetch_add(1, SeqCst);
        Self {
            stage: stage.clone(),
            count,
        }
    }
}

impl Drop for Prop {
    fn drop(&mut self) {
        (self.count)(&self.stage.0).fetch_sub(1, SeqCst);
    }
}

/// The data of one frame: its number.
struct Number([u8; 1], #[expect(dead_code, reason = "counts it")] Prop);

impl AsRef<[u8]> for Number {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A body that does as it is told.
struct Script {
    body: Prop,
    acts: VecDeque<Act>,
    frames: u8,
}

impl Script {
    fn frame(&mut self) -> Frame<Bytes> {
        let number = Number(
            [self.frames],
            Prop::new(&self.body.stage, |props| &props.frames),
        );
        self.frames += 1;
        Frame::data(Bytes::from_owner(number))
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.body.stage.0.polls.fetch_add(1, SeqCst);
        loop {
            match self.acts.front() {
                Some(Act::Gate(gate)) if !gate.is_open_for(cx.waker()) => return Poll::Pending,
                _ => {}
            }
            match self.acts.pop_front() {
                Some(Act::Gate(_)) => {}
                Some(Act::Frame) => return Poll::Ready(Some(Ok(self.frame()))),
                Some(Act::Yield) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Act::Fail) => {
                    let error = io::ErrorKind::ConnectionReset.into();
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Act::Panic) => resume_unwind(Box::new("the body panics")),
                None => return Poll::Ready(None),
            }
        }
    }
}
