//! Verdicts that do not share.

use crate::{
    call::{Course, Site},
    flight::{Config, Part},
    policy::Verdict,
    world::{World, model, retry_the_first},
};

/// Retry election: one leads anew, and a newcomer has somewhere to join.
#[test]
fn of_the_followers_that_are_to_retry_one_leads() {
    let one_leads = model(|| {
        let world = World::with(Site::default(), Config::default(), retry_the_first);
        let leader = world.begun(Course::Yield);
        let one = world.call(Course::Yield);
        let two = world.call(Course::Yield);
        let one = world.spawn(|_| one.answer_and_part());
        let (two, part) = two.answer_and_part();
        let (one, others_part) = one.join().unwrap();
        assert_eq!((one, two), (2, 2));
        assert_ne!(part, others_part);
        assert_eq!(leader.answer(), 1);
        let stats = world.end();
        assert_eq!((stats.led, stats.retried, stats.shared), (2, 1, 1));
        others_part == Part::Led
    });
    assert_eq!(one_leads, [false, true].into());
}

/// Retry election and newcomer.
#[test]
fn a_newcomer_joins_those_that_retry_or_comes_after_them() {
    let newcomers = model(|| {
        let world = World::with(Site::default(), Config::default(), retry_the_first);
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Yield);
        let newcomer = world.spawn(|world| world.call(Course::Yield).answer());
        assert_eq!(follower.answer(), 2);
        let newcomer = newcomer.join().unwrap();
        assert_eq!(leader.answer(), 1);
        let stats = world.end();
        assert_eq!(newcomer as u64, stats.led);
        newcomer
    });
    assert_eq!(newcomers, [2, 3].into());
}

/// Verdict Solo and drop: the one who stays makes its own call.
#[test]
fn a_follower_is_let_go_while_another_goes_of_itself() {
    let begun = model(|| {
        let world = World::with(Site::of_several(), Config::default(), |_| Verdict::Solo);
        let leader = world.begun(Course::Yield);
        let stays = world.call(Course::Ready);
        let goes = world.call(Course::Ready);
        let goes = world.spawn(|world| {
            drop(goes);
            world.site.begun()
        });
        assert_eq!(stays.answer(), 2);
        let begun = goes.join().unwrap();
        assert_eq!(leader.answer(), 1);
        let stats = world.end();
        assert_eq!((stats.led, stats.released, stats.shared), (1, 1, 0));
        begun
    });
    assert_eq!(begun, [1, 2].into());
}

/// Verdict Solo and newcomer: it is let go, too, or comes after it.
#[test]
fn a_newcomer_is_let_go_with_the_others_or_makes_a_call_after_them() {
    let joined = model(|| {
        let world = World::with(Site::of_several(), Config::default(), |_| Verdict::Solo);
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Ready);
        let newcomer = world.spawn(|world| world.call(Course::Ready).answer());
        let follower = follower.answer();
        let newcomer = newcomer.join().unwrap();
        assert_eq!(leader.answer(), 1);
        assert_eq!(follower + newcomer, 5, "one has the 2nd and one the 3rd");
        let stats = world.end();
        assert_eq!(
            (stats.led + stats.joined, stats.led + stats.released),
            (3, 3)
        );
        assert_eq!((stats.released, stats.shared), (stats.joined, 0));
        stats.joined
    });
    assert_eq!(joined, [1, 2].into());
}

/// Verdict Solo and the leader's drop: its outcome is nobody's then.
#[test]
fn a_leader_goes_as_its_followers_are_let_go() {
    let outcomes = model(|| {
        let world = World::with(Site::of_several(), Config::default(), |_| Verdict::Solo);
        let mut leader = world.begun(Course::Yield);
        let follower = world.call(Course::Ready);
        let goes = world.spawn(move |_| leader.poll_once().is_ready());
        assert_eq!(follower.answer(), 2);
        let had_it = goes.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.released, stats.shared), (1, 1, 0));
        assert_eq!(stats.cancelled, 0);
        had_it
    });
    assert_eq!(outcomes, [false, true].into());
}

/// Retry and last drop: a newcomer joins what is vacant only while somebody is
/// aboard, and leads it then.
#[test]
fn a_newcomer_joins_those_that_retry_only_before_the_last_goes() {
    let retried = model(|| {
        let world = World::with(Site::default(), Config::default(), retry_the_first);
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Yield);
        let goes = world.spawn(|_| drop(follower));
        assert_eq!(leader.answer(), 1);
        assert_eq!(world.call(Course::Ready).answer(), 2);
        goes.join().unwrap();
        let stats = world.end();
        assert_eq!((stats.led, stats.cancelled), (2, 0));
        assert_eq!((stats.joined, stats.shared), (1 + stats.retried, 0));
        stats.retried
    });
    assert_eq!(retried, [0, 1].into());
}

/// Out of retries, and newcomer: who may not wait any more goes alone, and leaves
/// the flight to one who came later, if any did.
#[test]
fn a_newcomer_leads_what_those_who_are_out_of_retries_leave() {
    let outcomes = model(|| {
        let config = Config {
            max_retries: 0,
            ..Config::default()
        };
        let world = World::with(Site::of_several(), config, retry_the_first);
        let leader = world.begun(Course::Yield);
        let follower = world.call(Course::Ready);
        let newcomer = world.spawn(|world| world.call(Course::Ready).answer());
        let follower = follower.answer();
        let newcomer = newcomer.join().unwrap();
        assert_eq!(leader.answer(), 1);
        let stats = world.end();
        assert_eq!(stats.led, 1 + stats.retried + (2 - stats.joined));
        assert_eq!(stats.led + stats.released + stats.shared, 3);
        match stats.shared {
            0 => assert_eq!(follower + newcomer, 5, "one has the 2nd and one the 3rd"),
            _ => assert_eq!((follower, newcomer), (2, 2), "there already when it looked"),
        }
        (stats.joined, stats.released, stats.retried)
    });
    assert_eq!(
        outcomes,
        [(1, 1, 0), (2, 0, 1), (2, 1, 1), (2, 2, 0)].into()
    );
}
