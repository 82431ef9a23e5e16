//! Failures are shared as they are.

use std::{error::Error, io, sync::Arc};

use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_pool::{PoolLayer, SharedError};

use crate::support::{Failure, layer, pool};

#[tokio::test]
async fn an_error_reaches_all_its_callers_and_the_next_call_is_made_anew() {
    let (pool, mut script) = pool();
    let answering = async { script.call().await.fail("no steam") };
    let (a, b, c) = (
        pool.request("steam"),
        pool.request("steam"),
        pool.request("steam"),
    );
    let ((), a, b, c) = tokio::join!(answering, a, b, c);
    assert_eq!(
        [a, b, c],
        [
            Err(Failure("no steam")),
            Err(Failure("no steam")),
            Err(Failure("no steam"))
        ]
    );
    assert_eq!(
        script.count(),
        1,
        "followers do not retry, one after another"
    );

    let answering = async { script.call().await.answer("steam") };
    let ((), again) = tokio::join!(answering, pool.request("steam"));
    assert_eq!(again.unwrap(), "steam");
}

#[tokio::test]
async fn an_error_that_is_not_clone_is_shared_as_the_same_arc() {
    let inner = service_fn(|_: &'static str| async {
        tokio::task::yield_now().await;
        Err::<(), _>(io::Error::new(
            io::ErrorKind::NotFound,
            Failure("no such valve"),
        ))
    });
    let pool = layer().layer(inner.map_err(SharedError::new));

    let (a, b) = tokio::join!(pool.request("valve"), pool.request("valve"));
    let (a, b) = (a.unwrap_err(), b.unwrap_err());
    assert_eq!(pool.stats().led, 1);

    let (in_a, in_b) = (
        a.downcast_ref::<io::Error>().unwrap(),
        b.downcast_ref::<io::Error>().unwrap(),
    );
    assert!(std::ptr::eq(in_a, in_b));
    assert_eq!(in_a.kind(), io::ErrorKind::NotFound);
    assert_eq!(a.to_string(), "no such valve");
}

#[tokio::test]
async fn a_boxed_error_is_shared_with_its_whole_chain_of_sources() {
    #[derive(Debug)]
    struct Outer(Failure);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the pump failed")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let inner = service_fn(|_: &'static str| async {
        tokio::task::yield_now().await;
        Err::<(), BoxError>(Box::new(Outer(Failure("no oil"))))
    });
    let pool = layer().layer(inner.map_err(SharedError::new));

    let (a, b) = tokio::join!(pool.request("pump"), pool.request("pump"));
    for error in [a.unwrap_err(), b.unwrap_err()] {
        let outer = error.source().expect("the error inside");
        assert!(outer.is::<Outer>());
        let cause = outer.source().expect("its own source");
        assert_eq!(cause.downcast_ref(), Some(&Failure("no oil")));
        let boxed: BoxError = error.into(); // as any error
        assert_eq!(boxed.to_string(), "the pump failed");
    }
    assert_eq!(pool.stats().led, 1);
}

#[test]
fn a_shared_error_of_a_shared_error_is_that_error() {
    let first = SharedError::new(Failure("no oil"));
    let again = SharedError::new(first.clone());
    let inside = again
        .source()
        .unwrap()
        .downcast_ref::<SharedError>()
        .unwrap();
    assert!(std::ptr::eq(
        inside.downcast_ref::<Failure>().unwrap(),
        first.downcast_ref::<Failure>().unwrap(),
    ));
}

#[test]
fn a_shared_error_prints_the_error_in_it() {
    let shared = SharedError::new(Failure("no oil"));
    assert_eq!(
        (format!("{shared:?}"), shared.to_string()),
        (
            r#"SharedError(Failure("no oil"))"#.to_owned(),
            "no oil".to_owned()
        )
    );
}

#[tokio::test]
async fn an_arc_is_as_good_an_error_as_any() {
    let pool = PoolLayer::new(|n: &u8| Some(*n)).layer(service_fn(|_: u8| async {
        tokio::task::yield_now().await;
        Err::<(), _>(Arc::new(Failure("no oil")))
    }));
    let (a, b) = tokio::join!(pool.request(1), pool.request(1));
    assert!(Arc::ptr_eq(&a.unwrap_err(), &b.unwrap_err()));
}
