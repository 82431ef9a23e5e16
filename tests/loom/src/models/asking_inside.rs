//! Calls that ask for what they are themselves the answer to.
//!
//! The caller that such a call makes does not count while it is inside. Here it
//! gets out, to another thread.

use std::{sync::Arc, task::Waker};

use loom::sync::mpsc::{Receiver, channel};

use crate::{
    call::{Ask, Course, Gate, Site},
    flight::Config,
    park::Parker,
    policy::Verdict,
    world::{Guest, World, model},
};

/// A call that asks, the gate that it then waits for, and where its caller comes out.
fn ask(world: &World, waker: Waker) -> (Course, Arc<Gate>, Receiver<Guest>) {
    let (guests, guest) = channel();
    let gate = Arc::new(Gate::default());
    let ask = Ask {
        world: world.clone(),
        waker,
        guests,
        gate: Arc::clone(&gate),
    };
    (Course::Ask(ask), gate, guest)
}

/// Polled elsewhere while the call is polled, parked or over.
#[test]
fn who_gets_out_shares_the_answer_or_finds_it_gone() {
    let outcomes = model(|| {
        let world = World::new();
        let (course, gate, guest) = ask(&world, Waker::noop().clone());
        let leader = world.call(course);
        let outside = world.spawn(move |_| {
            let guest = guest.recv().unwrap();
            gate.open();
            guest.answer()
        });
        assert_eq!(leader.answer(), 1);
        let answer = outside.join().unwrap();
        let handed_over = world.runtime.tasks();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined), (1, 1));
        match answer {
            1 => assert_eq!((stats.shared, stats.released), (1, 0)),
            _ => assert_eq!((answer, stats.shared, stats.released), (2, 0, 1)),
        }
        (answer, handed_over)
    });
    assert_eq!(outcomes, [(1, 0), (1, 1), (2, 0)].into());
}

/// Nobody polls it elsewhere until it is woken, and the call waits for that.
#[test]
fn who_was_polled_inside_is_woken_once_the_call_is_parked() {
    let tasks = model(|| {
        let world = World::new();
        let parker = Parker::new();
        let (course, gate, guest) = ask(&world, Arc::clone(&parker).into());
        let leader = world.call(course);
        let outside = world.spawn(move |_| {
            let mut guest = guest.recv().unwrap();
            parker.park();
            assert!(guest.poll_once().is_pending());
            gate.open();
            guest.answer()
        });
        assert_eq!(leader.answer(), 1);
        assert_eq!(outside.join().unwrap(), 1);
        let tasks = world.runtime.tasks();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (1, 1, 1));
        tasks
    });
    assert_eq!(tasks, [0, 1].into());
}

/// The last caller outside goes: the call goes with it, unless somebody got out.
#[test]
fn who_gets_out_has_the_call_or_makes_its_own_as_the_last_outside_goes() {
    let answers = model(|| {
        let world = World::with(Site::of_given_up(), Config::default(), |_| Verdict::Share);
        let (course, gate, guest) = ask(&world, Waker::noop().clone());
        let leader = world.begun(course);
        let guest = guest.recv().unwrap();
        let goes = world.spawn(|_| drop(leader));
        gate.open();
        let answer = guest.answer();
        goes.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined), (1, 1));
        let of_its_own = answer as u64 - 1;
        assert_eq!((stats.cancelled, stats.released), (of_its_own, of_its_own));
        answer
    });
    assert_eq!(answers, [1, 2].into());
}

/// It is dropped elsewhere, and the caller outside is alone again.
#[test]
fn who_gets_out_to_go_leaves_the_call_as_it_was() {
    let polls = model(|| {
        let world = World::new();
        let (course, gate, guest) = ask(&world, Waker::noop().clone());
        let leader = world.call(course);
        let outside = world.spawn(move |_| {
            let guest = guest.recv().unwrap();
            gate.open();
            drop(guest);
        });
        assert_eq!(leader.answer(), 1);
        outside.join().unwrap();
        let polls = world.site.polls();
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (1, 1, 0));
        assert_eq!((stats.cancelled, stats.released), (0, 0));
        polls
    });
    assert_eq!(polls, [1, 2, 3].into());
}
