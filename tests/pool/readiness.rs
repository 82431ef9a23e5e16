//! Back pressure stays honest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{sync::Semaphore, time::Instant};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{
    Layer, Service, ServiceBuilder, ServiceExt,
    buffer::BufferLayer,
    limit::{ConcurrencyLimit, GlobalConcurrencyLimitLayer},
    load_shed::{LoadShedLayer, error::Overloaded},
    service_fn,
};
use tower_pool::SharedError;

use crate::support::{
    BOILER, Failure, Scripted, assert_empty, held, layer, pool, scripted, waiting,
};

#[tokio::test]
async fn a_pool_is_ready_at_once_whatever_its_inner_service_is() {
    let never = ConcurrencyLimit::new(scripted().0, 0);
    let mut pool = layer().layer(never);
    let mut readying = held(pool.ready());
    assert_ready_ok!(readying.poll());
}

#[tokio::test(start_paused = true)]
async fn five_identical_callers_of_a_concurrency_limit_of_one_take_the_time_of_one_call() {
    let permits = Arc::new(Semaphore::new(1));
    let pool = ServiceBuilder::new()
        .layer(layer())
        .layer(GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(
            &permits,
        )))
        .service(service_fn(|place: &'static str| async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok::<_, Failure>(place)
        }));
    let start = Instant::now();
    let callers = std::array::from_fn::<_, 5, _>(|_| {
        let mut pool = pool.clone();
        assert_ready_ok!(held(pool.ready()).poll());
        tokio::spawn(pool.call(BOILER))
    });
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(BOILER));
    }
    assert_eq!(start.elapsed(), Duration::from_millis(100));
    assert_eq!(pool.stats().led, 1);
    assert_eq!(
        permits.available_permits(),
        1,
        "afterwards every permit is back"
    );

    pool.request(BOILER).await.unwrap();
    assert_eq!(
        start.elapsed(),
        Duration::from_millis(200),
        "and the next call gets it"
    );
}

#[tokio::test]
async fn a_follower_holds_no_permit_while_it_waits_and_none_afterwards() {
    let permits = Arc::new(Semaphore::new(3));
    let (inner, mut script) = scripted();
    let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&permits));
    let pool = layer().layer(limit.layer(inner));
    let mut services = vec![pool.clone(); 10];
    let mut callers = Vec::new();
    for service in &mut services {
        let service = tokio::time::timeout(Duration::from_secs(10), service.ready());
        let service = service.await.expect("ready at once").unwrap();
        let mut caller = held(service.call(BOILER));
        assert_pending!(caller.poll());
        callers.push(caller);
    }
    let call = script.call().await;
    assert_eq!(permits.available_permits(), 2);

    call.answer("aye");
    assert_eq!((&mut callers[3]).await.unwrap(), "aye");
    assert_eq!(
        permits.available_permits(),
        3,
        "before anybody can see the answer"
    );
    drop(callers);
    assert_eq!(permits.available_permits(), 3);
}

#[tokio::test]
async fn callers_dropped_while_they_wait_for_readiness_leave_the_permit_to_others() {
    let permits = Arc::new(Semaphore::new(0));
    let (inner, mut script) = scripted();
    let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&permits));
    let pool = layer().layer(limit.layer(inner));
    let [leader, follower] = waiting(|| pool.request(BOILER));
    drop((leader, follower));
    assert_empty(&pool);

    permits.add_permits(1);
    let answering = async { script.call().await.answer("aye") };
    let ((), answer) = tokio::join!(answering, pool.request(BOILER));
    assert_eq!(answer.unwrap(), "aye");
    assert_eq!((script.count(), permits.available_permits()), (1, 1));
}

#[tokio::test]
async fn an_inner_service_that_becomes_ready_late_is_waited_for_by_the_flight() {
    let permits = Arc::new(Semaphore::new(0));
    let (inner, mut script) = scripted();
    let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&permits));
    let pool = layer().layer(limit.layer(inner));
    let [leader, follower] = waiting(|| pool.request(BOILER));
    assert_eq!(script.count(), 0);

    permits.add_permits(1);
    script.call().await.answer("at last");
    assert_eq!(leader.await.unwrap(), "at last");
    assert_eq!(follower.await.unwrap(), "at last");
    assert_eq!((script.count(), permits.available_permits()), (1, 1));
}

/// A service that is not ready, and then fails.
#[derive(Clone)]
struct Unready(Arc<AtomicUsize>);

impl Service<&'static str> for Unready {
    type Response = ();
    type Error = Failure;
    type Future = std::future::Ready<Result<(), Failure>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        match self.0.fetch_add(1, SeqCst) % 2 {
            0 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(Err(Failure("not ready, ever"))),
        }
    }

    fn call(&mut self, _: &'static str) -> Self::Future {
        panic!("called though its readiness failed")
    }
}

#[tokio::test]
async fn an_inner_service_whose_readiness_fails_shares_that_error() {
    let polls = Arc::new(AtomicUsize::new(0));
    let pool = layer().layer(Unready(Arc::clone(&polls)));
    let (a, b, c) = tokio::join!(
        pool.request(BOILER),
        pool.request(BOILER),
        pool.request(BOILER)
    );
    assert_eq!([a, b, c], [Err(Failure("not ready, ever")); 3]);
    assert_eq!(polls.load(SeqCst), 2, "one call's readiness, not three");
    assert_empty(&pool);
}

#[tokio::test]
async fn a_buffer_inside_the_pool_is_called_once() {
    let (inner, mut script) = scripted();
    let buffered = BufferLayer::new(1).layer(inner);
    let pool = layer().layer(buffered.map_err(SharedError::new));
    let answering = async { script.call().await.answer("aye") };
    let callers = futures::future::join_all((0..10).map(|_| pool.request(BOILER)));
    let ((), answers) = tokio::join!(answering, callers);
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().unwrap() == "aye")
    );
    assert_eq!(script.count(), 1);

    // Its one slot is free again.
    let answering = async { script.call().await.answer("aye") };
    let ((), answer) = tokio::join!(answering, pool.request(BOILER));
    assert_eq!(answer.unwrap(), "aye");
}

#[tokio::test]
async fn a_load_shed_inside_sheds_a_flight_once_for_all_its_callers() {
    let (inner, mut script) = scripted();
    let shedding = LoadShedLayer::new().layer(ConcurrencyLimit::new(inner, 1));
    let pool = layer().layer(shedding.map_err(SharedError::new));
    let mut busy = held(pool.request("busy"));
    assert_pending!(busy.poll());

    let (a, b) = tokio::join!(pool.request(BOILER), pool.request(BOILER));
    let (a, b) = (a.unwrap_err(), b.unwrap_err());
    assert!(std::ptr::eq(
        a.downcast_ref::<Overloaded>().unwrap(),
        b.downcast_ref::<Overloaded>().unwrap(),
    ));
    script.called().answer("done");
    assert_eq!(busy.await.unwrap(), "done");
}

#[tokio::test]
async fn a_load_shed_outside_never_sheds_since_the_pool_is_always_ready() {
    let (inner, mut script) = scripted();
    let pool = layer().layer(ConcurrencyLimit::new(inner, 1));
    let mut service = LoadShedLayer::new().layer(pool);
    let mut busy = held(service.ready().await.unwrap().call("busy"));
    assert_pending!(busy.poll());
    let mut waiting = held(service.ready().await.unwrap().call(BOILER));
    assert_pending!(waiting.poll());

    script.called().answer("done");
    assert_eq!(busy.await.unwrap(), "done");
    assert_pending!(waiting.poll());
    script.called().answer("aye");
    assert_eq!(waiting.await.unwrap(), "aye");
}

/// Every test here runs over a service that refuses a call without readiness;
/// this one makes sure that it does.
#[tokio::test]
async fn a_call_without_readiness_is_refused_by_the_strict_mock_and_never_made_by_the_pool() {
    let (mut strict, _script) = scripted();
    let unready = std::panic::AssertUnwindSafe(|| drop(strict.call(BOILER)));
    assert!(std::panic::catch_unwind(unready).is_err());

    let (mut ready, _script) = scripted();
    ready.ready().await.unwrap();
    let mut clone: Scripted = ready.clone();
    let unready = std::panic::AssertUnwindSafe(|| drop(clone.call(BOILER)));
    assert!(
        std::panic::catch_unwind(unready).is_err(),
        "a clone starts without readiness"
    );

    let (pool, mut script) = pool();
    for request in [BOILER, "!solo"] {
        let answering = async { script.call().await.answer("aye") };
        let ((), answer) = tokio::join!(answering, pool.request(request));
        assert_eq!(answer.unwrap(), "aye");
    }
}
