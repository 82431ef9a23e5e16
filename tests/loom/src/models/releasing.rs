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
