//! Keys that are not equal, but whose hashes are.
//!
//! Whoever looks for one of them makes what it finds of the other a shared
//! flight, before it can compare; whose caller is to have none the worse for it.

use crate::{
    call::Course,
    world::{World, model},
};

/// Collision and a lone caller's polls: nobody joins, and nobody waits.
#[test]
fn a_lone_caller_is_looked_at_while_it_polls() {
    let seen = model(|| {
        let world = World::new();
        let lone = world.call(Course::Yield);
        let other = world.spawn(|world| {
            let other = world.call_another(Course::Yield);
            let seen = (world.site.begun(), world.site.is_busy());
            assert_eq!(other.answer(), 1);
            seen
        });
        assert_eq!(lone.answer(), 1);
        let seen = other.join().unwrap();
        assert_eq!(world.runtime.tasks(), 0, "nobody shares anything");
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (2, 0, 0));
        seen
    });
    assert_eq!(seen, [(0, false), (1, true), (1, false)].into());
}

/// Collision and a lone caller's drop: its call goes with it, and nothing else.
#[test]
fn a_lone_caller_is_looked_at_while_it_goes() {
    let seen = model(|| {
        let world = World::new();
        let lone = world.begun(Course::Yield);
        let other = world.spawn(|world| {
            let other = world.call_another(Course::Yield);
            let seen = world.site.is_busy();
            assert_eq!(other.answer(), 1);
            seen
        });
        drop(lone);
        let seen = other.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.cancelled), (2, 0, 1));
        seen
    });
    assert_eq!(seen, [false, true].into());
}

/// Two newcomers of either key, one of which has a flight: each finds its own.
#[test]
fn newcomers_pass_by_the_flights_of_another_key() {
    let joined = model(|| {
        let world = World::new();
        let first = world.call(Course::Ready);
        let one = world.spawn(|world| {
            let another = world.call_another(Course::Ready);
            (another, world.joined())
        });
        let two = world.spawn(|world| world.call_another(Course::Ready));
        let second = world.call(Course::Ready);
        let (one, joined) = one.join().unwrap();
        let two = two.join().unwrap();
        assert_eq!([first, second].map(|guest| guest.answer()), [1, 1]);
        assert_eq!([one, two].map(|guest| guest.answer()), [1, 1]);
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (2, 2, 2));
        joined
    });
    assert_eq!(joined, [0, 1, 2].into());
}

/// The flight that a newcomer has to pass by ends meanwhile.
#[test]
fn what_is_passed_by_may_be_gone_before_the_next_is_looked_for() {
    let ended = model(|| {
        let world = World::new();
        let lone = world.begun(Course::Yield);
        let first = world.call_another(Course::Ready);
        let second = world.spawn(|world| {
            let second = world.call_another(Course::Ready);
            (second, world.site.is_busy())
        });
        assert_eq!(lone.answer(), 1);
        let (second, is_busy) = second.join().unwrap();
        assert_eq!((first.answer(), second.answer()), (1, 1));
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (2, 1, 1));
        !is_busy
    });
    assert_eq!(ended, [false, true].into());
}
