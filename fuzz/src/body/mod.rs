//! The shared body: frames, sizes and endings of all kinds from upstream, read
//! by readers that are cloned, polled, held and dropped in any order, also while
//! another polls the upstream.
//!
//! [`input`] is a play, and [`stage`] what has to be true at each point of it:
//! what the upstream gave, who stands where, who is cut off, who waits and how
//! often each waker has been woken. [`upstream`] plays the body that is shared,
//! [`reader`] polls and compares, and [`laws`] are looked at after each step.

mod input;
mod kept;
mod laws;
mod reader;
mod stage;
mod upstream;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body::Body;
use tower_pool::http::SharedBody;

pub use self::input::Input;
use self::{
    input::{Event, Step, Who},
    stage::Stage,
    upstream::Upstream,
};

/// No more readers than this at a time.
const READERS: usize = 7;

/// The stage, which is also in the hands of the upstream: some steps are done
/// while it is polled.
#[derive(Clone)]
struct Play(Arc<Mutex<Stage>>);

impl Input {
    /// Plays it, and looks at everything after each step.
    ///
    /// # Panics
    ///
    /// If the body breaks a promise.
    pub fn check(self) {
        let play = Play(Arc::new(Mutex::new(Stage::new(&self))));
        let upstream = Upstream::new(play.clone());
        let hint = upstream.size_hint();
        let max_lag = u64::from(self.max_lag);
        let body = SharedBody::with_max_lag(upstream, max_lag);
        play.stage().opened(&hint, body);
        play.look();
        for step in self.steps {
            play.step(step);
            play.look();
        }
        play.finish();
    }
}

impl Play {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        // Whoever broke a law while it was locked has said so.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, step: Step) {
        match step {
            Step::Clone(who) => {
                let mut stage = self.stage();
                if stage.readers.len() < READERS {
                    if let Some(body) = stage.pick(who).and_then(|at| stage.body(at)).cloned() {
                        let reader = stage.newcomer(body);
                        stage.readers.push(reader);
                    }
                }
            }
            Step::Drop(who) => {
                let mut stage = self.stage();
                let gone = stage.pick(who).map(|at| stage.leaves(at));
                drop(stage);
                drop(gone);
            }
            Step::Poll(who, hand) => {
                let picked = self.stage().pick(who);
                if let Some(at) = picked {
                    self.poll(at, hand);
                }
            }
            Step::Give(event) => {
                self.stage().events.push_back(event);
                self.wake();
            }
            Step::GiveUnheard(event) => self.stage().events.push_back(event),
            Step::Wake => self.wake(),
        }
    }

    /// The upstream wakes on the waker that it was polled with last.
    fn wake(&self) {
        let waker = {
            let mut stage = self.stage();
            let Some(waker) = stage.waker.clone() else {
                return;
            };
            stage.upstream_wakes();
            waker
        };
        waker.wake();
    }

    /// Has all that is left come, and everybody read it; then all leave.
    fn finish(&self) {
        self.step(Step::Give(Event::End));
        self.look();
        for at in 0..READERS {
            loop {
                let stage = self.stage();
                if at >= stage.readers.len() || stage.readers[at].is_done() {
                    break;
                }
                drop(stage);
                // The end is there, unless it came in a poll and was not heard.
                if !self.poll(at, 0) {
                    self.wake();
                }
                self.look();
            }
        }
        while !self.stage().readers.is_empty() {
            self.step(Step::Drop(Who(0)));
            self.look();
        }
        let stage = self.stage();
        assert!(stage.dropped, "the upstream outlives its readers");
        assert_eq!(stage.kept.bytes(), 0, "frames outlive their readers");
    }
}
