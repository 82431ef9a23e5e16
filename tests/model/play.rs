//! Plays a program against the pool and the model, step by step.

use std::{
    fmt,
    mem::{self, ManuallyDrop},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    generate::{Last, Program},
    meter::Meter,
    model::Model,
    program::{Action, Ending, Got, Judge, Setup},
    quiet::quietly,
    real::Real,
    values::payload,
};

/// A program that failed, as far as it was played, to be read.
pub struct Failure {
    wrong: String,
    setup: Setup,
    script: Vec<(Action, Option<Got>)>,
}

/// Plays a random program to its end, and says what has come about in it.
pub fn play(program: &Program) -> Result<Meter, Failure> {
    run(&program.setup, |play| {
        for step in &program.steps {
            play.model.meter().steps += 1;
            if let Some(action) = step.action(&play.model, &program.setup) {
                play.model.meter().played += 1;
                play.act(action)?;
            }
        }
        play.finish(program.last)
    })
}

/// Plays the actions of a script, but for those that nobody is there for.
pub fn replay(setup: &Setup, actions: &[Action], last: Last) -> Result<Meter, Failure> {
    run(setup, |play| {
        for action in actions {
            if play.model.allows(*action) {
                play.act(*action)?;
            }
        }
        play.finish(last)
    })
}

/// What has failed is not dropped: that might well fail, too.
fn run(
    setup: &Setup,
    program: impl FnOnce(&mut Play<'_>) -> Result<(), String>,
) -> Result<Meter, Failure> {
    let mut play = ManuallyDrop::new(Play {
        model: Model::new(setup),
        real: Real::new(setup),
        script: Vec::new(),
    });
    let played = quietly(|| catch_unwind(AssertUnwindSafe(|| program(&mut play))));
    let played = played.unwrap_or_else(|panic| Err(format!("panic: {:?}", payload(panic))));
    let script = mem::take(&mut play.script);
    let meter = play.model.meter().clone();
    let wrong = match played {
        Err(wrong) => wrong,
        Ok(()) => match ManuallyDrop::into_inner(play).real.leaks() {
            Some(leaks) => leaks,
            None => return Ok(meter),
        },
    };
    let setup = setup.clone();
    Err(Failure {
        wrong,
        setup,
        script,
    })
}

struct Play<'a> {
    model: Model<'a>,
    real: Real,
    script: Vec<(Action, Option<Got>)>,
}

impl Play<'_> {
    fn act(&mut self, action: Action) -> Result<(), String> {
        self.script.push((action, None));
        let seen = self.real.act(action);
        self.script.last_mut().unwrap().1 = seen.got.clone();
        self.model.step(action, &seen)
    }

    fn finish(&mut self, last: Last) -> Result<(), String> {
        if last.drains {
            self.drain()?;
        }
        self.end(last.ticks)
    }

    /// All calls end well, and all who are woken are polled: nobody is left.
    fn drain(&mut self) -> Result<(), String> {
        while self.model.waiting().next().is_some() {
            for call in self.model.live_calls().collect::<Vec<_>>() {
                let (ending, judge) = (Ending::Ok, Judge::Share);
                self.act(Action::End {
                    call,
                    ending,
                    judge,
                })?;
            }
            for runtime in self.model.runtimes().collect::<Vec<_>>() {
                self.act(Action::Tick(runtime))?;
            }
            let woken: Vec<_> = self.model.woken().collect();
            if woken.is_empty() {
                let waiting: Vec<_> = self.model.waiting().collect();
                return Err(format!("{waiting:?} wait, and nobody was woken"));
            }
            for caller in woken {
                let (place, anew) = (self.model.runtimes().next(), false);
                self.act(Action::Poll {
                    caller,
                    place,
                    anew,
                })?;
            }
        }
        Ok(())
    }

    /// All are dropped, callers and runtimes, after their tasks or with them,
    /// and nothing is left.
    fn end(&mut self, ticks: bool) -> Result<(), String> {
        loop {
            let Some(caller) = self.model.held().next() else {
                break;
            };
            let place = None;
            self.act(Action::Drop { caller, place })?;
        }
        for runtime in self.model.runtimes().collect::<Vec<_>>() {
            if ticks {
                self.act(Action::Tick(runtime))?;
            }
            self.act(Action::ShutDown(runtime))?;
        }
        let seen = self.real.look(None, None);
        if (seen.in_flight, seen.keys) == (0, 0) && self.model.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{} flights and {} keys are left",
            seen.in_flight, seen.keys
        ))
    }
}

impl Failure {
    /// Leaves out, one after another, all steps that it fails without.
    pub fn shorten(mut self, last: Last) -> Self {
        let mut index = self.script.len();
        while index > 0 {
            index -= 1;
            let actions: Vec<_> = self.script.iter().map(|(action, _)| *action).collect();
            let Err(shorter) = replay(&self.setup, &without(&actions, index), last) else {
                continue;
            };
            if shorter.script.len() < self.script.len() {
                self = shorter;
                index = self.script.len(); // perhaps more can go now
            }
        }
        self
    }
}

/// Without one of them, and all that is done to the caller that it made.
fn without(actions: &[Action], index: usize) -> Vec<Action> {
    let is_call = |action: &&Action| matches!(action, Action::Call { .. });
    let made = actions[..index].iter().filter(is_call).count();
    let gone = is_call(&&actions[index]).then_some(made);
    let others = actions.iter().enumerate().filter(|(at, _)| *at != index);
    others
        .filter_map(|(_, action)| match gone {
            Some(gone) => action.without(gone),
            None => Some(*action),
        })
        .collect()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  {}", self.wrong, self.setup)?;
        for (action, got) in &self.script {
            match got {
                Some(got) => writeln!(f, "  {action}: {got:?}")?,
                None => writeln!(f, "  {action}")?,
            }
        }
        Ok(())
    }
}
