//! Readers of one body, what it does meanwhile, and newcomers at its start.

use std::{collections::BTreeSet, sync::Arc};

use loom::thread;

use crate::{
    call::Gate,
    stage::{Act, Read, Stage, poll_a_frame, poll_and_hold},
    world::model,
};

/// Driver and reader: whoever polls the body does it for both.
#[test]
fn two_readers_have_all_of_a_body() {
    model(|| {
        let stage = Stage::default();
        let one = stage.share([Act::Frame, Act::Yield, Act::Frame]);
        let other = stage.spawn_reader(one.clone());
        assert_eq!(stage.read(one), Read::All(2));
        assert_eq!(other.join().unwrap(), Read::All(2));
        stage.end();
    });
}

/// Wake and wait: whoever waits is woken, be it driver or not.
#[test]
fn two_readers_are_woken_when_the_body_is() {
    let polls = model(|| {
        let (stage, gate) = (Stage::default(), Arc::new(Gate::default()));
        let one = stage.share([Act::Gate(Arc::clone(&gate)), Act::Frame]);
        let other = stage.spawn_reader(one.clone());
        let opener = thread::spawn(move || gate.open());
        assert_eq!(stage.read(one), Read::All(1));
        assert_eq!(other.join().unwrap(), Read::All(1));
        opener.join().unwrap();
        let polls = stage.polls();
        stage.end();
        polls
    });
    assert_eq!(polls, [2, 3].into());
}

/// Wake and poll: a wake that comes while the body is polled is kept for it.
#[test]
fn a_reader_is_woken_if_the_body_is_while_it_is_polled() {
    let polls = model(|| {
        let (stage, gate) = (Stage::default(), Arc::new(Gate::default()));
        let reader = stage.share([Act::Gate(Arc::clone(&gate)), Act::Frame]);
        let reader = stage.spawn_reader(reader);
        gate.open();
        assert_eq!(reader.join().unwrap(), Read::All(1));
        let polls = stage.polls();
        stage.end();
        polls
    });
    assert_eq!(polls, [2, 3].into());
}

/// Wake and new waker: the reader is woken by its latest.
#[test]
fn a_reader_that_brings_another_waker_is_woken_by_that() {
    model(|| {
        let (stage, gate) = (Stage::default(), Arc::new(Gate::default()));
        let mut reader = stage.share([Act::Gate(Arc::clone(&gate)), Act::Frame]);
        let held = reader.clone();
        poll_and_hold(&mut reader);
        let opener = thread::spawn(move || gate.open());
        assert_eq!(stage.read(reader), Read::All(1));
        opener.join().unwrap();
        drop(held);
        stage.end();
    });
}

/// Held driver and reader: whoever waits is woken, and goes on without it.
#[test]
fn a_reader_that_is_held_after_its_poll_stops_nobody() {
    model(|| {
        let (stage, gate) = (Stage::default(), Arc::new(Gate::default()));
        let mut held = stage.share([Act::Gate(Arc::clone(&gate)), Act::Frame]);
        let reader = stage.spawn_reader(held.clone());
        poll_and_hold(&mut held);
        gate.open();
        assert_eq!(reader.join().unwrap(), Read::All(1));
        assert_eq!(stage.read(held), Read::All(1));
        stage.end();
    });
}

/// Driver drop and reader, while the body wakes.
#[test]
fn a_reader_that_goes_leaves_the_body_to_the_other() {
    model(|| {
        let (stage, gate) = (Stage::default(), Arc::new(Gate::default()));
        let mut first = stage.share([Act::Gate(Arc::clone(&gate)), Act::Frame]);
        let reader = stage.spawn_reader(first.clone());
        poll_and_hold(&mut first);
        let opener = thread::spawn(move || gate.open());
        drop(first);
        assert_eq!(reader.join().unwrap(), Read::All(1));
        opener.join().unwrap();
        stage.end();
    });
}

/// The last two drops, and a wake.
#[test]
fn the_last_of_two_readers_that_go_takes_the_body_along() {
    model(|| {
        let (stage, gate) = (Stage::default(), Arc::new(Gate::default()));
        let mut one = stage.share([Act::Gate(Arc::clone(&gate)), Act::Frame]);
        let mut other = one.clone();
        poll_and_hold(&mut one);
        poll_and_hold(&mut other);
        let leaver = thread::spawn(move || drop(other));
        let opener = thread::spawn(move || gate.open());
        drop(one);
        leaver.join().unwrap();
        opener.join().unwrap();
        stage.end();
    });
}

/// Drop and read: nothing is kept for who has gone.
#[test]
fn frames_go_with_the_last_reader_that_has_yet_to_read_them() {
    model(|| {
        let stage = Stage::default();
        let mut reader = stage.share([Act::Frame, Act::Frame]);
        let slow = reader.clone();
        let leaver = thread::spawn(move || drop(slow));
        assert_eq!(stage.read_and_hold(&mut reader), Read::All(2));
        leaver.join().unwrap();
        stage.assert_empty();
        drop(reader);
        stage.end();
    });
}

/// Clone and read: a clone has all of the body, or is told that it came too late.
#[test]
fn a_clone_is_made_before_the_last_reader_passes_the_start_or_is_late() {
    let reads = model(|| {
        let stage = Stage::default();
        let mut ahead = stage.share([Act::Frame, Act::Frame]);
        let last = ahead.clone();
        poll_a_frame(&mut ahead);
        let last = stage.spawn_reader(last);
        let clone = ahead.clone();
        drop(ahead);
        let read = stage.read(clone);
        assert_eq!(last.join().unwrap(), Read::All(2));
        stage.end();
        read
    });
    assert_eq!(reads, [Read::All(2), Read::Lagged(0)].into());
}

/// Read and push: a reader that is too far behind is told so; one of the two never is.
#[test]
fn a_reader_is_cut_off_only_if_the_other_has_all() {
    let reads = model(|| {
        let stage = Stage::default();
        let one = stage.share_within(1, [Act::Frame, Act::Frame, Act::Frame]);
        let other = stage.spawn_reader(one.clone());
        let one = stage.read(one);
        let reads = BTreeSet::from([one, other.join().unwrap()]);
        assert!(reads.contains(&Read::All(3)));
        stage.end();
        reads
    });
    let cut_off = |frames| BTreeSet::from([Read::All(3), Read::Lagged(frames)]);
    assert_eq!(
        reads,
        [[Read::All(3)].into(), cut_off(0), cut_off(1)].into()
    );
}

/// Failure and wait: all have it, and the body is gone before.
#[test]
fn all_readers_have_the_failure_of_a_body() {
    model(|| {
        let stage = Stage::default();
        let one = stage.share([Act::Frame, Act::Yield, Act::Fail]);
        let other = stage.spawn_reader(one.clone());
        assert_eq!(stage.read(one), Read::Failed(1));
        assert_eq!(other.join().unwrap(), Read::Failed(1));
        stage.end();
    });
}

/// Panic and wait: it unwinds in one, and the other is told.
#[test]
fn a_body_panics_in_one_reader_and_fails_in_the_other() {
    let reads = model(|| {
        let stage = Stage::default();
        let one = stage.share([Act::Frame, Act::Yield, Act::Panic]);
        let other = stage.spawn_reader(one.clone());
        let reads = [stage.read(one), other.join().unwrap()];
        stage.end();
        reads
    });
    let (unwound, told) = (Read::Unwound(1), Read::Panicked(1));
    assert_eq!(reads, [[unwound, told], [told, unwound]].into());
}

/// Newcomer and last drop: all of the body, or nothing at all.
#[test]
fn a_newcomer_joins_before_the_last_reader_goes_or_not_at_all() {
    let joined = model(|| {
        let stage = Stage::default();
        let (last, start) = stage.share_and_hold(2, [Act::Frame, Act::Yield, Act::Frame]);
        let leaver = thread::spawn(move || drop(last));
        let newcomer = start.join(usize::MAX);
        let read = newcomer.map(|newcomer| stage.read(newcomer));
        leaver.join().unwrap();
        assert!(start.join(usize::MAX).is_none());
        stage.end();
        read
    });
    assert_eq!(joined, [None, Some(Read::All(2))].into());
}

/// Newcomer and first driver: from the first frame, or not at all.
#[test]
fn a_newcomer_joins_while_the_start_is_held_or_not_at_all() {
    let joined = model(|| {
        let stage = Stage::default();
        let (first, start) = stage.share_and_hold(1, [Act::Frame, Act::Frame, Act::Frame]);
        let first = stage.spawn_reader(first);
        let newcomer = start.join(usize::MAX);
        let read = newcomer.map(|newcomer| stage.read(newcomer));
        assert_eq!(first.join().unwrap(), Read::All(3));
        assert!(start.join(usize::MAX).is_none());
        stage.end();
        read
    });
    assert_eq!(joined, [None, Some(Read::All(3))].into());
}

/// Newcomer and end, where all of the body is held.
#[test]
fn a_newcomer_joins_before_the_end_or_not_at_all() {
    let joined = model(|| {
        let stage = Stage::default();
        let (first, start) = stage.share_and_hold(9, [Act::Frame]);
        let first = stage.spawn_reader(first);
        let newcomer = start.join(usize::MAX);
        let read = newcomer.map(|newcomer| stage.read(newcomer));
        assert_eq!(first.join().unwrap(), Read::All(1));
        stage.end();
        read
    });
    assert_eq!(joined, [None, Some(Read::All(1))].into());
}

/// Two newcomers, and one place.
#[test]
fn one_of_two_newcomers_has_the_last_place() {
    let joined = model(|| {
        let stage = Stage::default();
        let (first, start) = stage.share_and_hold(9, [Act::Frame]);
        let one = {
            let start = start.clone();
            thread::spawn(move || start.join(2))
        };
        let other = start.join(2);
        let one = one.join().unwrap();
        let joined = [one.is_some(), other.is_some()];
        drop((one, other));
        assert_eq!(stage.read(first), Read::All(1));
        stage.end();
        joined
    });
    assert_eq!(joined, [[true, false], [false, true]].into());
}

/// The end of a hold, and the last drop of who might have needed its frames:
/// while the body goes on, nothing is kept and nobody joins.
#[test]
fn what_was_held_goes_when_nobody_can_need_it() {
    model(|| {
        let (stage, gate) = (Stage::default(), Arc::new(Gate::default()));
        let acts = [Act::Frame, Act::Frame, Act::Gate(gate)];
        let (mut reader, start) = stage.share_and_hold(1, acts);
        let other = reader.clone();
        let leaver = thread::spawn(move || drop(other));
        poll_a_frame(&mut reader);
        poll_a_frame(&mut reader);
        leaver.join().unwrap();
        assert!(start.join(usize::MAX).is_none());
        stage.assert_empty();
        drop(reader);
        stage.end();
    });
}
