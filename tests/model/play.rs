//! Plays a program against the pool and the model, step by step.

use std::fmt::Write;

use crate::{
    generate::Program,
    model::Model,
    program::{Action, Ending, Got, Judge, Setup},
    real::Real,
};

pub struct Play<'a> {
    setup: &'a Setup,
    model: Model<'a>,
    real: Real,
    script: Vec<(Action, Option<Got>)>,
}

/// Plays a random program to its end. An error has the script of it.
pub fn play(program: &Program) -> Result<(), String> {
    let mut play = Play::new(&program.setup);
    for step in &program.steps {
        if let Some(action) = step.action(&play.model, &program.setup) {
            play.act(action)?;
        }
    }
    if program.drains {
        play.drain()?;
    }
    play.end()
}

impl<'a> Play<'a> {
    pub fn new(setup: &'a Setup) -> Self {
        Self {
            setup,
            model: Model::new(setup),
            real: Real::new(setup),
            script: Vec::new(),
        }
    }

    pub fn act(&mut self, action: Action) -> Result<(), String> {
        let seen = self.real.act(action);
        self.script.push((action, seen.got.clone()));
        let checked = self.model.step(action, &seen);
        checked.map_err(|wrong| self.failure(&wrong))
    }

    /// All calls end well, and all who are woken are polled: nobody is left.
    pub fn drain(&mut self) -> Result<(), String> {
        while self.model.waiting().next().is_some() {
            let before = self.script.len();
            for call in self.model.live_calls().collect::<Vec<_>>() {
                self.act(Action::End {
                    call,
                    ending: Ending::Ok,
                    judge: Judge::Share,
                })?;
            }
            for runtime in self.model.runtimes().collect::<Vec<_>>() {
                self.act(Action::Tick(runtime))?;
            }
            let calls = self.script.len();
            for caller in self.model.woken().collect::<Vec<_>>() {
                let place = self.model.runtimes().next();
                let anew = false;
                self.act(Action::Poll {
                    caller,
                    place,
                    anew,
                })?;
            }
            if self.script.len() == calls && calls > before {
                let waiting: Vec<_> = self.model.waiting().collect();
                return Err(self.failure(&format!("nobody was woken of {waiting:?}")));
            }
        }
        Ok(())
    }

    /// All are dropped, callers and runtimes, and nothing is left.
    pub fn end(mut self) -> Result<(), String> {
        for caller in self.model.held().collect::<Vec<_>>() {
            let place = None;
            self.act(Action::Drop { caller, place })?;
        }
        for runtime in self.model.runtimes().collect::<Vec<_>>() {
            self.act(Action::ShutDown(runtime))?;
        }
        let seen = self.real.look(None, None);
        if (seen.in_flight, seen.keys) != (0, 0) || !self.model.is_empty() {
            let (flights, keys) = (seen.in_flight, seen.keys);
            return Err(self.failure(&format!("{flights} flights and {keys} keys are left")));
        }
        let Self {
            setup,
            real,
            script,
            ..
        } = self;
        real.leaks()
            .map_or(Ok(()), |leaks| Err(failure(setup, &script, &leaks)))
    }

    fn failure(&self, wrong: &str) -> String {
        failure(self.setup, &self.script, wrong)
    }
}

/// The program that was played, to be read.
fn failure(setup: &Setup, script: &[(Action, Option<Got>)], wrong: &str) -> String {
    let mut text = format!("{wrong}\n  {setup}\n");
    for (action, got) in script {
        let _ = match got {
            Some(got) => writeln!(text, "  {action}: {got:?}"),
            None => writeln!(text, "  {action}"),
        };
    }
    text
}
