//! With the feature `tracing`: the leader's span goes with its call, and a
//! follower's span follows from it.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
};

use futures::future::BoxFuture;
use tokio_test::assert_pending;
use tower::{Layer as _, service_fn};
use tower_pool::{PoolLayer, Verdict};
use tracing::{Event, Instrument, Span, Subscriber, field::Visit, info_span, span::Id};
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer, SubscriberExt},
    registry::LookupSpan,
};

/// Writes down who follows whom, and what happened in which pool.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_follows_from(&self, follower: &Id, leader: &Id, cx: Context<'_, S>) {
        let name = |id| cx.span(id).map_or("gone", |span| span.name());
        let line = format!("{} follows from {}", name(follower), name(leader));
        self.0.lock().unwrap().push(line);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "tower_pool" {
            let mut line = Line::default();
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }
    }
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!("[{}: {value:?}]", field.name());
    }
}

fn span_name() -> Option<&'static str> {
    Span::current().metadata().map(|metadata| metadata.name())
}

#[tokio::test]
async fn the_leaders_span_goes_with_its_call_and_a_followers_span_follows_from_it() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let pool = PoolLayer::new(|n: &u8| Some(*n))
        .name("reports")
        .layer(service_fn(|_: u8| async {
            let mut spans = vec![span_name()];
            for _ in 0..2 {
                tokio::task::yield_now().await;
                spans.push(span_name());
            }
            Ok::<_, Infallible>(spans)
        }));

    let leader = info_span!("leader").in_scope(|| pool.request(1));
    let mut leader = tokio_test::task::spawn(leader.instrument(info_span!("poller")));
    assert_pending!(leader.poll());
    let follower = info_span!("follower").in_scope(|| pool.request(1));

    let spans = follower.await.unwrap();
    assert_eq!(
        spans[0],
        Some("poller"),
        "a lone leader's call is polled in its own context"
    );
    assert_eq!(
        spans[1..],
        [Some("leader"); 2],
        "and from the hand-over on in its span"
    );
    assert_eq!(
        log.lines(),
        [
            "follower follows from leader".to_owned(),
            "[message: handed over to a task][pool: \"reports\"]".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_flight_that_is_cancelled_says_so_and_of_which_pool() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let pool = PoolLayer::new(|n: &u8| Some(*n))
        .name("reports")
        .layer(service_fn(|n: u8| {
            std::future::ready(Ok::<_, Infallible>(n))
        }));
    drop(pool.request(1));
    assert_eq!(
        log.lines(),
        ["[message: cancelled for want of callers][pool: \"reports\"]"]
    );
}

#[tokio::test]
async fn a_caller_that_leads_what_nobody_had_begun_follows_from_nobody() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let pool = PoolLayer::new(|n: &u8| Some(*n)).layer(service_fn(|n: u8| async move {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(n)
    }));
    let waits = info_span!("waits").in_scope(|| pool.request(1));
    let mut leads = tokio_test::task::spawn(info_span!("leads").in_scope(|| pool.request(1)));
    assert_pending!(leads.poll());
    let (a, b) = tokio::join!(waits, leads);
    assert_eq!((a, b), (Ok(1), Ok(1)));
    let follows = |line: &String| line.contains("follows");
    let follows: Vec<_> = log.lines().into_iter().filter(follows).collect();
    assert_eq!(follows, ["waits follows from leads"]);
}

/// Who follows whom, of what was logged.
fn follows(log: &Log) -> Vec<String> {
    let follows = |line: &String| line.contains("follows");
    log.lines().into_iter().filter(follows).collect()
}

#[tokio::test]
async fn a_follower_that_is_polled_first_when_the_call_has_ended_follows_from_its_leader() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let pool = PoolLayer::new(|n: &u8| Some(*n)).layer(service_fn(|n: u8| async move {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(n)
    }));
    let mut leader = tokio_test::task::spawn(info_span!("leader").in_scope(|| pool.request(1)));
    assert_pending!(leader.poll());
    let follower = info_span!("follower").in_scope(|| pool.request(1));
    assert_eq!(leader.await, Ok(1));
    assert_eq!(follower.await, Ok(1));
    assert_eq!((pool.stats().joined, pool.stats().shared), (1, 1));
    assert_eq!(follows(&log), ["follower follows from leader"]);
}

#[test]
fn a_follower_that_polls_the_call_of_a_leader_that_is_gone_follows_from_it() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let pool = PoolLayer::new(|n: &u8| Some(*n)).layer(service_fn(|n: u8| async move {
        futures::pending!();
        futures::pending!();
        Ok::<_, Infallible>(n)
    }));
    let leader_span = info_span!("leader");
    let mut leader = tokio_test::task::spawn(leader_span.in_scope(|| pool.request(1)));
    assert_pending!(leader.poll());
    let follower = info_span!("follower").in_scope(|| pool.request(1));
    let mut follower = tokio_test::task::spawn(follower);
    drop(leader);
    assert_pending!(follower.poll());
    tokio_test::assert_ready!(follower.poll()).unwrap();
    assert_eq!(pool.stats().shared, 1);
    assert_eq!(follows(&log), ["follower follows from leader"]);
}

/// Answers with the number of the call. The first has the others try again.
fn retried_once() -> impl Fn(&'static str) -> BoxFuture<'static, Result<u8, Infallible>> {
    let calls = Arc::new(AtomicU8::new(0));
    let pool = PoolLayer::new(|n: &u8| Some(*n))
        .policy(|outcome: Result<&u8, &Infallible>| match outcome {
            Ok(0) => Verdict::Retry,
            _ => Verdict::Share,
        })
        .layer(service_fn(move |_: u8| {
            let call = calls.fetch_add(1, SeqCst);
            async move {
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(call)
            }
        }));
    move |name| {
        let span = match name {
            "a" => info_span!("a"),
            "b" => info_span!("b"),
            _ => info_span!("c"),
        };
        Box::pin(span.in_scope(|| pool.request(1)))
    }
}

#[tokio::test]
async fn who_joins_a_flight_that_nobody_leads_follows_from_nobody() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let call = retried_once();
    let [mut a, mut b] = ["a", "b"].map(|name| tokio_test::task::spawn(call(name)));
    assert_pending!(a.poll());
    assert_pending!(b.poll());
    assert_eq!(a.await, Ok(0));
    let mut c = tokio_test::task::spawn(call("c"));
    assert_pending!(c.poll()); // it leads
    assert_eq!((b.await, c.await), (Ok(1), Ok(1)));
    assert_eq!(follows(&log), ["b follows from a", "b follows from c"]);
}

#[tokio::test]
async fn a_follower_of_a_flight_that_is_led_anew_follows_from_the_one_who_leads_it() {
    let log = Log::default();
    let _default = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let call = retried_once();
    let (a, b, c) = tokio::join!(call("a"), call("b"), call("c"));
    assert_eq!((a, b, c), (Ok(0), Ok(1), Ok(1)));
    let follows = follows(&log);
    assert!(
        follows.contains(&"c follows from b".to_owned()),
        "{follows:?}"
    );
}
