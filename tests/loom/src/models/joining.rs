//! Callers that arrive while the call is under way, or just is not any more.

use crate::{
    call::{Course, Site},
    flight::{Config, Part},
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
    let joined = model(|| {
        let world = World::new();
        let other = world.spawn(|world| (world.call(Course::Ready), world.joined()));
        let mine = world.call(Course::Ready);
        let (other, joined) = other.join().unwrap();
        assert_eq!((mine.answer(), other.answer()), (1, 1));
        let stats = world.end();
        assert_eq!((stats.led, stats.joined), (1, 1));
        joined
    });
    assert_eq!(joined, [0, 1].into());
}

/// Two whose flight nobody has begun: one leads, and both have its answer.
#[test]
fn of_two_that_are_polled_at_the_same_time_one_leads() {
    let first_leads = model(|| {
        let world = World::new();
        let first = world.call(Course::Yield);
        let second = world.call(Course::Yield);
        let second = world.spawn(|_| second.answer_and_part());
        let (first, part) = first.answer_and_part();
        let (second, others_part) = second.join().unwrap();
        assert_eq!((first, second), (1, 1));
        assert_ne!(part, others_part);
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (1, 1, 1));
        part == Part::Led
    });
    assert_eq!(first_leads, [false, true].into());
}

/// Two first followers, of a call that its caller has parked.
#[test]
fn two_first_followers_wait_for_one_call() {
    let joined = model(|| {
        let world = World::new();
        let leader = world.begun(Course::Yield);
        let one = world.spawn(|world| world.call(Course::Yield).answer());
        let two = world.spawn(|world| world.call(Course::Yield).answer());
        let mut answers = [one.join().unwrap(), two.join().unwrap()];
        answers.sort();
        // The leader is held all the while.
        assert_eq!(leader.answer(), 1);
        let stats = world.end();
        match stats.joined {
            2 => assert_eq!((answers, stats.led), ([1, 1], 1)),
            _ => assert_eq!((answers, stats.led, stats.joined), ([1, 2], 2, 1)),
        }
        assert_eq!(stats.shared, stats.joined);
        stats.joined
    });
    assert_eq!(joined, [1, 2].into());
}

/// Of two newcomers that there is room for one of, one joins.
#[test]
fn no_more_join_than_may() {
    let mine = model(|| {
        let config = Config {
            max_callers: 2,
            ..Config::default()
        };
        let world = World::with(Site::default(), config, |_| Verdict::Share);
        let leader = world.call(Course::Ready);
        let other = world.spawn(|world| world.try_call(Course::Ready));
        let mine = world.try_call(Course::Ready);
        let other = other.join().unwrap();
        let joined = mine.is_some();
        assert_ne!(joined, other.is_some());
        let follower = mine.or(other).unwrap();
        assert_eq!((leader.answer(), follower.answer()), (1, 1));
        let stats = world.end();
        assert_eq!((stats.led, stats.joined, stats.shared), (1, 1, 1));
        joined
    });
    assert_eq!(mine, [false, true].into());
}

/// Who has seen an answer can never join the flight that it is from.
#[test]
fn a_follower_that_asks_again_gets_another_answer() {
    let begun = model(|| {
        let world = World::new();
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Ready);
        let leader = world.spawn(|world| (leader.answer(), world.site.begun()));
        assert_eq!(follower.answer(), 1);
        assert_eq!(world.call(Course::Ready).answer(), 2);
        let (leader, begun) = leader.join().unwrap();
        assert_eq!(leader, 1);
        let stats = world.end();
        assert_eq!((stats.led, stats.shared), (2, 1));
        begun
    });
    assert_eq!(begun, [1, 2].into());
}
