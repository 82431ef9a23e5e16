//! Polls a reader, and compares what it gets with what is due to it.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tower_pool::http::SharedBodyError;

use super::{
    Play,
    stage::{End, Fate, Sent, Stage},
    upstream::{Broken, Oops},
};

type Got = Poll<Option<Result<Frame<Bytes>, SharedBodyError>>>;

impl Play {
    /// Returns whether it got something.
    pub(super) fn poll(&self, at: usize, hand: usize) -> bool {
        let mut stage = self.stage();
        let polls = stage.polls;
        let reader = &mut stage.readers[at];
        reader.waits = None;
        let mut body = reader.body.take().expect("it was picked");
        let bell = Arc::clone(&reader.bells[hand]);
        // Readers that leave meanwhile make others move up.
        let itself = Arc::clone(&bell);
        drop(stage);

        let waker = Waker::from(bell);
        let mut cx = Context::from_waker(&waker);
        let got = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut body).poll_frame(&mut cx)));
        drop(waker);

        let mut stage = self.stage();
        let stage = &mut *stage;
        let is_it = |bells: &[Arc<_>; 2]| Arc::ptr_eq(&bells[hand], &itself);
        let at = stage.readers.iter().position(|reader| is_it(&reader.bells));
        let at = at.expect("it cannot leave while it is polled");
        drop(itself);
        stage.readers[at].body = Some(body);
        let drove = stage.polls > polls;
        let pending = matches!(got, Ok(Poll::Pending));
        if pending {
            stage.readers[at].waits = Some(hand);
        }
        if drove && (!pending || !stage.armed) {
            stage.all_are_woken();
        }
        match got {
            Ok(got) => stage.compare(at, drove, got),
            Err(payload) if payload.is::<Oops>() => {
                assert!(drove && stage.end == Some(End::Panic), "whose panic is it?");
                true
            }
            Err(payload) => resume_unwind(payload),
        }
    }
}

impl Stage {
    /// Is it what this reader should get? It may have polled the upstream.
    fn compare(&mut self, at: usize, drove: bool, got: Got) -> bool {
        let reader = &mut self.readers[at];
        let Poll::Ready(got) = got else {
            assert_eq!(reader.fate, Fate::Reading, "it waits for nothing");
            assert_eq!(reader.next, self.frames.len(), "a frame is there");
            assert_eq!(self.end, None, "the end is there");
            // The upstream is with another reader, or has yet to wake.
            assert!(drove || self.polling || self.armed, "it waits for ever");
            return false;
        };
        let was = reader.fate;
        match was {
            Fate::ToldLost | Fate::Over => assert!(got.is_none(), "{got:?} after the end"),
            Fate::Lost => {
                let error = got
                    .expect("not a silent end")
                    .expect_err("a frame is missing");
                assert!(error.is_lagged() && error.source().is_none());
                reader.fate = Fate::ToldLost;
            }
            Fate::Reading => match (self.frames.get(reader.next), self.end) {
                (Some(sent), _) => {
                    let frame = got.expect("a frame is there").expect("a frame is there");
                    assert_eq!(Sent::from(frame), *sent);
                    reader.next += 1;
                }
                (None, Some(end)) => {
                    end.compare(got);
                    reader.fate = Fate::Over;
                }
                (None, None) => panic!("{got:?} came from nowhere"),
            },
        }
        true
    }
}

impl End {
    fn compare(self, got: Option<Result<Frame<Bytes>, SharedBodyError>>) {
        if self == Self::Clean {
            assert!(got.is_none(), "{got:?} at the end");
            return;
        }
        let error = got.expect("not a silent end").expect_err("it is over");
        assert!(!error.is_lagged());
        let broken = match self {
            Self::Error(n) => Some(Broken(n)),
            Self::Panic | Self::Clean => None,
        };
        assert_eq!(error.downcast_ref(), broken.as_ref());
        let source = error.source().and_then(|source| source.downcast_ref());
        assert_eq!(source, broken.as_ref());
    }
}

impl From<Frame<Bytes>> for Sent {
    fn from(frame: Frame<Bytes>) -> Self {
        match frame.into_data() {
            Ok(data) => Self::Data(data.as_ptr() as usize, data.len() as u64),
            Err(frame) => Self::Trailers(frame.into_trailers().expect("there is no third kind")),
        }
    }
}
