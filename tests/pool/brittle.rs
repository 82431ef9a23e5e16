//! Keys and wakers that panic where nobody looks for it: in a drop, in a clone.

use std::{
    hash::{Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicIsize, Ordering::SeqCst},
    },
    task::{Context, RawWaker, RawWakerVTable, Waker},
};

use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, ServiceExt};
use tower_pool::{KeyExtractor, PoolLayer};

use crate::support::{BOILER, assert_empty, caught, held, layer, message, pool_of, scripted};

/// A key whose drop panics when it is told to.
struct Brittle(&'static str, Arc<AtomicBool>);

impl PartialEq for Brittle {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Brittle {}

impl Hash for Brittle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        if self.1.swap(false, SeqCst) {
            panic_any("broken");
        }
    }
}

fn brittle() -> (
    Arc<AtomicBool>,
    impl KeyExtractor<&'static str, Key = Brittle>,
) {
    let breaks = Arc::new(AtomicBool::new(false));
    let key = {
        let breaks = Arc::clone(&breaks);
        move |place: &&'static str| Some(Brittle(place, Arc::clone(&breaks)))
    };
    (breaks, key)
}

#[tokio::test]
async fn a_lone_caller_whose_key_panics_when_it_is_dropped_can_be_dropped_afterwards() {
    let (breaks, key) = brittle();
    let (pool, mut script) = pool_of(PoolLayer::new(key));
    let mut lone = Box::pin(pool.request(BOILER));
    assert_pending!(tokio_test::task::spawn(&mut lone).poll());
    script.called().answer("aye");
    breaks.store(true, SeqCst);
    assert_eq!(message(&caught(&mut lone).await), "broken");
    assert_empty(&pool);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(lone))).is_ok());
}

/// The caller is dropped as its panic unwinds: a second one would abort.
#[tokio::test]
async fn a_key_that_panics_when_it_is_dropped_unwinds_in_its_caller() {
    let (breaks, key) = brittle();
    let (pool, mut script) = pool_of(PoolLayer::new(key));
    let task = caught(async { pool.request(BOILER).await });
    let answering = async {
        let call = script.call().await;
        breaks.store(true, SeqCst);
        call.answer("aye");
    };
    let (payload, ()) = tokio::join!(task, answering);
    assert_eq!(message(&payload), "broken");
}

static THESE: RawWakerVTable = RawWakerVTable::new(
    |data| unsafe { clone(data, &THOSE) },
    drop_it,
    |_| {},
    drop_it,
);
static THOSE: RawWakerVTable = RawWakerVTable::new(
    |data| unsafe { clone(data, &THESE) },
    drop_it,
    |_| {},
    drop_it,
);

/// A waker whose clones it does not recognise, and that can be cloned so often.
fn reluctant_waker(clones: &Arc<AtomicIsize>) -> Waker {
    let data = Arc::into_raw(Arc::clone(clones)).cast();
    unsafe { Waker::from_raw(RawWaker::new(data, &THESE)) }
}

unsafe fn clone(data: *const (), table: &'static RawWakerVTable) -> RawWaker {
    let left = unsafe { &*data.cast::<AtomicIsize>() }.fetch_sub(1, SeqCst);
    assert!(left > 0, "cloned too often");
    unsafe { Arc::increment_strong_count(data.cast::<AtomicIsize>()) };
    RawWaker::new(data, table)
}

unsafe fn drop_it(data: *const ()) {
    drop(unsafe { Arc::from_raw(data.cast::<AtomicIsize>()) });
}

/// If it were, and its waker then panicked, the call would know nobody's waker
/// but that of a leader that is gone.
#[test]
fn outside_a_runtime_a_leader_that_finds_company_is_not_asked_for_its_waker_again() {
    let follower = Arc::new(Mutex::new(None));
    let (inner, mut script) = scripted();
    type Join = Box<dyn FnOnce() + Send>;
    let join: Arc<Mutex<Option<Join>>> = Arc::default();
    let inner = inner.map_future({
        let join = Arc::clone(&join);
        move |call| {
            let join = Arc::clone(&join);
            async move {
                let run = join.lock().unwrap().take();
                if let Some(run) = run {
                    run();
                }
                call.await
            }
        }
    });
    let pool = layer().layer(inner);
    *join.lock().unwrap() = Some(Box::new({
        let (pool, follower) = (Mutex::new(pool.clone()), Arc::clone(&follower));
        move || {
            let joins = || {
                let mut caller = held(pool.lock().unwrap().request(BOILER));
                assert_pending!(caller.poll());
                *follower.lock().unwrap() = Some(caller);
            };
            std::thread::scope(|scope| drop(scope.spawn(joins)));
        }
    }));
    // One clone for the inner call, and one for the flight.
    let waker = reluctant_waker(&Arc::new(2.into()));
    let mut leader = Box::pin(pool.request(BOILER));
    let polled = leader.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    drop(leader);
    script.called().answer("aye");
    let mut follower = follower.lock().unwrap().take().unwrap();
    assert!(follower.is_woken(), "it waits for ever");
    assert_eq!(assert_ready!(follower.poll()).unwrap(), "aye");
}

/// It aborts the process: the panic of the call unwinds through the last handle of
/// the flight, and the key with it.
#[tokio::test]
async fn a_shared_panic_and_a_key_that_panics_when_it_is_dropped_do_not_abort() {
    let (breaks, key) = brittle();
    let (pool, mut script) = pool_of(PoolLayer::new(key));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let mut follower = held(pool.request(BOILER));
    assert_pending!(follower.poll());
    script.called().panic("boom");
    assert_eq!(message(&caught(leader).await), "boom");
    breaks.store(true, SeqCst);
    let last = caught(follower).await;
    assert!(["boom", "broken"].contains(&message(&last)));
    assert_empty(&pool);
}

#[tokio::test]
async fn a_newcomer_whose_key_panics_when_it_is_dropped_is_not_aboard() {
    let (breaks, key) = brittle();
    let (pool, mut script) = pool_of(PoolLayer::new(key));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let call = script.called();
    breaks.store(true, SeqCst);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(pool.request(BOILER)))).is_err());
    drop(leader);
    assert!(call.is_dropped(), "nobody is left");
    assert_empty(&pool);
}
