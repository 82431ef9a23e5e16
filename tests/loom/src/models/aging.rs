//! Flights that are too old to be joined: all are, with a `max_age` of nothing.

use std::time::Duration;

use crate::{
    call::{Course, Site},
    flight::Config,
    policy::Verdict,
    world::{World, model},
};

fn world() -> World {
    let config = Config {
        max_age: Some(Duration::ZERO),
        ..Config::default()
    };
    World::with(Site::of_several(), config, |_| Verdict::Share)
}

/// Age and completion: the newcomer that finds a flight too old takes it from the
/// table, and nothing else.
#[test]
fn a_newcomer_closes_what_is_too_old_as_it_ends() {
    let seen = model(|| {
        let world = world();
        let first = world.call(Course::Yield);
        let newcomer = world.spawn(|world| {
            let newcomer = world.call(Course::Yield);
            let seen = (world.site.begun(), world.site.is_busy());
            newcomer.answer();
            seen
        });
        first.answer();
        let seen = newcomer.join().unwrap();
        assert_eq!(world.site.begun(), 2);
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (2, 0, 0));
        seen
    });
    assert_eq!(seen, [(0, false), (1, true), (1, false)].into());
}

/// Age and last drop.
#[test]
fn a_newcomer_closes_what_is_too_old_as_its_caller_goes() {
    let seen = model(|| {
        let world = world();
        let first = world.begun(Course::Yield);
        let newcomer = world.spawn(|world| {
            let newcomer = world.call(Course::Yield);
            let seen = world.site.is_busy();
            assert_eq!(newcomer.answer(), 2);
            seen
        });
        drop(first);
        let seen = newcomer.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.cancelled), (2, 0, 1));
        seen
    });
    assert_eq!(seen, [false, true].into());
}

/// Two find the same flight too old: each has one of its own in the end, and
/// none is taken from the table by whoever means another.
#[test]
fn two_newcomers_close_what_is_too_old() {
    let others = model(|| {
        let world = world();
        let first = world.call(Course::Ready);
        let other = world.spawn(|world| world.call(Course::Ready).answer());
        let mine = world.call(Course::Ready).answer();
        let others = other.join().unwrap();
        assert_eq!(first.answer(), 3);
        assert_eq!(mine + others, 3);
        let stats = world.end();
        assert_eq!((stats.led, stats.joined), (3, 0));
        others
    });
    assert_eq!(others, [1, 2].into());
}
