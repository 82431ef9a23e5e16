//! A runtime: each of its tasks is a thread of loom's.

use std::{
    cell::RefCell,
    mem,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake},
};

use loom::thread::JoinHandle;

use crate::{park::Parker, sync::Mutex};

/// Takes the place of tokio's: what the core asks of it, and no more.
#[derive(Clone, Debug)]
pub(crate) struct Handle(Arc<Runtime>);

#[derive(Debug, Default)]
struct Runtime {
    state: Mutex<State>,
    spawned: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    is_shut_down: bool,
    tasks: Vec<Arc<Parker>>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
pub(crate) struct NoRuntime;

loom::thread_local! {
    static CURRENT: RefCell<Option<Handle>> = RefCell::new(None);
}

impl Handle {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn try_current() -> Result<Self, NoRuntime> {
        CURRENT.with(|current| current.borrow().clone().ok_or(NoRuntime))
    }

    /// Has this thread be inside from now on.
    pub(crate) fn enter(&self) {
        CURRENT.with(|current| *current.borrow_mut() = Some(self.clone()));
    }

    /// Starts a task, or drops it if the runtime has been shut down.
    pub(crate) fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let parker = Parker::new();
        if !self.admit(&parker) {
            return; // the task is dropped with no lock held
        }
        let runtime = self.clone();
        let thread = loom::thread::spawn(move || {
            runtime.enter();
            let waker = Arc::clone(&parker).into();
            let mut task = pin!(task);
            while !runtime.is_shut_down() {
                if task
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_ready()
                {
                    return;
                }
                parker.park();
            }
        });
        self.0.state.lock().threads.push(thread);
    }

    fn admit(&self, task: &Arc<Parker>) -> bool {
        let mut state = self.0.state.lock();
        if !state.is_shut_down {
            self.0.spawned.fetch_add(1, SeqCst);
            state.tasks.push(Arc::clone(task));
        }
        !state.is_shut_down
    }

    fn is_shut_down(&self) -> bool {
        self.0.state.lock().is_shut_down
    }

    /// Has every task dropped, between two polls.
    pub(crate) fn shut_down(&self) {
        let tasks = {
            let mut state = self.0.state.lock();
            state.is_shut_down = true;
            mem::take(&mut state.tasks)
        };
        for task in tasks {
            task.wake();
        }
    }

    /// How many tasks it was given so far.
    pub(crate) fn tasks(&self) -> usize {
        self.0.spawned.load(SeqCst)
    }

    /// Waits until every task has ended of itself.
    pub(crate) fn join(&self) {
        let threads = mem::take(&mut self.0.state.lock().threads);
        for thread in threads {
            thread.join().expect("a task does not panic");
        }
    }
}
