//! A call that goes from its caller to a task.

use std::sync::Arc;

use crate::{
    call::{Course, Gate},
    flight::Part,
    world::{World, model},
};

/// Hand-over while the leader polls, and while the call is woken.
#[test]
fn a_call_that_is_handed_over_while_its_caller_polls_it_is_not_lost() {
    let joined = model(|| {
        let world = World::new();
        let gate = Arc::new(Gate::default());
        let leader = world.call(Course::Gate(Arc::clone(&gate)));
        let leader = world.spawn(|_| leader.answer());
        let follower = world.spawn(|world| world.call(Course::Ready).answer());
        gate.open();
        let (leader, follower) = (leader.join().unwrap(), follower.join().unwrap());
        let stats = world.end();
        assert_eq!(leader == follower, stats.joined == 1, "{stats:?}");
        stats.joined
    });
    assert_eq!(joined, [0, 1].into());
}

/// The leader is held: polled once, and then no more.
#[test]
fn a_follower_of_a_held_leader_has_the_answer_when_the_call_is_woken() {
    let polls = model(|| {
        let world = World::new();
        let gate = Arc::new(Gate::default());
        let leader = world.begun(Course::Gate(Arc::clone(&gate)));
        let follower = world.call(Course::Ready);
        let opener = world.spawn({
            let gate = Arc::clone(&gate);
            move |_| gate.open()
        });
        assert_eq!(follower.answer(), 1);
        opener.join().unwrap();
        assert_eq!(leader.answer(), 1);
        let polls = world.site.polls();
        let stats = world.end();
        assert_eq!((stats.led, stats.shared), (1, 1));
        polls
    });
    assert_eq!(polls, [2, 3].into());
}

/// The same, where the follower joins in that one poll.
#[test]
fn a_leader_that_is_held_after_its_poll_has_handed_over() {
    let tasks = model(|| {
        let world = World::new();
        let gate = Arc::new(Gate::default());
        let mut leader = world.call(Course::Gate(Arc::clone(&gate)));
        let held = world.spawn(move |_| {
            let _ = leader.poll_once();
            leader
        });
        let follower = world.call(Course::Gate(Arc::clone(&gate)));
        let opener = world.spawn(move |_| gate.open());
        let answer = follower.answer();
        opener.join().unwrap();
        drop(held.join().unwrap());
        let tasks = world.runtime.tasks();
        let stats = world.end();
        assert_eq!((answer, stats.led, stats.joined), (1, 1, 1));
        tasks
    });
    assert_eq!(tasks, [0, 1].into());
}

/// Where there is no runtime, the callers drive the call in turn.
#[test]
fn callers_outside_a_runtime_are_all_woken() {
    let first_leads = model(|| {
        let world = World::new();
        let gate = Arc::new(Gate::default());
        let first = world.call(Course::Gate(Arc::clone(&gate)));
        let second = world.call(Course::Gate(Arc::clone(&gate)));
        let first = loom::thread::spawn(|| first.answer_and_part());
        let second = loom::thread::spawn(|| second.answer_and_part());
        gate.open();
        let (first, part) = first.join().unwrap();
        let (second, others_part) = second.join().unwrap();
        assert_eq!((first, second), (1, 1));
        assert_ne!(part, others_part);
        assert_eq!(world.runtime.tasks(), 0);
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (1, 1, 1));
        part == Part::Led
    });
    assert_eq!(first_leads, [false, true].into());
}
