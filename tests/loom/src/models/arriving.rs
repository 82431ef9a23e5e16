//! Responses that arrive, newcomers who join them, and keys that are forgotten.

use std::sync::Arc;

use http::Response;
use loom::thread;

use crate::{
    arriving::{Arriving, Asked, Limits},
    body::SharedBody,
    call::Gate,
    request_key::RequestKey,
    stage::{Act, Read, Stage},
    world::model,
};

const KEY: RequestKey<&str> = RequestKey("the key");

/// The responses of one pool.
#[derive(Clone)]
struct Pool(Arc<Arriving<&'static str>>);

impl Pool {
    fn new() -> Self {
        Self(Arc::new(Arriving::new(Limits {
            max_body: u64::MAX,
            max_callers: usize::MAX,
            max_age: None,
        })))
    }

    /// This response to that request has come.
    fn open(&self, asked: Asked, body: SharedBody) -> SharedBody {
        let response = Response::new(body);
        self.0.open(Arc::new(KEY), asked, &response);
        response.into_body()
    }

    /// This response to a request that is made now.
    fn open_now(&self, body: SharedBody) -> SharedBody {
        self.open(self.0.ask(), body)
    }

    fn join(&self) -> Option<SharedBody> {
        self.0.join(&KEY).map(Response::into_body)
    }

    /// When all readers have gone: nothing is left.
    fn end(self, stages: impl IntoIterator<Item = Stage>) {
        assert_eq!(self.0.len(), 0, "a response is left");
        stages.into_iter().for_each(Stage::end);
    }
}

/// Newcomer and end: all of the response, or another; and its key is gone.
#[test]
fn a_newcomer_joins_a_response_before_its_end_or_not_at_all() {
    let reads = model(|| {
        let (pool, stage) = (Pool::new(), Stage::default());
        let first = pool.open_now(stage.share([Act::Frame, Act::Yield]));
        let first = stage.spawn_reader(first);
        let read = pool.join().map(|newcomer| stage.read(newcomer));
        assert_eq!(first.join().unwrap(), Read::All(1));
        pool.end([stage]);
        read
    });
    assert_eq!(reads, [None, Some(Read::All(1))].into());
}

/// Newcomer and last drop.
#[test]
fn a_newcomer_joins_a_response_before_its_last_reader_goes_or_not_at_all() {
    let reads = model(|| {
        let (pool, stage) = (Pool::new(), Stage::default());
        let last = pool.open_now(stage.share([Act::Frame]));
        let leaver = thread::spawn(move || drop(last));
        let read = pool.join().map(|newcomer| stage.read(newcomer));
        leaver.join().unwrap();
        pool.end([stage]);
        read
    });
    assert_eq!(reads, [None, Some(Read::All(1))].into());
}

/// Forget and response: one to a request from before is for nobody new.
#[test]
fn what_comes_while_its_key_is_forgotten_cannot_be_joined() {
    let forgotten = model(|| {
        let (pool, stage) = (Pool::new(), Stage::default());
        let asked = pool.0.ask();
        let opener = {
            let (pool, stage) = (pool.clone(), stage.clone());
            thread::spawn(move || pool.open(asked, stage.share([Act::Frame])))
        };
        let forgotten = pool.0.forget(&KEY);
        assert!(pool.join().is_none());
        let response = opener.join().unwrap();
        assert!(pool.join().is_none());
        drop(response);
        pool.end([stage]);
        forgotten
    });
    assert_eq!(forgotten, [false, true].into());
}

/// Forget and forget: the later of the two holds.
#[test]
fn what_is_forgotten_twice_is_forgotten_by_the_later() {
    model(|| {
        let (pool, stage) = (Pool::new(), Stage::default());
        let forgetter = {
            let pool = pool.clone();
            thread::spawn(move || pool.0.forget(&KEY))
        };
        let asked = pool.0.ask();
        pool.0.forget(&KEY);
        let response = pool.open(asked, stage.share([Act::Frame]));
        forgetter.join().unwrap();
        assert!(pool.join().is_none());
        drop(response);
        pool.end([stage]);
    });
}

/// Forget and newcomer: it joins before, and has all of the response.
#[test]
fn a_newcomer_joins_a_response_before_its_key_is_forgotten_or_not_at_all() {
    let reads = model(|| {
        let (pool, stage) = (Pool::new(), Stage::default());
        let first = pool.open_now(stage.share([Act::Frame]));
        let forgetter = {
            let pool = pool.clone();
            thread::spawn(move || pool.0.forget(&KEY))
        };
        let read = pool.join().map(|newcomer| stage.read(newcomer));
        let forgotten = forgetter.join().unwrap();
        assert!(forgotten || read.is_some(), "it was there until then");
        assert!(pool.join().is_none());
        drop(first);
        pool.end([stage]);
        read
    });
    assert_eq!(reads, [None, Some(Read::All(1))].into());
}

/// Two responses: the younger request's is the one to be joined, whichever comes first.
#[test]
fn of_two_responses_the_younger_is_joined() {
    model(|| {
        let (pool, older, younger) = (Pool::new(), Stage::default(), Stage::default());
        let asked = pool.0.ask();
        let asked_later = pool.0.ask();
        let opener = {
            let (pool, older) = (pool.clone(), older.clone());
            thread::spawn(move || pool.open(asked, older.share([Act::Frame])))
        };
        let response = pool.open(asked_later, younger.share([Act::Frame, Act::Frame]));
        let old = opener.join().unwrap();
        let newcomer = pool.join().expect("the younger arrives");
        assert_eq!(older.read(old), Read::All(1));
        assert_eq!(younger.read(newcomer), Read::All(2));
        drop(response);
        pool.end([older, younger]);
    });
}

/// An older response's end and a younger one: only its own key is removed by it.
#[test]
fn a_response_that_ends_leaves_the_next_of_its_key_alone() {
    model(|| {
        let (pool, older, younger) = (Pool::new(), Stage::default(), Stage::default());
        let old = pool.open_now(older.share([Act::Frame]));
        let old = older.spawn_reader(old);
        let response = pool.open_now(younger.share([Act::Frame, Act::Frame]));
        assert_eq!(old.join().unwrap(), Read::All(1));
        let newcomer = pool.join().expect("the younger arrives");
        assert_eq!(younger.read(newcomer), Read::All(2));
        drop(response);
        pool.end([older, younger]);
    });
}

/// The last of a pool and the end of a body: neither keeps the other.
#[test]
fn a_pool_goes_while_its_response_arrives() {
    model(|| {
        let (pool, stage) = (Pool::new(), Stage::default());
        let response = pool.open_now(stage.share([Act::Frame]));
        let reader = stage.spawn_reader(response);
        let (arriving, newcomer) = (Arc::downgrade(&pool.0), pool.join());
        drop((newcomer, pool));
        assert_eq!(reader.join().unwrap(), Read::All(1));
        assert_eq!(arriving.strong_count(), 0, "the pool is left");
        stage.end();
    });
}

/// The same, and the body goes on.
#[test]
fn a_response_that_arrives_does_not_keep_its_pool() {
    model(|| {
        let (pool, stage) = (Pool::new(), Stage::default());
        let gate = Arc::new(Gate::default());
        let response = pool.open_now(stage.share([Act::Gate(Arc::clone(&gate)), Act::Frame]));
        let reader = stage.spawn_reader(response);
        let arriving = Arc::downgrade(&pool.0);
        drop((pool.join(), pool));
        assert_eq!(arriving.strong_count(), 0, "the response keeps it");
        gate.open();
        assert_eq!(reader.join().unwrap(), Read::All(1));
        stage.end();
    });
}
