//! A panic ends one flight, in every caller of it, and nothing else.

use std::{
    hash::{Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use tokio_test::assert_pending;
use tower::{Layer, service_fn};
use tower_pool::{PoolLayer, Verdict};

use crate::support::{
    BOILER, Failure, assert_empty, caught, held, layer, message, pool, pool_of, waiting,
};

#[derive(Debug, PartialEq)]
struct Steam(u32);

#[tokio::test]
async fn a_panic_of_the_inner_future_unwinds_in_its_lone_caller_as_it_is() {
    let (pool, mut script) = pool();
    let answering = async { script.call().await.panic(Steam(9)) };
    let ((), payload) = tokio::join!(answering, caught(pool.request(BOILER)));

    assert_eq!(payload.downcast_ref(), Some(&Steam(9)));
    assert_empty(&pool);
    assert_eq!(pool.stats().panicked, 1);
}

#[tokio::test]
async fn a_panic_of_the_inner_future_unwinds_in_all_and_the_key_works_afterwards() {
    let (pool, mut script) = pool();
    let callers = (
        pool.request(BOILER),
        pool.request(BOILER),
        pool.request(BOILER),
    );
    let answering = async { script.call().await.panic(String::from("the boiler burst")) };
    let ((), a, b, c) = tokio::join!(
        answering,
        caught(callers.0),
        caught(callers.1),
        caught(callers.2)
    );
    for payload in [a, b, c] {
        assert_eq!(message(&payload), "the boiler burst");
    }
    assert_eq!((script.count(), pool.stats().panicked), (1, 1));
    assert_empty(&pool);

    let answering = async { script.call().await.answer("mended") };
    let ((), a, b) = tokio::join!(answering, pool.request(BOILER), pool.request(BOILER));
    assert_eq!([a.unwrap(), b.unwrap()], ["mended", "mended"]);
}

#[tokio::test]
async fn the_original_payload_goes_to_exactly_one_caller() {
    let (pool, mut script) = pool();
    let callers = (
        pool.request(BOILER),
        pool.request(BOILER),
        pool.request(BOILER),
    );
    let answering = async { script.call().await.panic(Steam(9)) };
    let ((), a, b, c) = tokio::join!(
        answering,
        caught(callers.0),
        caught(callers.1),
        caught(callers.2)
    );

    let payloads = [a, b, c];
    let originals = payloads
        .iter()
        .filter(|payload| payload.is::<Steam>())
        .count();
    assert_eq!(originals, 1);
    for payload in payloads.iter().filter(|payload| !payload.is::<Steam>()) {
        assert!(message(payload).contains("not a string"));
    }
}

#[tokio::test]
async fn a_panic_is_reported_once_and_not_once_for_each_caller() {
    static REPORTS: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        match info.payload().downcast_ref::<&str>() {
            Some(&"counted") => drop(REPORTS.fetch_add(1, SeqCst)),
            _ => before(info),
        }
    }));
    let pool = layer().layer(service_fn(|_: &'static str| async {
        tokio::task::yield_now().await;
        if true {
            panic!("counted");
        }
        Ok::<(), Failure>(())
    }));
    let (a, b) = tokio::join!(caught(pool.request(BOILER)), caught(pool.request(BOILER)));
    assert_eq!([message(&a), message(&b)], ["counted", "counted"]);
    drop(std::panic::take_hook());
    assert_eq!(REPORTS.load(SeqCst), 1);
}

#[tokio::test]
async fn a_panic_of_the_inner_call_itself_unwinds_in_all_and_frees_the_key() {
    let burst = Arc::new(AtomicBool::new(true));
    let pool = layer().layer(service_fn({
        let burst = Arc::clone(&burst);
        move |place: &'static str| {
            if burst.load(SeqCst) {
                panic_any("no call");
            }
            std::future::ready(Ok::<_, Failure>(place))
        }
    }));
    let (a, b) = tokio::join!(caught(pool.request(BOILER)), caught(pool.request(BOILER)));
    assert_eq!([message(&a), message(&b)], ["no call", "no call"]);
    let lone = caught(pool.request(BOILER)).await;
    assert_eq!(message(&lone), "no call");
    assert_empty(&pool);

    burst.store(false, SeqCst);
    assert_eq!(pool.request(BOILER).await, Ok(BOILER));
}

#[tokio::test]
async fn a_panic_in_the_drop_of_the_inner_future_unwinds_in_all_and_frees_the_key() {
    struct Bursts(bool);
    impl Drop for Bursts {
        fn drop(&mut self) {
            if self.0 {
                panic_any("burst in drop");
            }
        }
    }
    /// Ready with the second poll, and bursts when it is dropped.
    struct Call {
        polled: bool,
        _bursts: Bursts,
    }
    impl Future for Call {
        type Output = Result<u8, Failure>;
        fn poll(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Self::Output> {
            if std::mem::replace(&mut self.polled, true) {
                return std::task::Poll::Ready(Ok(1));
            }
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    }
    let bursting = Arc::new(AtomicBool::new(true));
    let pool = layer().layer(service_fn({
        let bursting = Arc::clone(&bursting);
        move |_: &'static str| Call {
            polled: false,
            _bursts: Bursts(bursting.load(SeqCst)),
        }
    }));
    let (a, b) = tokio::join!(caught(pool.request(BOILER)), caught(pool.request(BOILER)));
    assert_eq!(
        [message(&a), message(&b)],
        ["burst in drop", "burst in drop"]
    );
    assert_empty(&pool);

    let mut abandoned = held(pool.request(BOILER));
    assert_pending!(abandoned.poll());
    let payload = catch_unwind(AssertUnwindSafe(|| drop(abandoned))).unwrap_err();
    assert_eq!(message(&payload), "burst in drop");
    assert_empty(&pool);

    bursting.store(false, SeqCst);
    assert_eq!(pool.request(BOILER).await, Ok(1));
}

/// A key whose `Eq` panics when it is told to.
struct Touchy(&'static str, Arc<AtomicBool>);

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        if self.1.load(SeqCst) {
            panic_any("touched");
        }
        self.0 == other.0
    }
}
impl Eq for Touchy {}

impl Hash for Touchy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[tokio::test]
async fn a_panic_of_the_keys_eq_goes_to_the_newcomer_alone() {
    let touchy = Arc::new(AtomicBool::new(false));
    let extract = {
        let touchy = Arc::clone(&touchy);
        move |place: &&'static str| Some(Touchy(place, Arc::clone(&touchy)))
    };
    let (pool, mut script) = pool_of(PoolLayer::new(extract));
    let [leader, follower] = waiting(|| pool.request(BOILER));

    touchy.store(true, SeqCst);
    let payload = catch_unwind(AssertUnwindSafe(|| drop(pool.request(BOILER)))).unwrap_err();
    assert_eq!(message(&payload), "touched");
    assert!(
        catch_unwind(AssertUnwindSafe(
            || pool.forget(&Touchy(BOILER, touchy.clone()))
        ))
        .is_err()
    );
    touchy.store(false, SeqCst);

    let newcomer = pool.request(BOILER);
    script.call().await.answer("aye");
    let (a, b, c) = tokio::join!(leader, follower, newcomer);
    assert_eq!([a.unwrap(), b.unwrap(), c.unwrap()], ["aye", "aye", "aye"]);
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_panic_of_the_keys_hash_goes_to_its_caller_alone() {
    #[derive(PartialEq, Eq)]
    struct Key(&'static str);
    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            if self.0 == "unhashable" {
                panic_any("no hash");
            }
            self.0.hash(state);
        }
    }
    let (pool, mut script) = pool_of(PoolLayer::new(|place: &&'static str| Some(Key(place))));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    for _ in 0..100 {
        let payload = catch_unwind(AssertUnwindSafe(|| drop(pool.request("unhashable"))));
        assert_eq!(message(&payload.unwrap_err()), "no hash");
        // The table may grow and shrink meanwhile, and hashes nothing again.
        drop(pool.request("another"));
    }
    script.called().answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
    assert_empty(&pool);
}

#[tokio::test]
async fn a_panic_of_the_extractor_goes_to_its_caller_alone() {
    let (pool, mut script) = pool_of(PoolLayer::new(|place: &&'static str| {
        if *place == "nowhere" {
            panic_any("no key");
        }
        Some(*place)
    }));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());

    let payload = catch_unwind(AssertUnwindSafe(|| drop(pool.request("nowhere")))).unwrap_err();
    assert_eq!(message(&payload), "no key");
    assert_eq!(script.count(), 1);
    script.called().answer("aye");
    assert_eq!(leader.await.unwrap(), "aye");
    assert_empty(&pool);
}

/// A response whose `Clone` panics the first time.
#[derive(Debug)]
struct Brittle(Arc<AtomicBool>);

impl Clone for Brittle {
    fn clone(&self) -> Self {
        if !self.0.swap(true, SeqCst) {
            panic_any("broken");
        }
        Self(Arc::clone(&self.0))
    }
}

#[tokio::test]
async fn a_panic_in_clone_of_the_response_goes_to_the_caller_that_cloned_alone() {
    let pool = layer().layer(service_fn(|_: &'static str| async {
        tokio::task::yield_now().await;
        Ok::<_, Failure>(Brittle(Arc::default()))
    }));
    let callers = Vec::from(waiting::<_, 3>(|| pool.request(BOILER)));
    let [first, second, third] = callers.try_into().ok().unwrap();

    assert_eq!(message(&caught(first).await), "broken");
    assert!(second.await.is_ok());
    assert!(third.await.is_ok());
    assert_empty(&pool);
    assert!(
        pool.request(BOILER).await.is_ok(),
        "the key works afterwards"
    );
}

#[tokio::test]
async fn a_panic_of_the_policy_unwinds_in_all_and_frees_the_key() {
    let (pool, mut script) = pool_of(layer().policy(|outcome: Result<&String, &Failure>| {
        if outcome.is_ok_and(|answer| answer == "judge me") {
            panic_any("no verdict");
        }
        Verdict::Share
    }));
    let answering = async { script.call().await.answer("judge me") };
    let (a, b) = (caught(pool.request(BOILER)), caught(pool.request(BOILER)));
    let ((), a, b) = tokio::join!(answering, a, b);
    assert_eq!([message(&a), message(&b)], ["no verdict", "no verdict"]);
    assert_empty(&pool);

    let answering = async { script.call().await.answer("aye") };
    let ((), a, b) = tokio::join!(answering, pool.request(BOILER), pool.request(BOILER));
    assert_eq!([a.unwrap(), b.unwrap()], ["aye", "aye"]);
}

#[tokio::test]
async fn a_follower_of_a_dropped_leader_sees_the_panic_as_well() {
    let (pool, mut script) = pool();
    let [leader, follower] = waiting(|| pool.request(BOILER));
    drop(leader);
    script.call().await.panic("burst");
    assert_eq!(message(&caught(follower).await), "burst");
    assert_empty(&pool);
}
