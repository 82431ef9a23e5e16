//! The body that is shared: it gives what the stage has for it.

use std::{
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};

use super::{
    Play,
    input::{Event, Says},
    stage::{End, Sent},
};

pub(super) struct Upstream(Play);

/// An error of the upstream.
#[derive(Debug, PartialEq)]
pub(super) struct Broken(pub(super) u8);

/// The payload of a panic in the upstream.
pub(super) struct Oops;

impl Upstream {
    pub(super) fn new(play: Play) -> Self {
        Self(play)
    }
}

impl Body for Upstream {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        self.0.stage().upstream_is_polled(cx.waker());
        loop {
            let event = self.0.stage().events.pop_front();
            match event {
                Some(Event::Inside(steps)) => {
                    for step in steps {
                        self.0.step(step);
                        self.0.look();
                    }
                }
                None => {
                    self.0.stage().upstream_waits();
                    return Poll::Pending;
                }
                Some(event) => return Poll::Ready(self.give(event)),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let mut stage = self.0.stage();
        let over = stage.tells_end && matches!(stage.events.front(), Some(Event::End));
        if over {
            // Who was told so has no reason to poll again.
            stage.end = Some(End::Clean);
            if !stage.frames.is_empty() {
                stage.said = (0, Some(0));
            }
        }
        over
    }

    /// As what is told last counts, the stage takes it down.
    fn size_hint(&self) -> SizeHint {
        let mut stage = self.0.stage();
        let left = |total: u8| u64::from(total).saturating_sub(stage.bytes_from(0));
        let mut hint = SizeHint::new();
        match stage.says {
            Says::Nothing => {}
            Says::Exactly(total) => hint.set_exact(left(total)),
            Says::AtLeast(total) => hint.set_lower(left(total)),
            Says::Between(total, more) => {
                hint.set_lower(left(total));
                hint.set_upper(left(total) + u64::from(more));
            }
            Says::Changing(total) => hint.set_exact(u64::from(total) + stage.polls),
            Says::Endless(less) => {
                hint.set_lower(u64::MAX - u64::from(less));
                hint.set_upper(u64::MAX);
            }
        }
        stage.said = (hint.lower(), hint.upper());
        hint
    }
}

impl Upstream {
    fn give(&self, event: Event) -> Option<Result<Frame<Bytes>, Broken>> {
        let mut stage = self.0.stage();
        (stage.polling, stage.armed) = (false, false);
        match event {
            Event::Data(len) => {
                let data = stage.kept.frame(len);
                stage.send(Sent::Data(data.as_ptr() as usize, data.len() as u64));
                Some(Ok(Frame::data(data)))
            }
            Event::Trailers(n) => {
                let trailers = trailers(n);
                stage.send(Sent::Trailers(trailers.clone()));
                Some(Ok(Frame::trailers(trailers)))
            }
            Event::Error(n) => {
                stage.end = Some(End::Error(n));
                Some(Err(Broken(n)))
            }
            Event::Panic => {
                stage.end = Some(End::Panic);
                drop(stage);
                resume_unwind(Box::new(Oops))
            }
            Event::End => {
                stage.end = Some(End::Clean);
                stage.said = (0, Some(0));
                None
            }
            Event::Inside(_) => unreachable!("it is done before"),
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let mut stage = self.0.stage();
        stage.dropped = true;
    }
}

/// Some of them with a field twice, or with none.
fn trailers(n: u8) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for _ in 0..n % 3 {
        trailers.append("grpc-status", HeaderValue::from(u16::from(n)));
    }
    trailers
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "broken {}", self.0)
    }
}

impl std::error::Error for Broken {}
