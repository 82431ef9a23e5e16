//! A table of Send, Sync and Unpin for the public types.

use std::{
    cell::Cell,
    marker::{PhantomData, PhantomPinned},
};

use futures::future::BoxFuture;
use tower::util::Oneshot;
use tower::{BoxError, Service};
use tower_pool::{
    OnAbandon, Pool, PoolLayer, ResponseFuture, ShareAll, SharedError, Stats, Verdict,
};

use crate::support::Pooled;

/// A service as the least of them are: neither `Sync` nor `Debug` nor `Unpin`,
/// with requests that are no better.
#[derive(Clone)]
struct Least(Cell<u8>, PhantomPinned);

struct Request(Cell<u8>, PhantomPinned);

impl Service<Request> for Least {
    type Response = u8;
    type Error = SharedError;
    type Future = BoxFuture<'static, Result<u8, SharedError>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), SharedError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = self.0.get() + request.0.get();
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(answer)
        })
    }
}

type Extract = fn(&Request) -> Option<u8>;
type LeastPool = Pool<Least, Request, Extract>;
type PooledFuture = <Pooled as Service<&'static str>>::Future;
type LeastFuture = ResponseFuture<u8, Oneshot<Least, Request>, ShareAll>;

/// Whether a type has a trait: the inherent constant hides the one of
/// [`Otherwise`] where its bound holds.
struct Has<T: ?Sized>(PhantomData<T>);

#[allow(dead_code)] // no public type is not Send
trait Otherwise {
    const SEND: bool = false;
    const SYNC: bool = false;
    const UNPIN: bool = false;
}

impl<T: ?Sized> Otherwise for Has<T> {}
impl<T: ?Sized + Send> Has<T> {
    const SEND: bool = true;
}
impl<T: ?Sized + Sync> Has<T> {
    const SYNC: bool = true;
}
impl<T: ?Sized + Unpin> Has<T> {
    const UNPIN: bool = true;
}

macro_rules! traits_of {
    ($type:ty) => {
        (<Has<$type>>::SEND, <Has<$type>>::SYNC, <Has<$type>>::UNPIN)
    };
}

#[test]
#[rustfmt::skip]
fn the_public_types_are_send_sync_and_unpin_as_this_table_says() {
    const YES: bool = true;
    const NO: bool = false;
    //                                                     Send Sync Unpin
    assert_eq!(traits_of!(OnAbandon),                     (YES, YES, YES));
    assert_eq!(traits_of!(Verdict),                       (YES, YES, YES));
    assert_eq!(traits_of!(ShareAll),                      (YES, YES, YES));
    assert_eq!(traits_of!(SharedError),                   (YES, YES, YES));
    assert_eq!(traits_of!(Stats),                         (YES, YES, YES));
    assert_eq!(traits_of!(PoolLayer<Request, Extract>),   (YES, YES, YES));
    assert_eq!(traits_of!(Pooled),                        (YES, YES, YES));
    assert_eq!(traits_of!(PooledFuture),                  (YES, NO, YES));
    assert_eq!(traits_of!(LeastPool),                     (YES, NO, NO));
    assert_eq!(traits_of!(LeastFuture),                   (YES, NO, YES));
}

#[test]
fn the_future_is_named_and_is_the_one_that_the_service_returns() {
    fn same<S: Service<Request, Future = LeastFuture>>() {}
    same::<LeastPool>();
    fn is_error<E: std::error::Error + Send + Sync + 'static>() {}
    is_error::<SharedError>();
    let _: BoxError = SharedError::new("as any error").into();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_send_and_clone_and_nothing_else_can_be_pooled_across_threads() {
    use tower::Layer;
    let extract: Extract = |request| Some(request.0.get());
    let pool = PoolLayer::new(extract).layer(Least(Cell::new(1), PhantomPinned));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut pool = pool; // a service of its own, for it is not Sync
                pool.call(Request(Cell::new(41), PhantomPinned)).await
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap(), 42);
    }
}
