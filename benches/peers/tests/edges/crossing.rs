//! One caller looks its key up in the very moment in which the call ends and
//! others come.
//!
//! Two threads would do; a key that lets the others go first while it is
//! compared makes the same order certain on one.

use std::{
    cell::RefCell,
    hash::{Hash, Hasher},
};

use peers::{AsyncSingleflight, Peer, TowerPool};

use crate::support::{Caller, End, Script, runtime, settle};

thread_local! {
    static MEANWHILE: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

#[derive(Clone, Debug)]
struct Crossed;

impl PartialEq for Crossed {
    fn eq(&self, _: &Self) -> bool {
        let meanwhile = MEANWHILE.take();
        meanwhile.into_iter().for_each(|others| others());
        true
    }
}

impl Eq for Crossed {}

impl Hash for Crossed {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// Calls when the leader's call has just ended, with three more behind. Returns
/// how many calls were begun, and the most that were alive at one time.
fn crossing<P: Peer<Crossed, Script>>() -> (usize, usize) {
    let script = Script::default();
    let peer = P::new(script.clone());
    runtime().block_on(async {
        let mut leader = Caller::of(&peer, Crossed);
        leader.poll();
        script.end_unseen(0, End::Ok);
        let (send, others) = std::sync::mpsc::channel();
        let theirs = peer.clone();
        MEANWHILE.set(Some(Box::new(move || {
            leader.poll();
            let late = [0; 3].map(|_| {
                let mut caller = Caller::of(&theirs, Crossed);
                caller.poll();
                caller
            });
            let _ = send.send((leader, late));
        })));
        let mut crossing = Caller::of(&peer, Crossed);
        crossing.poll();
        let (leader, [a, b, c]) = others.recv().expect("a key was compared");
        let mut callers = [leader, crossing, a, b, c];
        settle(&mut callers).await;
        (script.begun(), script.most_alive())
    })
}

#[test]
fn one_call_at_a_time_whatever_crosses_with_tower_pool() {
    assert_eq!(crossing::<TowerPool<_, _>>(), (2, 1));
}

/// The leader takes its key from the map when its call is over, and with the key
/// whoever has come since.
#[test]
fn two_calls_of_one_key_at_a_time_with_async_singleflight() {
    assert_eq!(crossing::<AsyncSingleflight<_, _>>(), (3, 2));
}
