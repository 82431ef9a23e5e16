//! A scripted inner service. The test gets each call that reaches it, and
//! answers, fails or panics it when it likes.

use std::{
    any::Any,
    future::poll_fn,
    panic::resume_unwind,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio_test::{assert_pending, task::Spawn};
use tower::{Layer, Service};
use tower_pool::{Pool, PoolLayer, ShareAll};

pub const BOILER: &str = "We have a problem in the boiler room!";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub &'static str);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Failure {}

pub type Outcome = Result<String, Failure>;
pub type Payload = Box<dyn Any + Send>;

type Key = fn(&&'static str) -> Option<&'static str>;
pub type Layered = PoolLayer<&'static str, Key>;
pub type Pooled<P = ShareAll> = Pool<Scripted, &'static str, Key, P>;

/// A layer whose key is the whole request, but that a leading `!` means none.
pub fn layer() -> Layered {
    let key: Key = |request| (!request.starts_with('!')).then_some(*request);
    PoolLayer::new(key)
}

pub fn pool() -> (Pooled, Script) {
    pool_of(layer())
}

pub fn pool_of<L: Layer<Scripted>>(layer: L) -> (L::Service, Script) {
    let (inner, script) = scripted();
    (layer.layer(inner), script)
}

pub fn scripted() -> (Scripted, Script) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let inner = Scripted {
        calls: sender,
        count: Arc::clone(&calls),
        ready: false,
    };
    (
        inner,
        Script {
            calls: receiver,
            count: calls,
        },
    )
}

/// The strictest of services: a call without readiness is a failed test, and
/// readiness is not cloned.
pub struct Scripted {
    calls: mpsc::UnboundedSender<Call>,
    count: Arc<AtomicUsize>,
    ready: bool,
}

impl Clone for Scripted {
    fn clone(&self) -> Self {
        Self {
            calls: self.calls.clone(),
            count: Arc::clone(&self.count),
            ready: false,
        }
    }
}

impl Service<&'static str> for Scripted {
    type Response = String;
    type Error = Failure;
    type Future = BoxFuture<'static, Outcome>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: &'static str) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without poll_ready");
        self.count.fetch_add(1, SeqCst);
        let (ending, ended) = oneshot::channel();
        let (polled, polls) = mpsc::unbounded_channel();
        self.calls
            .send(Call {
                request,
                ending,
                polls,
            })
            .ok();
        Box::pin(async move {
            let mut ended = std::pin::pin!(ended);
            let ending: Result<Ending, _> = poll_fn(|cx| {
                polled.send(()).ok();
                ended.as_mut().poll(cx)
            })
            .await;
            match ending {
                Ok(Ending::Outcome(outcome)) => outcome,
                Ok(Ending::Panic(payload)) => resume_unwind(payload),
                Err(_) => std::future::pending().await, // the test has forgotten it
            }
        })
    }
}

enum Ending {
    Outcome(Outcome),
    Panic(Payload),
}

/// What has reached the inner service.
pub struct Script {
    calls: mpsc::UnboundedReceiver<Call>,
    count: Arc<AtomicUsize>,
}

impl Script {
    /// Waits for the next call.
    pub async fn call(&mut self) -> Call {
        self.calls
            .recv()
            .await
            .expect("the inner service is still there")
    }

    /// Takes the next call, which must have come.
    pub fn called(&mut self) -> Call {
        self.calls.try_recv().expect("the inner service was called")
    }

    /// How many calls there were so far.
    pub fn count(&self) -> usize {
        self.count.load(SeqCst)
    }
}

/// One call of the inner service.
pub struct Call {
    pub request: &'static str,
    ending: oneshot::Sender<Ending>,
    polls: mpsc::UnboundedReceiver<()>,
}

impl Call {
    pub fn answer(self, answer: &str) {
        self.end(Ending::Outcome(Ok(answer.to_owned())));
    }

    pub fn fail(self, failure: &'static str) {
        self.end(Ending::Outcome(Err(Failure(failure))));
    }

    /// Has the inner future panic, without a report on the test's output.
    pub fn panic<T: Any + Send>(self, payload: T) {
        self.end(Ending::Panic(Box::new(payload)));
    }

    fn end(self, ending: Ending) {
        assert!(
            self.ending.send(ending).is_ok(),
            "the inner future was dropped"
        );
    }

    /// Has the inner future been dropped?
    pub fn is_dropped(&self) -> bool {
        self.ending.is_closed()
    }

    /// Waits for the inner future to be polled once more.
    pub async fn polled(&mut self) {
        self.polls
            .recv()
            .await
            .expect("the inner future is still there");
    }

    /// How often was it polled since it was last asked?
    pub fn polls(&mut self) -> usize {
        std::iter::from_fn(|| self.polls.try_recv().ok()).count()
    }
}

/// A future that panics, as what its panic carries.
pub async fn caught<F: Future>(future: F) -> Payload {
    let mut future = Box::pin(future);
    poll_fn(move |cx| {
        let mut poll = |future: &mut Pin<Box<F>>| future.as_mut().poll(cx).map(drop);
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&mut future))) {
            Err(payload) => Poll::Ready(payload),
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => panic!("it was to panic, and did not"),
        }
    })
    .await
}

/// The message of a panic.
pub fn message(payload: &Payload) -> &str {
    match payload.downcast_ref::<&str>() {
        Some(message) => message,
        None => payload
            .downcast_ref::<String>()
            .map_or("not a message", String::as_str),
    }
}

/// A future in a mock task, to be polled by hand or held.
pub use tokio_test::task::spawn as held;

/// So many callers, the leader first, each polled once.
pub fn waiting<F, const N: usize>(call: impl Fn() -> F) -> [Spawn<F>; N]
where
    F: Future<Output: std::fmt::Debug>,
{
    let mut callers = std::array::from_fn(|_| held(call()));
    for caller in &mut callers {
        assert_pending!(caller.poll());
    }
    callers
}

#[track_caller]
pub fn assert_empty<S, Req, X, P, H>(pool: &Pool<S, Req, X, P, H>)
where
    S: Service<Req>,
    X: tower_pool::KeyExtractor<Req>,
{
    assert_eq!(pool.in_flight(), 0, "a key is left in the table");
}
