//! What is to be seen of a step, and whether it was.

use std::{collections::BTreeSet, fmt::Debug, ops::RangeInclusive};

use super::{Caller, Driver, Model, State};
use crate::{
    program::{Got, Id},
    seen::Seen,
    world::Event,
};

/// What is to be seen of the present step.
#[derive(Default)]
pub(super) struct Due {
    pub polled: Vec<Id>,
    pub called: Vec<Id>,
    pub dropped: Vec<Id>,
    pub judged: Vec<Id>,
    /// Whom, and with which waker.
    pub woken: Vec<(Id, u32)>,
    pub got: Option<Got>,
    pub forgot: Option<bool>,
    /// Who is polled.
    pub polls: Option<Id>,
    /// Something happened in its poll that it may be woken for, like all others.
    pub stirred: bool,
    /// Who calls as soon as it is woken.
    pub calls_back: Option<Id>,
    /// An outcome for several may be cloned, once.
    pub may_clone: bool,
    pub complaint: Option<&'static str>,
}

fn same<T: Debug + Ord>(what: &str, mut due: Vec<T>, mut seen: Vec<T>) -> Result<(), String> {
    due.sort_unstable();
    seen.sort_unstable();
    equal(what, &due, &seen)
}

fn equal<T: Debug + PartialEq>(what: &str, due: &T, seen: &T) -> Result<(), String> {
    if due == seen {
        return Ok(());
    }
    Err(format!("{what}: should be {due:?}, is {seen:?}"))
}

impl Model<'_> {
    pub(super) fn check(&mut self, seen: &Seen) -> Result<(), String> {
        let due = std::mem::take(&mut self.due);
        if let Some(complaint) = due.complaint {
            return Err(complaint.to_owned());
        }
        equal("got", &due.got, &seen.got)?;
        equal("forgot", &due.forgot, &seen.forgot)?;
        let of = |pick: fn(&Event) -> Option<Id>| seen.events.iter().filter_map(pick).collect();
        let polled = |event: &Event| match event {
            Event::Polled(id) => Some(*id),
            _ => None,
        };
        same("calls polled", due.polled, of(polled))?;
        let called = |event: &Event| match event {
            Event::Called(id) => Some(*id),
            _ => None,
        };
        same("calls made", due.called, of(called))?;
        let dropped = |event: &Event| match event {
            Event::Dropped(id) => Some(*id),
            _ => None,
        };
        same("calls dropped", due.dropped, of(dropped))?;
        let judged = |event: &Event| match event {
            Event::Judged(id) => Some(*id),
            _ => None,
        };
        same("outcomes judged", due.judged, of(judged))?;
        let not_ready = |event: &Event| match event {
            Event::NotReady(id) => Some(*id),
            _ => None,
        };
        same("calls without readiness", Vec::new(), of(not_ready))?;
        let cloned = |event: &&Event| matches!(event, Event::Cloned(_));
        let clones = seen.events.iter().filter(cloned).count();
        if clones > usize::from(due.may_clone) {
            return Err(format!("{clones} clones are too many"));
        }

        let woken = seen.events.iter().filter_map(|event| match event {
            Event::Woken { caller, waker } => Some((*caller, *waker)),
            _ => None,
        });
        let itself = |(caller, _): &(Id, u32)| Some(*caller) == due.polls;
        let (own, others): (Vec<_>, Vec<_>) = woken.partition(itself);
        let should = due.woken.into_iter().filter(|woken| !itself(woken));
        same("wakes", should.collect(), others)?;
        if let (Some(id), Some(Got::Pending)) = (due.polls, &seen.got) {
            if self.callers[id].is_woken && own.is_empty() {
                return Err("it was not woken, though the call yielded".to_owned());
            }
            if !self.callers[id].is_woken && !due.stirred && !own.is_empty() {
                return Err("it was woken in its own poll for nothing".to_owned());
            }
        }

        equal("stats", &self.stats, &seen.stats)?;
        equal("in flight", &self.table.len(), &seen.in_flight)?;
        let runtimes = 0..self.runtimes.len();
        let tasks: Vec<_> = runtimes.map(|runtime| self.tasks(runtime)).collect();
        equal("tasks", &tasks, &seen.tasks)?;
        if seen.keys > self.most_keys() {
            let most = self.most_keys();
            return Err(format!("{} keys are there, for at most {most}", seen.keys));
        }
        let outcomes = self.outcomes();
        if !outcomes.contains(&seen.outcomes) {
            let kept = seen.outcomes;
            return Err(format!("{kept} outcomes are kept, instead of {outcomes:?}"));
        }
        Ok(())
    }

    /// How many tasks there should be in a runtime.
    pub(super) fn tasks(&self, of: usize) -> usize {
        let drives =
            |driver: Driver| matches!(driver, Driver::Task { runtime, .. } if runtime == of);
        let flights = self.flights.iter();
        flights.filter(|flight| drives(flight.driver)).count() + self.idle_tasks[of]
    }

    pub(super) fn has_new_task(&self, runtime: usize, seen: &Seen) -> bool {
        seen.tasks[runtime] > self.tasks(runtime)
    }

    /// Promise 2: those that somebody aboard has not looked at yet. A leader that
    /// has not looked may keep those of later rounds, too.
    fn outcomes(&self) -> RangeInclusive<usize> {
        let answered = |caller: &Caller| match caller.state {
            State::Answered { of, shared } => Some((of, shared)),
            _ => None,
        };
        let answered: Vec<_> = self.callers.iter().filter_map(answered).collect();
        let outcomes: BTreeSet<_> = answered.iter().map(|(of, _)| *of).collect();
        let slow = answered.iter().filter(|(_, shared)| !shared).count();
        outcomes.len()..=outcomes.len() + slow
    }

    /// Promise 9: one for each caller or task at the most.
    fn most_keys(&self) -> usize {
        let holds = |state| !matches!(state, State::Alone | State::Done | State::Dropped);
        let callers = self.callers.iter().filter(|caller| holds(caller.state));
        let idle: usize = self.idle_tasks.iter().sum();
        callers.count() + self.runs_for_nobody() + idle
    }
}
