//! Callers that are made inside the call that they wait for.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use futures::future::BoxFuture;
use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{BOILER, Failure, held, layer, scripted};

type Ask = Box<dyn Fn(&'static str) -> BoxFuture<'static, Result<String, Failure>> + Send + Sync>;

#[tokio::test]
async fn with_max_callers_of_one_a_call_that_asks_for_its_own_key_does_not_wait_on_itself() {
    let ask: Arc<OnceLock<Ask>> = Arc::default();
    let depth = Arc::new(AtomicUsize::new(0));
    let inner_ask = Arc::clone(&ask);
    let pool = layer()
        .max_callers(1)
        .layer(service_fn(move |place: &'static str| {
            let (ask, depth) = (Arc::clone(&inner_ask), Arc::clone(&depth));
            async move {
                match depth.fetch_add(1, SeqCst) {
                    0 => ask.get().unwrap()(place).await,
                    _ => Ok("from below".to_owned()),
                }
            }
        }));
    let cloned = Mutex::new(pool.clone());
    let asks: Ask = Box::new(move |place| Box::pin(cloned.lock().unwrap().request(place)));
    assert!(ask.set(asks).is_ok());
    let mut caller = held(pool.request(BOILER));
    let polled = caller.poll();
    assert_eq!((pool.stats().joined, pool.stats().solo), (0, 1));
    assert_eq!(assert_ready!(polled).unwrap(), "from below");
}

#[tokio::test]
async fn a_caller_inside_that_goes_in_a_later_poll_does_not_cost_another_its_wake() {
    type Hook = Box<dyn FnMut() + Send>;
    let hook: Arc<Mutex<Option<Hook>>> = Arc::default();
    let (inner, mut script) = scripted();
    let inner = inner.map_future({
        let hook = Arc::clone(&hook);
        move |call| {
            let hook = Arc::clone(&hook);
            let mut call = Box::pin(call);
            std::future::poll_fn(move |cx| {
                let run = hook.lock().unwrap().take();
                if let Some(mut run) = run {
                    run();
                    *hook.lock().unwrap() = Some(run);
                }
                call.as_mut().poll(cx)
            })
        }
    });
    let pool = layer().layer(inner);
    // Others that are polled by chance while the call is: each poll of the call
    // makes one, and drops the one before.
    let made = Arc::new(Mutex::new(Vec::new()));
    *hook.lock().unwrap() = Some(Box::new({
        let (pool, made) = (Mutex::new(pool.clone()), Arc::clone(&made));
        move || {
            let mut made = made.lock().unwrap();
            let mut other = held(pool.lock().unwrap().request(BOILER));
            assert_pending!(other.poll());
            made.push(other);
            if made.len() == 2 {
                drop(made.remove(0));
            }
        }
    }));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll()); // makes the first
    assert!(leader.is_woken());
    assert_pending!(leader.poll()); // makes the second, and drops the first
    *hook.lock().unwrap() = None;

    let mut other = made.lock().unwrap().pop().unwrap();
    assert!(
        other.is_woken(),
        "it is not told that it is outside, and depends on a leader that is held"
    );
    assert_pending!(other.poll());
    script.called().answer("aye");
    assert_eq!(other.await.unwrap(), "aye");
}
