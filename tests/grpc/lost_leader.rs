//! A leader whose call was lost with its runtime shares another's: it is not the
//! one that was answered.

use std::convert::Infallible;

use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::runtime::{Builder, Runtime};
use tokio_test::assert_pending;
use tonic::body::Body;
use tower_pool::http::Role;

use crate::{
    by_hand::response,
    inner::{ask, pool, send},
    site::pooled,
};

#[test]
fn a_leader_that_shares_the_call_of_another_is_a_follower_and_gets_no_trailers_of_another_client() {
    let (theirs, ours) = (
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_current_thread().enable_all().build().unwrap(),
    );
    let (pool, mut calls) = pool(pooled());
    let message = || ask(Full::from(&[0_u8; 5][..]));
    let sent_in = |runtime: &Runtime| {
        let _context = runtime.enter();
        send(&pool, message())
    };
    let mut leader = sent_in(&theirs);
    let lost = calls.next();
    let mut follower = sent_in(&ours);
    drop((theirs, lost)); // and the call of the leader with it

    let answers = ours.block_on(async {
        assert_pending!(leader.poll());
        assert_pending!(follower.poll()); // makes the call anew
        tokio::task::yield_now().await;
        let call = calls.next();
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        trailers.insert("set-cookie", "session-of=follower".parse().unwrap());
        let frames = [
            Frame::data(bytes::Bytes::from_static(&[0; 5])),
            Frame::trailers(trailers),
        ];
        let body = StreamBody::new(tokio_stream::iter(frames.map(Ok::<_, Infallible>)));
        call.answer
            .send(response(&[]).map(|()| Body::new(body)))
            .unwrap();
        let (led, followed) = tokio::join!(leader, follower);
        let mut answers = Vec::new();
        for answer in [led, followed] {
            let answer = answer.map_err(|_| "failed").unwrap();
            let role = *answer.extensions().get::<Role>().unwrap();
            let body = answer
                .into_body()
                .collect()
                .await
                .map_err(|_| "cut")
                .unwrap();
            let trailers = body.trailers().unwrap();
            let has = ["grpc-status", "set-cookie"].map(|name| trailers.contains_key(name));
            answers.push((role, has));
        }
        answers
    });
    assert_eq!(
        answers,
        [
            (Role::Follower, [true, false]), // nothing that is for the other alone
            (Role::Leader, [true, true]),
        ]
    );
}
