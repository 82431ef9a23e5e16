//! Share, Solo and Retry.

use std::{
    any::Any,
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use futures::future::BoxFuture;

use tokio_test::{assert_pending, assert_ready};
use tower_pool::{Policy, Verdict};

use crate::support::{
    BOILER, Failure, Outcome, assert_empty, caught, held, layer, message, pool_of, waiting,
};

/// Judges by the answer: `solo…` and `retry…` are not shared.
fn by_name(outcome: Result<&String, &Failure>) -> Verdict {
    match outcome.map_or_else(|failure| failure.0, String::as_str) {
        answer if answer.starts_with("solo") => Verdict::Solo,
        answer if answer.starts_with("retry") => Verdict::Retry,
        _ => Verdict::Share,
    }
}

#[tokio::test]
async fn share_gives_every_caller_a_clone() {
    let (pool, mut script) = pool_of(layer().policy(by_name));
    let answering = async { script.call().await.answer("for all") };
    let ((), a, b, c) = tokio::join!(
        answering,
        pool.request(BOILER),
        pool.request(BOILER),
        pool.request(BOILER)
    );
    assert_eq!(
        [a.unwrap(), b.unwrap(), c.unwrap()],
        ["for all", "for all", "for all"]
    );
    let stats = pool.stats();
    assert_eq!((stats.led, stats.joined, stats.shared), (1, 2, 2));
}

#[tokio::test]
async fn solo_gives_the_leader_its_answer_and_releases_all_followers_at_once() {
    let (pool, mut script) = pool_of(layer().policy(by_name));
    let callers = Vec::from(waiting::<_, 4>(|| pool.request(BOILER)));
    script.call().await.answer("solo: for your eyes only");
    let mut callers = callers.into_iter();
    let leader = callers.next().unwrap();
    assert_eq!(leader.await.unwrap(), "solo: for your eyes only");
    assert_empty(&pool);

    let mut followers: Vec<_> = callers.collect();
    for (index, follower) in followers.iter_mut().enumerate() {
        assert!(follower.is_woken());
        assert_pending!(follower.poll());
        assert_eq!(
            script.count(),
            index + 2,
            "each has a call of its own, under way"
        );
    }
    assert_empty(&pool); // and they make no new queue
    for (follower, answer) in followers.into_iter().zip(["solo a", "solo b", "solo c"]) {
        script.called().answer(answer);
        assert_eq!(follower.await.unwrap(), answer);
    }
    let stats = pool.stats();
    assert_eq!(
        (stats.led, stats.joined, stats.released, stats.solo),
        (1, 3, 3, 0)
    );
}

#[tokio::test]
async fn retry_gives_the_leader_its_failure_and_one_follower_leads_for_the_rest() {
    let (pool, mut script) = pool_of(layer().policy(by_name));
    let callers = Vec::from(waiting::<_, 4>(|| pool.request(BOILER)));
    script.call().await.fail("retry: a bad line");
    let mut callers = callers.into_iter();
    assert_eq!(
        callers.next().unwrap().await,
        Err(Failure("retry: a bad line"))
    );

    let mut followers: Vec<_> = callers.collect();
    for follower in &mut followers {
        assert_pending!(follower.poll());
    }
    let newcomer = pool.request(BOILER);
    script.call().await.answer("a better line");
    for follower in followers {
        assert_eq!(follower.await.unwrap(), "a better line");
    }
    assert_eq!(newcomer.await.unwrap(), "a better line");
    assert_eq!(script.count(), 2);
    let stats = pool.stats();
    assert_eq!((stats.led, stats.retried, stats.released), (2, 1, 0));
    assert_eq!(
        (stats.joined, stats.shared),
        (4, 3),
        "one of those who joined led instead"
    );
    assert_empty(&pool);
}

#[tokio::test]
async fn after_max_retries_in_a_row_a_caller_goes_solo() {
    let (pool, mut script) = pool_of(layer().policy(by_name).max_retries(2));
    let mut callers = Vec::from(waiting::<_, 5>(|| pool.request(BOILER)));
    for failure in ["retry 0", "retry 1", "retry 2"] {
        script.call().await.fail(failure);
        let leader = callers.remove(0);
        assert_eq!(leader.await, Err(Failure(failure)));
        for caller in &mut callers {
            assert_pending!(caller.poll());
        }
    }
    assert_eq!(script.count(), 5, "the two that are left are on their own");
    assert_empty(&pool);
    for (caller, answer) in callers.into_iter().zip(["retry, mine", "retry, mine too"]) {
        script.called().fail(answer);
        assert_eq!(caller.await, Err(Failure(answer)));
    }
    let stats = pool.stats();
    assert_eq!((stats.led, stats.retried, stats.released), (3, 2, 2));
}

#[tokio::test]
async fn a_newcomer_brings_its_own_count_of_retries() {
    let (pool, mut script) = pool_of(layer().policy(by_name).max_retries(1));
    let [first, mut old] = waiting(|| pool.request(BOILER));
    script.call().await.fail("retry 0");
    assert_eq!(first.await, Err(Failure("retry 0")));
    let mut newcomer = held(pool.request(BOILER));
    assert_pending!(newcomer.poll()); // it leads
    assert_pending!(old.poll());
    let mut latest = held(pool.request(BOILER));
    assert_pending!(latest.poll());

    script.call().await.fail("retry 1");
    assert_eq!(newcomer.await, Err(Failure("retry 1")));
    assert_pending!(old.poll()); // this was its second: it goes solo
    assert_pending!(latest.poll()); // and this one leads
    assert_eq!(script.count(), 4);
    script.called().answer("old, alone");
    script.called().answer("latest");
    assert_eq!(old.await.unwrap(), "old, alone");
    assert_eq!(latest.await.unwrap(), "latest");
}

#[tokio::test]
async fn with_no_retries_retry_is_solo() {
    let (pool, mut script) = pool_of(layer().policy(by_name).max_retries(0));
    let mut callers = Vec::from(waiting::<_, 3>(|| pool.request(BOILER)));
    script.call().await.fail("retry");
    assert_eq!(callers.remove(0).await, Err(Failure("retry")));
    for caller in &mut callers {
        assert_pending!(caller.poll());
    }
    assert_eq!((script.count(), pool.stats().released), (3, 2));
    assert_empty(&pool);
}

#[tokio::test]
async fn followers_held_after_a_retry_do_not_stop_the_one_that_is_polled() {
    let (pool, mut script) = pool_of(layer().policy(by_name));
    let mut callers = Vec::from(waiting::<_, 3>(|| pool.request(BOILER)));
    script.call().await.fail("retry");
    let answering = async { script.call().await.answer("aye") };
    let ((), last) = tokio::join!(answering, callers.pop().unwrap());
    assert_eq!(last.unwrap(), "aye");
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn an_outcome_that_is_not_shared_goes_to_nobody_when_the_leader_is_gone() {
    for verdict in ["solo", "retry"] {
        let (pool, mut script) = pool_of(layer().policy(by_name));
        let [leader, follower] = waiting(|| pool.request(BOILER));
        drop(leader);
        script.call().await.answer(verdict);
        let answering = async { script.call().await.answer("its own") };
        let ((), answer) = tokio::join!(answering, follower);
        assert_eq!(answer.unwrap(), "its own");
        assert_eq!(script.count(), 2);
        assert_empty(&pool);
    }
}

#[tokio::test]
async fn the_only_follower_of_a_leader_that_is_gone_never_gets_what_is_not_shared() {
    let (pool, mut script) = pool_of(layer().policy(by_name));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let mut follower = held(pool.request(BOILER));
    drop(leader);
    assert_pending!(follower.poll());
    script.called().answer("solo: the leader's");
    while !follower.is_woken() {
        tokio::task::yield_now().await;
    }
    assert_pending!(follower.poll());
    script.called().answer("its own");
    assert_eq!(assert_ready!(follower.poll()).unwrap(), "its own");
}

struct Counting(Arc<AtomicUsize>, Verdict);

impl Policy<String, Failure> for Counting {
    fn verdict(&self, _: Result<&String, &Failure>) -> Verdict {
        self.0.fetch_add(1, SeqCst);
        self.1
    }
}

#[tokio::test]
async fn a_policy_is_asked_once_for_a_shared_outcome_and_never_for_a_lone_callers() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (pool, mut script) = pool_of(layer().policy(Counting(Arc::clone(&asked), Verdict::Share)));
    let answering = async { script.call().await.answer("alone") };
    let ((), lone) = tokio::join!(answering, pool.request(BOILER));
    assert_eq!(lone.unwrap(), "alone");
    assert_eq!(asked.load(SeqCst), 0);

    let answering = async { script.call().await.answer("all") };
    let callers = futures::future::join_all((0..10).map(|_| pool.request(BOILER)));
    tokio::join!(answering, callers);
    assert_eq!(asked.load(SeqCst), 1);
}

#[tokio::test]
async fn a_leader_whose_followers_have_gone_gets_its_outcome_from_the_task_unseen() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (pool, mut script) = pool_of(layer().policy(Counting(Arc::clone(&asked), Verdict::Retry)));
    let [leader, follower] = waiting(|| pool.request(BOILER));
    drop(follower);
    script.call().await.answer("mine");
    assert_eq!(leader.await.unwrap(), "mine");
    assert_eq!((asked.load(SeqCst), script.count()), (0, 1));
    assert_empty(&pool);
}

#[tokio::test]
async fn a_slow_leader_gets_its_own_outcome_though_a_later_round_has_landed() {
    for panics in [false, true] {
        let (pool, mut script) = pool_of(layer().policy(by_name));
        let [mut leader, mut follower, mut third] = waiting(|| pool.request(BOILER));
        script.call().await.fail("retry: the leader's own");
        while !leader.is_woken() {
            tokio::task::yield_now().await;
        }
        assert_pending!(follower.poll()); // leads the second round; the leader is held
        assert_pending!(third.poll());
        let second = script.call().await;
        if panics {
            second.panic("second round");
            assert_eq!(message(&caught(third).await), "second round");
        } else {
            second.answer("second round");
            assert_eq!(third.await.unwrap(), "second round");
        }
        assert_eq!(
            assert_ready!(leader.poll()),
            Err(Failure("retry: the leader's own"))
        );
        drop(follower);
        assert_empty(&pool);
    }
}

/// The followers time out just while the policy looks at the outcome.
#[tokio::test]
async fn a_retry_that_nobody_is_left_to_make_wakes_the_leader_and_leaves_no_key() {
    let followers: Arc<Mutex<Vec<BoxFuture<'static, Outcome>>>> = Arc::default();
    let leaving = Arc::clone(&followers);
    let (pool, mut script) = pool_of(layer().policy(move |_: Result<&String, &Failure>| {
        drop(mem::take(&mut *leaving.lock().unwrap()));
        Verdict::Retry
    }));
    let mut leader = held(pool.request(BOILER));
    assert_pending!(leader.poll());
    let mut follower = held(Box::pin(pool.request(BOILER)));
    assert_pending!(follower.poll());
    followers.lock().unwrap().push(follower.into_inner());

    script.call().await.answer("mine");
    while pool.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(leader.is_woken());
    assert_eq!(assert_ready!(leader.poll()).unwrap(), "mine");
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_call_whose_callers_go_when_it_has_answered_is_not_counted_as_cancelled() {
    type Callers = Vec<Box<dyn Any + Send>>;
    let callers: Arc<Mutex<Callers>> = Arc::default();
    let dropped = Arc::clone(&callers);
    let (pool, mut script) = pool_of(layer().policy(move |_: Result<&String, &Failure>| {
        let gone = mem::take(&mut *dropped.lock().unwrap());
        drop(gone);
        Verdict::Share
    }));
    for caller in waiting::<_, 2>(|| pool.request(BOILER)) {
        callers.lock().unwrap().push(Box::new(caller));
    }
    script.call().await.answer("aye");
    while !callers.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_empty(&pool);
    assert_eq!(pool.stats().cancelled, 0);
}
