//! Calls that panic.

use std::panic::resume_unwind;

use crate::{
    call::{Answer, Course, Failure, Site},
    flight::Config,
    world::{World, model},
};

/// Panic and join: it unwinds in all who joined, and in nobody else.
#[test]
fn a_newcomer_shares_the_panic_or_makes_a_call_after_it() {
    let joined = model(|| {
        let world = World::new();
        let first = world.begun(Course::Panic);
        let other = world.spawn(|world| world.call(Course::Ready).end());
        assert_eq!(first.end(), None);
        let other = other.join().unwrap();
        let stats = world.end();
        match stats.joined {
            1 => assert_eq!((other, stats.led), (None, 1)),
            _ => assert_eq!((other, stats.led), (Some(2), 2)),
        }
        assert_eq!((stats.panicked, stats.shared), (1, 0));
        stats.joined
    });
    assert_eq!(joined, [0, 1].into());
}

/// A policy that panics, and join: the same.
#[test]
fn a_newcomer_shares_the_panic_of_a_policy_or_makes_a_call_after_it() {
    let joined = model(|| {
        let policy = |_: Result<&Answer, &Failure>| resume_unwind(Box::new("the policy panics"));
        let world = World::with(Site::default(), Config::default(), policy);
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Ready);
        let newcomer = world.spawn(|world| world.call(Course::Ready).end());
        assert_eq!(follower.end(), None);
        assert_eq!(leader.end(), None);
        let newcomer = newcomer.join().unwrap();
        let stats = world.end();
        match stats.joined {
            2 => assert_eq!((newcomer, stats.led), (None, 1)),
            _ => assert_eq!((newcomer, stats.led), (Some(2), 2)),
        }
        assert_eq!((stats.panicked, stats.shared), (1, 0));
        stats.joined
    });
    assert_eq!(joined, [1, 2].into());
}
