//! Who is the same as whom.

use std::hash::{BuildHasher, Hasher};

use tokio_test::assert_pending;
use tower::{Layer, Service, ServiceExt};

use crate::support::{BOILER, assert_empty, held, layer, pool, pool_of, scripted};

#[tokio::test]
async fn one_layer_on_two_services_never_mixes_their_answers() {
    let layer = layer();
    let ((port, mut port_script), (starboard, mut starboard_script)) =
        (pool_of(layer.clone()), pool_of(layer));
    let answering = async {
        port_script.call().await.answer("port");
        starboard_script.call().await.answer("starboard");
    };
    let ((), a, b, c, d) = tokio::join!(
        answering,
        port.request(BOILER),
        starboard.request(BOILER),
        port.request(BOILER),
        starboard.request(BOILER),
    );
    assert_eq!([a.unwrap(), c.unwrap()], ["port", "port"]);
    assert_eq!([b.unwrap(), d.unwrap()], ["starboard", "starboard"]);
    assert_eq!((port_script.count(), starboard_script.count()), (1, 1));
}

#[tokio::test]
async fn one_layer_on_clones_of_one_service_makes_pools_that_do_not_share() {
    let layer = layer();
    let (inner, script) = scripted();
    let (a, b) = (layer.layer(inner.clone()), layer.layer(inner));
    let (mut on_a, mut on_b) = (held(a.request(BOILER)), held(b.request(BOILER)));
    assert_pending!(on_a.poll());
    assert_pending!(on_b.poll());
    assert_eq!(script.count(), 2);
}

#[tokio::test]
async fn clones_of_one_pool_share() {
    let (pool, mut script) = pool();
    let (mut a, b) = (pool.clone(), pool.clone());
    let mut leader = held(a.ready().await.unwrap().call(BOILER));
    let mut follower = held(b.request(BOILER));
    assert_pending!(leader.poll());
    assert_pending!(follower.poll());
    drop((a, b));
    assert_eq!(pool.in_flight(), 1);

    script.call().await.answer("aye");
    assert_eq!(
        [leader.await.unwrap(), follower.await.unwrap()],
        ["aye", "aye"]
    );
    assert_eq!((script.count(), pool.stats().joined), (1, 1));
}

/// Every key has the same hash.
#[derive(Clone)]
struct Constant;

impl Hasher for Constant {
    fn write(&mut self, _: &[u8]) {}
    fn finish(&self) -> u64 {
        0
    }
}

impl BuildHasher for Constant {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        Self
    }
}

#[tokio::test]
async fn equal_hashes_with_unequal_keys_never_share() {
    const PLACES: [&str; 5] = ["boiler", "galley", "bridge", "hold", "mess"];
    let (pool, mut script) = pool_of(layer().hasher(Constant));
    let mut leaders = PLACES.map(|place| held(pool.request(place)));
    let mut followers = PLACES.map(|place| held(pool.request(place)));
    for caller in leaders.iter_mut().chain(&mut followers) {
        assert_pending!(caller.poll());
    }
    assert_eq!((pool.in_flight(), pool.stats().joined), (5, 5));
    assert!(pool.forget(&"hold"));
    assert!(!pool.forget(&"crow's nest"));
    assert_eq!(pool.in_flight(), 4);

    for _ in PLACES {
        let call = script.call().await;
        let answer = call.request;
        call.answer(answer);
    }
    for (place, (leader, follower)) in PLACES.into_iter().zip(leaders.into_iter().zip(followers)) {
        assert_eq!(
            [leader.await.unwrap(), follower.await.unwrap()],
            [place, place]
        );
    }
    assert_eq!(script.count(), 5);
    assert_empty(&pool);
}

#[tokio::test]
async fn a_key_is_what_the_extractor_says_and_not_the_request() {
    let by_length = tower_pool::PoolLayer::new(|place: &&'static str| Some(place.len()));
    let (pool, mut script) = pool_of(by_length);
    let (mut bow, mut aft) = (held(pool.request("bow")), held(pool.request("aft")));
    assert_pending!(bow.poll());
    assert_pending!(aft.poll());
    let call = script.call().await;
    assert_eq!(
        call.request, "bow",
        "the leader's request is the one that is made"
    );
    call.answer("aye");
    assert_eq!([bow.await.unwrap(), aft.await.unwrap()], ["aye", "aye"]);
}

#[tokio::test]
async fn a_pool_gives_its_inner_service_and_its_state_away() {
    let layer = layer().name("reports");
    assert!(format!("{layer:?}").contains("reports"));
    let (pool, mut script) = pool_of(layer);
    let mut inner = pool.get_ref().clone();
    let mut direct = held(inner.ready().await.unwrap().call(BOILER));
    assert_pending!(direct.poll());
    script.called().answer("past the pool");
    assert_eq!(direct.await.unwrap(), "past the pool");

    let debug = format!("{pool:?}");
    assert!(
        debug.contains("reports") && debug.contains("in_flight: 0"),
        "{debug}"
    );
    let mut future = held(pool.request(BOILER));
    assert!(format!("{:?}", &*future).contains("aboard"));
    assert_pending!(future.poll());
}
