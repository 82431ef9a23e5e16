//! Callers that go without their answer.

use std::sync::Arc;

use crate::{
    call::{Course, Gate, Site},
    flight::Config,
    policy::{OnAbandon, Verdict},
    world::{World, model, retry_the_first},
};

/// Join and last drop: a newcomer never joins a flight that is dying.
#[test]
fn a_newcomer_joins_before_the_last_caller_goes_or_makes_a_call_after_it() {
    let joined = model(|| {
        let world = World::with(Site::of_given_up(), Config::default(), |_| Verdict::Share);
        let first = world.begun(Course::Yield);
        let other = world.spawn(|world| world.call(Course::Yield).answer());
        drop(first);
        let other = other.join().unwrap();
        let stats = world.end();
        match stats.joined {
            1 => assert_eq!((other, stats.led, stats.cancelled), (1, 1, 0)),
            _ => assert_eq!((other, stats.led, stats.cancelled), (2, 2, 1)),
        }
        stats.joined
    });
    assert_eq!(joined, [0, 1].into());
}

/// Leader drop and hand-over.
#[test]
fn a_follower_has_the_leaders_call_when_the_leader_goes() {
    let polls = model(|| {
        let world = World::new();
        let gate = Arc::new(Gate::default());
        let leader = world.begun(Course::Gate(Arc::clone(&gate)));
        let follower = world.call(Course::Ready);
        let leaver = world.spawn(|_| drop(leader));
        let opener = world.spawn(move |_| gate.open());
        assert_eq!(follower.answer(), 1);
        leaver.join().unwrap();
        opener.join().unwrap();
        let polls = world.site.polls();
        let stats = world.end();
        assert_eq!((stats.led, stats.shared, stats.cancelled), (1, 1, 0));
        polls
    });
    assert_eq!(polls, [2, 3].into());
}

/// Both go at the same time, while a task drives and the call is woken.
#[test]
fn the_last_of_two_that_go_cancels_what_a_task_drives() {
    let cancelled = model(|| {
        let world = World::new();
        let gate = Arc::new(Gate::default());
        let leader = world.begun(Course::Gate(Arc::clone(&gate)));
        let follower = world.begun(Course::Ready);
        let leaver = world.spawn(|_| drop(leader));
        gate.open();
        drop(follower);
        leaver.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.shared), (1, 0));
        stats.cancelled
    });
    assert_eq!(cancelled, [0, 1].into());
}

/// A flight that is abandoned runs on in a task, and takes no newcomer.
#[test]
fn a_newcomer_does_not_join_a_call_that_finishes_for_nobody() {
    let joined = model(|| {
        let config = Config {
            on_abandon: OnAbandon::Finish,
            ..Config::default()
        };
        let world = World::with(Site::of_several(), config, |_| Verdict::Share);
        let first = world.begun(Course::Yield);
        let other = world.spawn(|world| world.call(Course::Yield).answer());
        drop(first);
        let other = other.join().unwrap();
        let stats = world.end();
        assert_eq!(other as u64, stats.led);
        assert_eq!((stats.led + stats.joined, stats.cancelled), (2, 0));
        stats.joined
    });
    assert_eq!(joined, [0, 1].into());
}

/// Nobody has begun, and one of them goes: the other leads.
#[test]
fn one_goes_before_it_has_begun_what_another_begins() {
    let tasks = model(|| {
        let world = World::new();
        let first = world.call(Course::Yield);
        let second = world.call(Course::Yield);
        let goes = world.spawn(|_| drop(first));
        assert_eq!(second.answer(), 1);
        goes.join().unwrap();
        let tasks = world.runtime.tasks();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.cancelled), (1, 1, 0));
        tasks
    });
    assert_eq!(tasks, [0, 1].into());
}

/// A leader goes while a verdict has its followers retry: its outcome is nobody's.
#[test]
fn a_leader_goes_as_its_followers_are_to_retry() {
    let begun = model(|| {
        let world = World::with(Site::default(), Config::default(), retry_the_first);
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Yield);
        let goes = world.spawn(|world| {
            drop(leader);
            world.site.begun()
        });
        assert_eq!(follower.answer(), 2);
        let begun = goes.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.retried, stats.cancelled), (2, 1, 0));
        begun
    });
    assert_eq!(begun, [1, 2].into());
}

/// The task that drives what nobody waits for any more finds that out, though
/// nothing wakes the call.
#[test]
fn a_task_ends_when_all_have_gone() {
    let polls = model(|| {
        let world = World::new();
        let never = Arc::new(Gate::default());
        let leader = world.begun(Course::Gate(never));
        let follower = world.begun(Course::Ready);
        let leaver = world.spawn(|_| drop(leader));
        drop(follower);
        leaver.join().unwrap();
        let polls = world.site.polls();
        let stats = world.end();
        assert_eq!((stats.led, stats.cancelled), (1, 1));
        polls
    });
    assert_eq!(polls, [1, 2].into());
}

/// A leader that is alone again gets its answer unseen, and nobody joins for it.
#[test]
fn nobody_joins_what_has_an_answer_for_its_leader_alone() {
    let joined = model(|| {
        let world = World::new();
        let leader = world.begun(Course::Yield);
        let mut follower = world.call(Course::Ready);
        let _ = follower.poll_once();
        drop(follower);
        let newcomer = world.spawn(|world| world.call(Course::Ready).answer());
        assert_eq!(leader.answer(), 1);
        let newcomer = newcomer.join().unwrap();
        let stats = world.end();
        assert_eq!(stats.released, 0);
        assert_eq!(newcomer as u64, stats.led);
        stats.joined
    });
    assert_eq!(joined, [1, 2].into());
}

/// Join and last drop, while a task drives: and it may have come to its end.
#[test]
fn a_newcomer_joins_what_a_task_drives_only_before_the_last_goes() {
    let outcomes = model(|| {
        let world = World::with(Site::of_given_up(), Config::default(), |_| Verdict::Share);
        let gate = Arc::new(Gate::default());
        let leader = world.begun(Course::Gate(Arc::clone(&gate)));
        let follower = world.begun(Course::Ready);
        drop(leader);
        gate.open();
        let newcomer = world.spawn(|world| world.call(Course::Ready).answer());
        drop(follower);
        let newcomer = newcomer.join().unwrap();
        let stats = world.end();
        assert_eq!((newcomer as u64, stats.led + stats.joined), (stats.led, 3));
        (newcomer, stats.cancelled)
    });
    assert_eq!(outcomes, [(1, 0), (2, 0), (2, 1)].into());
}
