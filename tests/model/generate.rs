//! Random programs. A step says what is done, and picks to whom among those
//! who are there when its turn comes.

use proptest::{collection::vec, prelude::*, sample::select};
use tower_pool::OnAbandon;

use crate::{
    model::Model,
    program::{Action, Ending, Judge, Place, Setup},
};

/// On average.
pub const STEPS: usize = 100;

#[derive(Clone, Debug)]
pub struct Program {
    pub setup: Setup,
    pub steps: Vec<Step>,
    pub last: Last,
}

/// What is done when the steps are.
#[derive(Clone, Copy, Debug)]
pub struct Last {
    /// All calls end well, and every caller that is woken is polled; or else all
    /// are dropped.
    pub drains: bool,
    /// Runtimes run once more before they are shut down.
    pub ticks: bool,
}

/// Numbers alone: a million of them are made in a run.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    what: What,
    whom: u8,
    how: u8,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Poll,
    Call,
    End,
    Tick,
    Drop,
    Ready,
    Wake,
    Yield,
    CallBack,
    Forget,
    Advance,
    ShutDown,
    StartUp,
}

pub fn program() -> impl Strategy<Value = Program> {
    let step = (0..100u8, 0..12u8, any::<u8>()).prop_map(|(what, whom, how)| Step {
        what: what_of(what),
        whom,
        how,
    });
    let last = any::<(bool, bool)>().prop_map(|(drains, ticks)| Last { drains, ticks });
    let steps = vec(step, 0..=2 * STEPS);
    (setup(), steps, last).prop_map(|(setup, steps, last)| Program { setup, steps, last })
}

fn what_of(number: u8) -> What {
    match number {
        0..34 => What::Poll,
        34..51 => What::Call,
        51..63 => What::End,
        63..74 => What::Tick,
        74..81 => What::Drop,
        81..85 => What::Ready,
        85..88 => What::Wake,
        88..90 => What::Yield,
        90..92 => What::CallBack,
        92..93 => What::Forget,
        93..95 => What::Advance,
        95..98 => What::ShutDown,
        _ => What::StartUp,
    }
}

fn setup() -> impl Strategy<Value = Setup> {
    let max_callers = prop_oneof![3 => Just(None), 2 => (0..=4usize).prop_map(Some)];
    let max_age = prop_oneof![3 => Just(None), 1 => (0..=3u64).prop_map(Some)];
    let on_abandon = select(&[OnAbandon::Cancel, OnAbandon::Finish][..]);
    let rarely = || prop::bool::weighted(0.25);
    (
        (0..=3usize, 1..=3u8),
        (max_callers, max_age, 0..=2u32),
        on_abandon,
        rarely(),
        rarely(),
    )
        .prop_map(
            |((runtimes, keys), (max_callers, max_age, max_retries), on_abandon, alike, gated)| {
                Setup {
                    runtimes,
                    keys,
                    max_callers,
                    max_age,
                    max_retries,
                    on_abandon,
                    same_hash: alike,
                    gated,
                }
            },
        )
}

impl Step {
    /// What it does to those who are there now; nothing, if there is nobody.
    pub fn action(self, model: &Model<'_>, setup: &Setup) -> Option<Action> {
        let how = self.how;
        Some(match self.what {
            What::Poll => {
                let caller = self.pick(model.waiting())?;
                Action::Poll {
                    caller,
                    place: place(model, caller as u8, how),
                    anew: how >= 192,
                }
            }
            What::Call => Action::Call {
                key: (self.whom < 11).then_some(self.whom % setup.keys),
                place: place(model, how / 16, how),
            },
            What::End => Action::End {
                call: self.pick(model.live_calls())?,
                ending: ending(how % 16),
                judge: judge(how / 16),
            },
            What::Tick => Action::Tick(self.pick(model.runtimes())?),
            What::Drop => Action::Drop {
                caller: self.pick(model.held())?,
                place: place(model, how / 16, how),
            },
            What::Ready => Action::Ready(self.pick(model.live_calls())?),
            What::Wake => Action::Wake(self.pick(model.live_calls())?),
            What::Yield => Action::Yield(self.pick(model.live_calls())?),
            // Where time matters, it matters where it calls.
            What::CallBack if setup.max_age.is_some() => return None,
            What::CallBack => Action::CallBack,
            What::Forget => Action::Forget(self.whom % setup.keys),
            What::Advance => setup
                .max_age
                .map(|_| Action::Advance(1 + u64::from(how % 2)))?,
            // A program that is to have none gets none.
            What::StartUp if setup.runtimes == 0 || model.runtimes().count() > 2 => return None,
            What::StartUp => Action::StartUp,
            What::ShutDown => Action::ShutDown(self.pick(model.runtimes())?),
        })
    }

    /// The last one, or one before it.
    fn pick(self, among: impl Iterator<Item = usize>) -> Option<usize> {
        let among: Vec<_> = among.collect();
        let back = usize::from(self.whom).checked_rem(among.len())?;
        among.iter().rev().nth(back).copied()
    }
}

/// Mostly where it `always` is: in one of the runtimes that are there, or in none.
/// Seldom in one that is gone.
fn place(model: &Model<'_>, always: u8, how: u8) -> Place {
    let number = usize::from(if how % 4 == 1 { how / 16 } else { always });
    if how % 16 == 15 {
        let count = model.places().count();
        return model.places().nth(number.checked_rem(count)?);
    }
    let count = model.runtimes().count();
    model.runtimes().nth(number % (count + 1))
}

fn ending(number: u8) -> Ending {
    match number {
        0..9 => Ending::Ok,
        9..13 => Ending::Err,
        13..15 => Ending::Burst,
        _ => Ending::Wreck,
    }
}

fn judge(number: u8) -> Judge {
    match number {
        0..7 => Judge::Share,
        7..12 => Judge::Retry,
        12..15 => Judge::Solo,
        _ => Judge::Panic,
    }
}
