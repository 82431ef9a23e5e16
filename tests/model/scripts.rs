//! Programs that random ones come to seldom, each the shortest that tells a
//! fault which was made on purpose from what is right.

use crate::{
    generate::Last,
    play::replay,
    program::{
        Action::{self, Advance, CallBack, ShutDown, StartUp, Tick},
        Ending, Id, Judge, Place, Setup,
    },
};

const OUTSIDE: Place = None;
const R0: Place = Some(0);
const R1: Place = Some(1);

fn setup() -> Setup {
    Setup {
        runtimes: 1,
        keys: 1,
        max_callers: None,
        max_age: None,
        max_retries: 1,
        on_abandon: tower_pool::OnAbandon::Cancel,
        same_hash: false,
        gated: false,
    }
}

fn call(place: Place) -> Action {
    let key = Some(0);
    Action::Call { key, place }
}

fn poll(caller: Id, place: Place) -> Action {
    let anew = false;
    Action::Poll {
        caller,
        place,
        anew,
    }
}

fn drop(caller: Id) -> Action {
    let place = OUTSIDE;
    Action::Drop { caller, place }
}

fn end(call: Id, judge: Judge) -> Action {
    let ending = Ending::Ok;
    Action::End {
        call,
        ending,
        judge,
    }
}

#[track_caller]
fn holds(setup: &Setup, actions: &[Action]) {
    for drains in [false, true] {
        let ticks = true;
        if let Err(failure) = replay(setup, actions, Last { drains, ticks }) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_call_that_nobody_could_make_anew_goes_on_without_its_runtime() {
    let both = [call(R0), poll(0, R0), call(R0), poll(1, OUTSIDE)];
    let left_alone = [drop(1), ShutDown(0), poll(0, OUTSIDE)];
    holds(&setup(), &[&both[..], &left_alone].concat());
}

#[test]
fn a_leader_that_lost_its_call_is_told_when_nobody_is_left_to_make_another() {
    let lost = [call(R0), poll(0, R0), ShutDown(0), call(OUTSIDE)];
    let made_anew = [poll(1, OUTSIDE), end(1, Judge::Retry)];
    let told = [poll(1, OUTSIDE), poll(0, OUTSIDE)];
    holds(&setup(), &[&lost[..], &made_anew, &told].concat());
}

#[test]
fn a_leader_that_lost_its_call_does_not_lead_the_next_one() {
    let lost = [StartUp, call(R0), poll(0, R0), call(R0), ShutDown(0)];
    let made_anew = [poll(1, OUTSIDE), poll(0, R1)];
    holds(&setup(), &[&lost[..], &made_anew].concat());
}

#[test]
fn a_call_made_anew_is_not_lost_with_the_runtime_of_the_one_before() {
    let lost = [call(R0), poll(0, R0), call(R0), ShutDown(0)];
    holds(&setup(), &[&lost[..], &[poll(1, R0)]].concat());
}

#[test]
fn a_leader_is_waited_for_with_its_own_outcome_while_later_rounds_land() {
    let three = [call(OUTSIDE), call(OUTSIDE), call(OUTSIDE)];
    let lands = [end(2, Judge::Share), poll(1, OUTSIDE), end(1, Judge::Retry)];
    let looks = [poll(2, OUTSIDE), poll(1, OUTSIDE), poll(0, OUTSIDE)];
    holds(&setup(), &[&three[..], &lands, &looks].concat());
}

#[test]
fn the_task_of_an_abandoned_flight_finds_out_and_ends() {
    let both = [call(R0), call(R0), poll(1, R0), Tick(0)];
    holds(
        &setup(),
        &[&both[..], &[drop(1), drop(0), Tick(0)]].concat(),
    );
}

#[test]
fn a_lone_call_that_moved_is_finished_where_it_was_polled_last() {
    let finish = Setup {
        on_abandon: tower_pool::OnAbandon::Finish,
        ..setup()
    };
    let moves = [StartUp, call(R0), poll(0, R0), poll(0, R1)];
    holds(&finish, &[&moves[..], &[drop(0), Tick(1)]].concat());
}

#[test]
fn a_flight_that_was_led_anew_is_as_old_as_its_new_lead() {
    let timed = Setup {
        max_age: Some(2),
        ..setup()
    };
    let both = [call(R0), poll(0, R0), call(R0), poll(1, R0)];
    let retried = [end(0, Judge::Retry), Advance(1), Tick(0), poll(1, R0)];
    let newcomers = [Advance(1), call(R0), Advance(1), call(R0)];
    holds(&timed, &[&both[..], &retried, &newcomers].concat());
}

#[test]
fn whoever_calls_when_it_is_woken_makes_a_call_of_its_own_or_joins_the_retry() {
    for judge in [Judge::Share, Judge::Solo, Judge::Retry, Judge::Panic] {
        let both = [call(R0), poll(0, R0), call(R0), poll(1, R0), Tick(0)];
        let lands = [end(0, judge), CallBack, Tick(0)];
        holds(&setup(), &[&both[..], &lands].concat());
    }
}
