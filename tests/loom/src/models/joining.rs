//! Callers that arrive while the call is under way, or just is not any more.

use crate::{
    call::{Course, Site},
    flight::Config,
    policy::Verdict,
    world::{World, model},
};

/// Join and complete: a call that is ready at once, and one who asks meanwhile.
#[test]
fn a_newcomer_joins_before_the_answer_or_makes_a_call_after_it() {
    for course in [Course::Ready, Course::Yield] {
        let joined = model(move || {
            let world = World::new();
            let first = world.call(course.clone());
            let other = {
                let course = course.clone();
                world.spawn(|world| world.call(course).answer())
            };
            let first = first.answer();
            let other = other.join().unwrap();
            let stats = world.end();
            assert_eq!(stats.led + stats.joined, 2);
            assert_eq!(first == other, stats.joined == 1, "{stats:?}");
            assert_eq!(stats.shared, stats.joined);
            stats.joined
        });
        assert_eq!(joined, [0, 1].into());
    }
}

/// Who finds no flight makes one, and nobody else does in between.
#[test]
fn two_that_call_at_the_same_time_are_in_one_flight() {
    model(|| {
        let world = World::new();
        let other = world.spawn(|world| world.call(Course::Ready));
        let mine = world.call(Course::Ready);
        let other = other.join().unwrap();
        assert_eq!((mine.answer(), other.answer()), (1, 1));
        let stats = world.end();
        assert_eq!((stats.led, stats.joined), (1, 1));
    });
}

/// Two whose flight nobody has begun: one leads, and both have its answer.
#[test]
fn of_two_that_are_polled_at_the_same_time_one_leads() {
    model(|| {
        let world = World::new();
        let first = world.call(Course::Yield);
        let second = world.call(Course::Yield);
        let second = world.spawn(|_| second.answer());
        assert_eq!(first.answer(), 1);
        assert_eq!(second.join().unwrap(), 1);
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (1, 1, 1));
    });
}

/// Two first followers, of a call that its caller has parked.
#[test]
fn two_first_followers_wait_for_one_call() {
    let joined = model(|| {
        let world = World::new();
        let leader = world.begun(Course::Yield);
        let one = world.spawn(|world| world.call(Course::Yield).answer());
        let two = world.spawn(|world| world.call(Course::Yield).answer());
        let answers = [one.join().unwrap(), two.join().unwrap()];
        // The leader is held all the while.
        let leader = leader.answer();
        let stats = world.end();
        assert!(leader == 1 || leader == answers[0].max(answers[1]));
        assert_eq!(stats.led + stats.joined, 3);
        assert!(answers.iter().all(|answer| *answer as u64 <= stats.led));
        stats.joined
    });
    assert_eq!(joined, [1, 2].into());
}

/// Of two newcomers that there is room for one of, one joins.
#[test]
fn no_more_join_than_may() {
    model(|| {
        let config = Config {
            max_callers: 2,
            ..Config::default()
        };
        let world = World::with(Site::default(), config, |_| Verdict::Share);
        let leader = world.call(Course::Ready);
        let other = world.spawn(|world| world.try_call(Course::Ready));
        let mine = world.try_call(Course::Ready);
        let other = other.join().unwrap();
        assert_eq!(mine.is_some() as u32 + other.is_some() as u32, 1);
        let follower = mine.or(other).unwrap();
        assert_eq!((leader.answer(), follower.answer()), (1, 1));
        world.end();
    });
}

/// Who has seen an answer can never join the flight that it is from.
#[test]
fn a_follower_that_asks_again_gets_another_answer() {
    model(|| {
        let world = World::new();
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Ready);
        let leader = world.spawn(|_| leader.answer());
        assert_eq!(follower.answer(), 1);
        assert_eq!(world.call(Course::Ready).answer(), 2);
        assert_eq!(leader.join().unwrap(), 1);
        let stats = world.end();
        assert_eq!((stats.led, stats.shared), (2, 1));
    });
}
