//! Callers that are made inside the call that they wait for.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, ServiceExt, service_fn};

use crate::{
    recursion::Ask,
    support::{BOILER, Failure, assert_empty, held, layer, scripted, waiting},
};

/// A pool whose call makes a caller of its own flight, and gives it away.
macro_rules! generous_pool {
    ($layer:expr, $made:expr) => {{
        let (made, hook) = (
            $made,
            Arc::new(Mutex::new(None::<Box<dyn FnOnce() + Send>>)),
        );
        let (inner, script) = crate::support::scripted();
        let inner = tower::ServiceExt::map_future(inner, {
            let hook = Arc::clone(&hook);
            move |call| {
                let hook = Arc::clone(&hook);
                async move {
                    let give = hook.lock().unwrap().take();
                    if let Some(give) = give {
                        give();
                    }
                    call.await
                }
            }
        });
        let pool = $layer.layer(inner);
        let given = pool.clone();
        *hook.lock().unwrap() = Some(Box::new(move || {
            *made.lock().unwrap() = Some(held(given.request(BOILER)));
        }));
        (pool, script)
    }};
}

#[tokio::test]
async fn a_caller_made_inside_and_polled_outside_counts_from_then_on() {
    let made = Arc::new(Mutex::new(None));
    let (pool, mut script) = generous_pool!(layer(), Arc::clone(&made));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let mut came_out = made.lock().unwrap().take().unwrap();
    assert_pending!(came_out.poll());
    drop(leader);
    assert_eq!(pool.in_flight(), 1);
    script.called().answer("aye");
    assert_eq!(came_out.await.unwrap(), "aye");
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_caller_made_inside_that_comes_out_when_all_is_over_is_counted_as_answered() {
    let made = Arc::new(Mutex::new(None));
    let (pool, mut script) = generous_pool!(layer(), Arc::clone(&made));
    let [leader, follower] = waiting(|| pool.request(BOILER));
    tokio::task::yield_now().await;
    let came_out = made.lock().unwrap().take().unwrap();
    script.called().answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
    assert_eq!(follower.await.unwrap(), "aye");
    assert_eq!(came_out.await.unwrap(), "aye");
    assert_eq!((pool.stats().joined, pool.stats().shared), (2, 2));
}

#[test]
fn a_caller_made_inside_and_polled_outside_can_lead_when_the_runtime_is_lost() {
    let made = Arc::new(Mutex::new(None));
    let (pool, mut script) = generous_pool!(layer(), Arc::clone(&made));
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let (theirs, ours) = (runtime(), runtime());
    let mut leader = held(pool.request(BOILER));
    theirs.block_on(async { assert_pending!(leader.poll()) });
    let mut came_out = made.lock().unwrap().take().unwrap();
    ours.block_on(async { assert_pending!(came_out.poll()) });
    drop((leader, theirs, script.called()));
    ours.block_on(async {
        let answering = async { script.call().await.answer("fresh") };
        assert_eq!(tokio::join!(answering, came_out).1.unwrap(), "fresh");
    });
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn a_caller_that_comes_outside_of_a_full_flight_goes_alone() {
    let made = Arc::new(Mutex::new(None));
    let (pool, mut script) = generous_pool!(layer().max_callers(1), Arc::clone(&made));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let mut came_out = made.lock().unwrap().take().unwrap();
    assert_pending!(came_out.poll());
    let (first, second) = (script.called(), script.called());
    second.answer("its own");
    assert_eq!(came_out.await.unwrap(), "its own");
    first.answer("the leader's");
    assert_eq!(leader.await.unwrap(), "the leader's");
}

#[tokio::test]
async fn a_caller_made_inside_by_chance_does_not_depend_on_a_leader_that_is_then_held() {
    let made = Arc::new(Mutex::new(None));
    let (pool, mut script) = generous_pool!(layer(), Arc::clone(&made));
    let polled_inside = Arc::clone(&made);
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    assert!(leader.is_woken(), "once, to tell who is inside");
    let mut other = polled_inside.lock().unwrap().take().unwrap();
    assert_pending!(other.poll()); // outside: the flight is handed over
    script.called().answer("aye");
    assert_eq!(other.await.unwrap(), "aye");
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_call_that_peeks_at_its_own_key_in_each_poll_is_not_woken_by_that() {
    let polls = Arc::new(AtomicUsize::new(0));
    let ask: Arc<OnceLock<Ask>> = Arc::default();
    let (inner_ask, counted) = (Arc::clone(&ask), Arc::clone(&polls));
    let pool = layer().layer(service_fn(move |place: &'static str| {
        let (ask, polls) = (Arc::clone(&inner_ask), Arc::clone(&counted));
        std::future::poll_fn(move |cx| {
            polls.fetch_add(1, SeqCst);
            assert!(ask.get().unwrap()(place).as_mut().poll(cx).is_pending());
            std::task::Poll::<Result<String, Failure>>::Pending
        })
    }));
    let cloned = Mutex::new(pool.clone());
    let asks: Ask = Box::new(move |place| Box::pin(cloned.lock().unwrap().request(place)));
    assert!(ask.set(asks).is_ok());
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    assert!(!leader.is_woken());
    assert_eq!(polls.load(SeqCst), 1);
}

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
