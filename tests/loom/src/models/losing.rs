//! Runtimes that shut down while they drive a call for others.

use std::sync::Arc;

use crate::{
    call::{Course, Site},
    flight::Config,
    policy::{OnAbandon, Verdict},
    runtime::Handle,
    world::{Guest, World, model},
};

/// A runtime, and a leader whose call has begun in it.
fn begun_elsewhere(world: &World, course: Course) -> (Handle, Guest) {
    let lost = Handle::new();
    lost.enter();
    let leader = world.begun(course);
    world.runtime.enter();
    (lost, leader)
}

/// Runtime loss and join: those who are left have one new call between them.
#[test]
fn a_flight_that_loses_its_runtime_is_led_anew_by_one_of_those_left() {
    let newcomers = model(|| {
        let world = World::new();
        let (lost, leader) = begun_elsewhere(&world, Course::Gate(Arc::default()));
        let follower = world.begun(Course::Ready); // handed over, to a task of `lost`
        let newcomer = world.spawn(|world| world.call(Course::Ready).answer());
        lost.shut_down();
        let answer = follower.answer();
        let newcomer = newcomer.join().unwrap();
        drop(leader);
        lost.join();
        let stats = world.end();
        assert!(answer >= 2 && newcomer >= 2);
        assert_eq!(stats.led, answer.max(newcomer) as u64);
        newcomer
    });
    assert_eq!(newcomers, [2, 3].into());
}

/// The runtime shuts down just as the call is handed over to it.
#[test]
fn a_call_that_is_handed_over_to_a_runtime_that_ends_is_made_again_or_done() {
    let calls = model(|| {
        let world = World::new();
        let (lost, leader) = begun_elsewhere(&world, Course::Yield);
        let follower = world.call(Course::Ready);
        let ends = {
            let lost = lost.clone();
            world.spawn(move |_| lost.shut_down())
        };
        let answer = follower.answer();
        ends.join().unwrap();
        drop(leader);
        lost.join();
        let stats = world.end();
        assert_eq!(stats.led, answer as u64);
        answer
    });
    assert_eq!(calls, [1, 2].into());
}

/// One who follows a call that is lost goes, and the leader is left, whose call
/// goes on as it can: or panics, if it is gone.
#[test]
fn a_leader_whose_call_is_lost_is_not_left_waiting() {
    let answers = model(|| {
        let world = World::new();
        let (lost, leader) = begun_elsewhere(&world, Course::Yield);
        let mut follower = world.call(Course::Ready);
        let _ = follower.poll_once(); // handed over, to a task of `lost`
        let goes = world.spawn(|_| drop(follower));
        lost.shut_down();
        let answer = leader.end();
        goes.join().unwrap();
        lost.join();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.released), (1, 1, 0));
        assert_eq!((stats.cancelled, stats.panicked), (0, 0));
        (answer, stats.shared)
    });
    // With or without a follower that was there for it.
    assert_eq!(answers, [(None, 0), (Some(1), 0), (Some(1), 1)].into());
}

/// What finishes for nobody is lost with its runtime, or is over before.
#[test]
fn a_call_that_finishes_for_nobody_ends_with_its_runtime() {
    let outcomes = model(|| {
        let config = Config {
            on_abandon: OnAbandon::Finish,
            ..Config::default()
        };
        let world = World::with(Site::default(), config, |_| Verdict::Share);
        let (lost, leader) = begun_elsewhere(&world, Course::Yield);
        let goes = world.spawn(|_| drop(leader));
        lost.shut_down();
        goes.join().unwrap();
        lost.join();
        let polls = world.site.polls();
        assert_eq!(world.call(Course::Ready).answer(), 2);
        let stats = world.end();
        assert_eq!((stats.led, stats.joined), (2, 0));
        (polls, stats.cancelled)
    });
    assert_eq!(outcomes, [(1, 1), (2, 0)].into());
}
