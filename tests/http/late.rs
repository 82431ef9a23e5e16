//! `Join::UntilBody`, one step at a time: what comes between two looks of a
//! newcomer, what is forgotten, and whose code runs when a response goes.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service};
use tower_pool::{
    PoolLayer,
    http::{HttpPool, HttpPoolLayer, Join, Role, SharedBody},
};

use crate::{
    bodies::{Reader, Script, Scripted},
    support::{Body, empty, get},
};

/// Answers when it is told to, and does something when it is cloned.
#[derive(Default)]
struct Origin(Arc<Props>);

#[derive(Default)]
struct Props {
    calls: Mutex<Vec<oneshot::Sender<Response<Scripted>>>>,
    when_cloned: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Props {
    /// The only call that is under way.
    fn call(&self) -> oneshot::Sender<Response<Scripted>> {
        let mut calls = self.calls.lock().unwrap();
        assert_eq!(calls.len(), 1);
        calls.remove(0)
    }

    /// Answers it, with a body that is yet to come.
    fn answer(&self) -> Script {
        let (script, body) = Script::new();
        assert!(self.call().send(Response::new(body)).is_ok());
        script
    }
}

impl Clone for Origin {
    fn clone(&self) -> Self {
        let act = self.0.when_cloned.lock().unwrap().take();
        act.into_iter().for_each(|act| act());
        Self(Arc::clone(&self.0))
    }
}

impl Service<Request<Body>> for Origin {
    type Response = Response<Scripted>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Scripted>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let (call, answered) = oneshot::channel();
        self.0.calls.lock().unwrap().push(call);
        Box::pin(async { Ok(answered.await.expect("an answer")) })
    }
}

type Pool = HttpPool<Origin, Body>;

fn layer() -> HttpPoolLayer<Body> {
    PoolLayer::http().join(Join::UntilBody)
}

fn pool(layer: HttpPoolLayer<Body>) -> (Pool, Arc<Props>) {
    let origin = Origin::default();
    let props = Arc::clone(&origin.0);
    (layer.layer(origin), props)
}

/// Asks, and is answered with a body that is yet to come.
fn arriving(pool: &Pool, origin: &Props, path: &str) -> (Response<SharedBody>, Script) {
    let mut caller = task::spawn(pool.request(empty(get(path))));
    assert_pending!(caller.poll());
    let script = origin.answer();
    let Ok(response) = assert_ready!(caller.poll());
    (response, script)
}

/// Who asks now: the role in what is arriving, or `None` with a call of its own.
fn newcomer(pool: &Pool, path: &str) -> Option<Role> {
    match task::spawn(pool.request(empty(get(path)))).poll() {
        Poll::Ready(Ok(response)) => response.extensions().get().copied(),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_newcomer_joins_a_response_whose_head_comes_while_it_asks() {
    let (pool, origin) = pool(layer());
    let mut first = task::spawn(pool.request(empty(get("/"))));
    assert_pending!(first.poll());
    let came = Arc::new(Mutex::new(None));
    *origin.when_cloned.lock().unwrap() = Some(Box::new({
        let (origin, came) = (Arc::clone(&origin), Arc::clone(&came));
        move || {
            let script = origin.answer();
            let Ok(response) = assert_ready!(first.poll());
            *came.lock().unwrap() = Some((response, script));
        }
    }));
    assert_eq!(newcomer(&pool, "/"), Some(Role::Follower));
    assert!(came.lock().unwrap().is_some());
    assert!(origin.calls.lock().unwrap().is_empty(), "a second call");
    assert_eq!(pool.in_flight(), 1);
}

#[tokio::test]
async fn a_response_stays_forgotten_however_many_keys_are_forgotten_after_it() {
    let (pool, origin) = pool(layer());
    let mut old = task::spawn(pool.request(empty(get("/old"))));
    assert_pending!(old.poll());
    assert!(pool.forget(&empty(get("/old"))));
    for number in 0..5_000 {
        pool.forget(&empty(get(&format!("/{number}"))));
    }
    let _script = origin.answer();
    let Ok(_old) = assert_ready!(old.poll());
    assert_eq!(newcomer(&pool, "/old"), None);
    origin.call();

    let (_fresh, _script) = arriving(&pool, &origin, "/old");
    assert_eq!(newcomer(&pool, "/old"), Some(Role::Follower));
}

#[tokio::test]
async fn a_response_is_joined_though_other_keys_were_forgotten_since_it_was_asked_for() {
    let (pool, origin) = pool(layer());
    let mut first = task::spawn(pool.request(empty(get("/"))));
    assert_pending!(first.poll());
    for number in 0..100 {
        pool.forget(&empty(get(&format!("/{number}"))));
    }
    let _script = origin.answer();
    let Ok(_first) = assert_ready!(first.poll());
    assert_eq!(newcomer(&pool, "/"), Some(Role::Follower));
}

/// Looks at the pool when it is dropped, as code of a user's may.
struct Looks {
    pool: Pool,
    looks: Arc<AtomicUsize>,
}

impl Drop for Looks {
    fn drop(&mut self) {
        self.pool.in_flight(); // would never return under the lock
        self.looks.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn what_goes_with_a_response_is_dropped_with_no_lock_held() {
    let (pool, origin) = pool(layer());
    let looks = Arc::default();
    let mut caller = task::spawn(pool.request(empty(get("/"))));
    assert_pending!(caller.poll());
    let (script, body) = Script::new();
    let mut response = Response::new(body);
    response.extensions_mut().insert(Arc::new(Looks {
        pool: pool.clone(),
        looks: Arc::clone(&looks),
    }));
    assert!(origin.call().send(response).is_ok());
    let Ok(response) = assert_ready!(caller.poll());
    drop(caller);
    let body = response.into_body();
    assert_eq!(looks.load(SeqCst), 0, "newcomers are to have it");
    script.end();
    Reader::new(body).assert_end();
    assert_eq!(looks.load(SeqCst), 1);
}
