//! The service inside the HTTP pool: its bodies come in pieces, and may break off.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use tokio::task::yield_now;
use tower::Service;
use tower_pool::Verdict;

use super::{
    census::Alive,
    inner::Outside,
    nap::Nap,
    plan::{Dice, Ending, Judgement},
    record::{Progress, Record},
    web::NoBody,
};

/// What the body of one response is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub(crate) frames: u32,
    /// Bytes in each of them.
    pub(crate) size: u32,
    gap: Option<Duration>,
    /// Does it break off where its end would be?
    pub(crate) breaks: bool,
}

impl Stream {
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        Self {
            frames: dice.up_to(24),
            size: HEADER + dice.up_to(4000),
            gap: dice.per_mille(500).then(|| dice.micros(2_000)),
            breaks: dice.per_mille(100),
        }
    }

    pub(crate) fn bytes(self) -> u64 {
        u64::from(self.frames) * u64::from(self.size)
    }
}

/// What each frame begins with: whose it is, and which.
const HEADER: u32 = 12;

/// The frame of this index of the body that this call was answered with.
pub(crate) fn frame(of: &Record, stream: Stream, index: u32) -> Bytes {
    let mut frame = BytesMut::with_capacity(stream.size as usize);
    frame.put_u64(of.number);
    frame.put_u32(index);
    frame.resize(stream.size as usize, index as u8);
    frame.freeze()
}

#[derive(Clone)]
pub(crate) struct Origin(Arc<Outside>);

impl Origin {
    pub(crate) fn new(world: &Arc<Outside>) -> Self {
        Self(Arc::clone(world))
    }
}

impl Service<Request<NoBody>> for Origin {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<NoBody>) -> Self::Future {
        let extensions = request.extensions();
        let of: Arc<Record> = extensions.get().cloned().expect("it says whose it is");
        let stream: Stream = *extensions.get().expect("and what is to follow");
        if of.sheet().called.is_some() {
            of.complain("called twice");
        }
        of.progress(Progress::Called);
        let key = request.uri().path()[1..].parse::<u32>().ok();
        let (world, alive) = (Arc::clone(&self.0), self.0.census.calls.one());
        Box::pin(async move {
            let _alive = alive;
            for _ in 0..of.work.yields {
                yield_now().await;
            }
            if let Some(time) = of.work.nap {
                Nap::new(&world.home, time).await;
            }
            if let Some(time) = of.work.dawdles {
                thread::sleep(time);
            }
            of.progress(Progress::Completed);
            Ok(head(&of, key, Body::new(&of, stream, &world)))
        })
    }
}

/// The head has the policy for HTTP come to the verdict that was asked for.
fn head(of: &Arc<Record>, key: Option<u32>, body: Body) -> Response<Body> {
    let response = match (of.work.judgement, of.work.ending) {
        (Judgement::Says(Verdict::Retry), _) => Response::builder().status(StatusCode::BAD_REQUEST),
        (Judgement::Says(Verdict::Solo), _) => {
            Response::builder().header("cache-control", "private")
        }
        (_, Ending::Answers) => Response::builder(),
        _ => Response::builder().status(StatusCode::BAD_GATEWAY),
    };
    let response = match key {
        Some(key) => response.header("x-key", key),
        None => response,
    };
    response
        .extension(Arc::clone(of))
        .extension(body.stream)
        .body(body)
        .expect("its parts are in order")
}

/// A body that comes frame by frame, from a runtime that lasts.
pub(crate) struct Body {
    of: Arc<Record>,
    stream: Stream,
    next: u32,
    nap: Option<Nap>,
    world: Arc<Outside>,
    over: bool,
    _alive: Alive,
}

/// How a body breaks off: with the number of its call.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) u64);

impl Body {
    fn new(of: &Arc<Record>, stream: Stream, world: &Arc<Outside>) -> Self {
        Self {
            of: Arc::clone(of),
            stream,
            next: 0,
            nap: stream.gap.map(|gap| Nap::new(&world.home, gap)),
            world: Arc::clone(world),
            over: false,
            _alive: world.census.bodies.one(),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        if this.over {
            this.of.complain("its body was polled after its end");
        }
        if let Some(nap) = &mut this.nap {
            ready!(Pin::new(nap).poll(cx));
            this.nap = None;
        }
        if this.next == this.stream.frames {
            this.over = true;
            let broken = this.stream.breaks.then(|| Broken(this.of.number));
            return Poll::Ready(broken.map(Err));
        }
        this.nap = this.stream.gap.map(|gap| Nap::new(&this.world.home, gap));
        let frame = frame(&this.of, this.stream, this.next);
        this.next += 1;
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body of call {} breaks off", self.0)
    }
}

impl std::error::Error for Broken {}
