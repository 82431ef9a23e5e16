//! A leader whose call was lost with its runtime shares another's: it is not the
//! one that was answered.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::{runtime::Builder, sync::Semaphore};
use tokio_test::{assert_pending, task};
use tower::{Layer, service_fn};
use tower_pool::{PoolLayer, http::Role};

use crate::support::{Body, empty, get};

#[test]
fn a_leader_that_shares_the_call_of_another_is_a_follower_and_gets_no_trailers_of_another_client() {
    let (theirs, ours) = (
        Builder::new_current_thread().build().unwrap(),
        Builder::new_current_thread().build().unwrap(),
    );
    let gate = Arc::new(Semaphore::new(0));
    let calls = Arc::new(AtomicUsize::new(0));
    let pool = PoolLayer::http().layer(service_fn({
        let (gate, calls) = (Arc::clone(&gate), Arc::clone(&calls));
        move |_: Request<Body>| {
            let gate = Arc::clone(&gate);
            let client = calls.fetch_add(1, SeqCst);
            async move {
                gate.acquire().await.unwrap().forget();
                let mut trailers = HeaderMap::new();
                let cookie = format!("session-of-client={client}");
                trailers.insert("set-cookie", cookie.parse().unwrap());
                let frames = [
                    Frame::data(Bytes::from_static(b"a page")),
                    Frame::trailers(trailers),
                ];
                let body = StreamBody::new(tokio_stream::iter(frames.map(Ok::<_, Infallible>)));
                Ok::<_, Infallible>(Response::new(body))
            }
        }
    }));
    let mut leader = task::spawn(pool.request(empty(get("/"))));
    theirs.block_on(async { assert_pending!(leader.poll()) });
    let mut follower = task::spawn(pool.request(empty(get("/"))));
    ours.block_on(async { assert_pending!(follower.poll()) });
    drop(theirs); // and the call of the leader with it

    let (led, followed) = ours.block_on(async {
        assert_pending!(leader.poll());
        assert_pending!(follower.poll()); // makes the call anew
        gate.add_permits(1);
        let (Ok(led), Ok(followed)) = tokio::join!(leader, follower);
        let roles = [&led, &followed].map(|response| *response.extensions().get::<Role>().unwrap());
        let (led, followed) =
            tokio::join!(led.into_body().collect(), followed.into_body().collect());
        let cookies = [led.unwrap(), followed.unwrap()].map(|body| {
            let cookie = body
                .trailers()
                .and_then(|trailers| trailers.get("set-cookie"));
            cookie.map(|cookie| cookie.to_str().unwrap().to_owned())
        });
        let [led, followed] = [0, 1].map(|n| (roles[n], cookies[n].clone()));
        (led, followed)
    });
    assert_eq!(calls.load(SeqCst), 2);
    // It was the second request that was answered.
    assert_eq!(
        followed,
        (Role::Leader, Some("session-of-client=1".to_owned()))
    );
    assert_eq!(
        led,
        (Role::Follower, None),
        "nothing that is for the second caller alone"
    );
}
