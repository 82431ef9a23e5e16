//! Flights that are forgotten.

use std::sync::Arc;

use crate::{
    call::{Course, Gate, Site},
    flight::{Config, Part},
    policy::Verdict,
    world::{World, model},
};

fn world() -> World {
    World::with(Site::of_several(), Config::default(), |_| Verdict::Share)
}

/// Complete and forget: a flight never takes its successor with it.
#[test]
fn a_flight_that_is_forgotten_as_it_ends_leaves_its_successor_alone() {
    let forgotten = model(|| {
        let world = world();
        let first = world.begun(Course::Yield);
        let other = world.spawn(|world| {
            let forgotten = world.forget();
            let second = world.call(Course::Yield);
            let third = world.call(Course::Yield);
            (second.answer(), third.answer(), forgotten)
        });
        assert_eq!(first.answer(), 1);
        let (second, third, forgotten) = other.join().unwrap();
        assert_eq!((second, third), (2, 2), "one call for both");
        let stats = world.end();
        assert_eq!((stats.led, stats.joined), (2, 1));
        forgotten
    });
    assert_eq!(forgotten, [false, true].into());
}

/// Forget and newcomer: who asks after it gets another answer.
#[test]
fn a_newcomer_joins_what_is_forgotten_only_before_it_is() {
    let newcomers = model(|| {
        let world = world();
        let gate = Arc::new(Gate::default());
        let first = world.begun(Course::Gate(Arc::clone(&gate)));
        let newcomer = world.spawn(|world| world.call(Course::Ready).answer_and_part());
        let after = world.spawn(|world| {
            world.forget(); // or it is over already
            world.call(Course::Ready).answer()
        });
        gate.open();
        let (newcomer, part) = newcomer.join().unwrap();
        let after = after.join().unwrap();
        assert_eq!(first.answer(), 1);
        let stats = world.end();
        assert!(after > 1);
        assert_eq!(stats.led + stats.joined, 3);
        match (newcomer, part) {
            (1, _) => assert_eq!((part, after, stats.led), (Part::Followed, 2, 2)),
            // It joined the one who forgot, or was joined by it.
            (2, Part::Followed) => assert_eq!((after, stats.led), (2, 2)),
            (2, _) if after == 2 => assert_eq!(stats.led, 2),
            _ => assert_eq!((newcomer + after, part, stats.led), (5, Part::Led, 3)),
        }
        newcomer
    });
    assert_eq!(newcomers, [1, 2, 3].into());
}

/// Forget and last drop: whoever is second finds nothing to do.
#[test]
fn a_flight_that_is_forgotten_as_its_last_caller_goes_is_gone() {
    let forgotten = model(|| {
        let world = world();
        let first = world.begun(Course::Yield);
        let other = world.spawn(|world| {
            let forgotten = world.forget();
            assert_eq!(world.call(Course::Yield).answer(), 2);
            forgotten
        });
        drop(first);
        let forgotten = other.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.cancelled), (2, 0, 1));
        forgotten
    });
    assert_eq!(forgotten, [false, true].into());
}
