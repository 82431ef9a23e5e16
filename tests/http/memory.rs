//! What ends the memory of a key whose response could not be shared.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use http::{Request, Response};
use tower::{Layer, service_fn};
use tower_pool::{PoolLayer, Verdict, http::HttpPool};

use crate::support::{Body, empty, get};

/// Answers 503 to the first call and 200 to all others, each after a second.
fn ill_at_first()
-> impl tower::Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let calls = Arc::new(AtomicUsize::new(0));
    service_fn(move |_: Request<Body>| {
        let status = if calls.fetch_add(1, SeqCst) == 0 {
            503
        } else {
            200
        };
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Response::builder()
                .status(status)
                .body(Body::default())
                .unwrap())
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_released_caller_that_gets_what_may_be_shared_ends_it() {
    let layer = PoolLayer::http().server_errors(Verdict::Solo);
    let pool: HttpPool<_, Body> = layer.layer(ill_at_first());
    let three = async || {
        tokio::join!(
            pool.request(empty(get("/"))),
            pool.request(empty(get("/"))),
            pool.request(empty(get("/"))),
        )
    };
    let _ = three().await;
    assert_eq!((pool.stats().led, pool.stats().released), (1, 2));
    let _ = three().await;
    assert_eq!((pool.stats().led, pool.stats().shared), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_released_caller_that_gets_what_may_not_be_shared_either_begins_it_anew() {
    let private = service_fn(|_: Request<Body>| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let response = Response::builder().header("cache-control", "private");
        Ok::<_, Infallible>(response.body(Body::default()).unwrap())
    });
    let layer = PoolLayer::http().remember_unshareable(Duration::from_secs(10));
    let pool: HttpPool<_, Body> = layer.layer(private);
    let _ = tokio::join!(
        pool.request(empty(get("/"))), // answered after one second
        pool.request(empty(get("/"))), // and after two
    );
    assert_eq!((pool.stats().led, pool.stats().released), (1, 1));
    for (after, (led, solo)) in [(9_500, (1, 1)), (500, (2, 1))] {
        tokio::time::advance(Duration::from_millis(after)).await;
        drop(pool.request(empty(get("/"))));
        assert_eq!((pool.stats().led, pool.stats().solo), (led, solo));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_takes_its_key_with_it_for_half_a_minute() {
    let hangs =
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>());
    let pool: HttpPool<_, Body> = PoolLayer::http().layer(hangs);
    let _first = pool.request(empty(get("/")));
    tokio::time::advance(Duration::from_secs(29)).await;
    let _second = pool.request(empty(get("/")));
    assert_eq!((pool.stats().led, pool.stats().joined), (1, 1));
    tokio::time::advance(Duration::from_secs(1)).await;
    let _third = pool.request(empty(get("/")));
    assert_eq!((pool.stats().led, pool.stats().joined), (2, 1));
}
