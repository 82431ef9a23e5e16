//! The wish that it began with.

use tokio::join;
use tokio_test::{assert_pending, assert_ready};

use crate::support::{BOILER, Failure, assert_empty, held, pool, waiting};

#[tokio::test]
async fn two_callers_of_one_message_make_one_call_and_both_get_its_answer() {
    let (pool, mut script) = pool();
    let [boiler_room, bridge] = waiting(|| pool.request(BOILER));

    script.call().await.answer("it is being seen to");
    let (a, b) = join!(boiler_room, bridge);

    assert_eq!(a.unwrap(), "it is being seen to");
    assert_eq!(b.unwrap(), "it is being seen to");
    assert_eq!(script.count(), 1);
    assert_empty(&pool);
}

#[tokio::test]
async fn two_callers_of_one_message_both_get_its_error() {
    let (pool, mut script) = pool();
    let callers = (pool.request(BOILER), pool.request(BOILER));
    let answering = async { script.call().await.fail("the bridge is empty") };

    let ((), a, b) = join!(answering, callers.0, callers.1);

    assert_eq!(a, Err(Failure("the bridge is empty")));
    assert_eq!(b, Err(Failure("the bridge is empty")));
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn once_it_has_fired_the_next_call_gets_through() {
    let (pool, mut script) = pool();
    for round in ["first", "second"] {
        let callers = (pool.request(BOILER), pool.request(BOILER));
        let answering = async { script.call().await.answer(round) };
        let ((), a, b) = join!(answering, callers.0, callers.1);
        assert_eq!((a.unwrap().as_str(), b.unwrap().as_str()), (round, round));
    }
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn four_calls_of_two_kinds_make_two_calls() {
    let (pool, mut script) = pool();
    let answering = async {
        for _ in 0..2 {
            let call = script.call().await;
            call_back(call);
        }
    };
    let ((), a, b, c, d) = join!(
        answering,
        pool.request("boiler"),
        pool.request("galley"),
        pool.request("boiler"),
        pool.request("galley"),
    );

    assert_eq!([a.unwrap(), c.unwrap()], ["re: boiler", "re: boiler"]);
    assert_eq!([b.unwrap(), d.unwrap()], ["re: galley", "re: galley"]);
    assert_eq!(script.count(), 2);
}

fn call_back(call: crate::support::Call) {
    let answer = format!("re: {}", call.request);
    call.answer(&answer);
}

#[tokio::test]
async fn the_next_call_gets_through_before_the_followers_have_looked() {
    let (pool, mut script) = pool();
    let [mut leader, mut follower] = waiting(|| pool.request(BOILER));
    script.call().await.answer("old");
    assert_eq!((&mut leader).await.unwrap(), "old");

    let mut late = held(pool.request(BOILER));
    assert_pending!(late.poll());
    assert_eq!(script.count(), 2, "a flight that has landed takes nobody");

    assert_eq!(assert_ready!(follower.poll()).unwrap(), "old");
    script.called().answer("new");
    assert_eq!(late.await.unwrap(), "new");
}

#[tokio::test]
async fn a_call_whose_answer_is_there_at_its_first_poll_leaves_nothing_behind_to_join() {
    use tower::{Layer, service_fn};
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let calls: &'static std::sync::atomic::AtomicUsize = Box::leak(Box::new(calls));
    let pool = crate::support::layer().layer(service_fn(move |message: &'static str| {
        calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        std::future::ready(Ok::<_, Failure>(message))
    }));

    for calls_so_far in 1..=3 {
        let mut caller = held(pool.request(BOILER));
        assert_eq!(assert_ready!(caller.poll()), Ok(BOILER));
        assert_empty(&pool);
        assert_eq!(
            calls.load(std::sync::atomic::Ordering::SeqCst),
            calls_so_far
        );
    }
    assert_eq!(pool.stats().joined, 0);
}
