//! The real pool, and what is seen of it in each step of a program.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use tower::{Layer, Service};
use tower_pool::{Policy, Pool, PoolLayer, Verdict};

use crate::{
    inner::Scripted,
    program::{Action, Got, Id, Place, Setup},
    runtimes::{Runtimes, hours},
    seen::Seen,
    values::{Answer, Hashing, Key, Request, payload},
    world::{Bell, World},
};

struct ByWorld(Arc<World>);

impl Policy<Answer, Answer> for ByWorld {
    fn verdict(&self, outcome: Result<&Answer, &Answer>) -> Verdict {
        self.0.judge(outcome)
    }
}

type Extract = Box<dyn Fn(&Request) -> Option<Key> + Send + Sync>;
type Pooled = Pool<Scripted, Request, Extract, ByWorld, Hashing>;

type Future = Pin<Box<<Pooled as Service<Request>>::Future>>;

struct Caller {
    /// None once it was dropped.
    future: Option<Future>,
    waker: Waker,
    /// How many wakers it had before.
    number: u32,
}

pub struct Real {
    world: Arc<World>,
    key: Arc<()>,
    gated: bool,
    pool: Pooled,
    runtimes: Runtimes,
    callers: Vec<Caller>,
    /// Of a caller that called when another was woken.
    called_back: Arc<Mutex<Option<Future>>>,
}

impl Real {
    pub fn new(setup: &Setup) -> Self {
        let (world, key) = (Arc::<World>::default(), Arc::new(()));
        let extract: Extract = Box::new({
            let key = Arc::clone(&key);
            move |request: &Request| request.key.map(|name| Key(name, Arc::clone(&key)))
        });
        let mut layer = PoolLayer::new(extract)
            .policy(ByWorld(Arc::clone(&world)))
            .hasher(Hashing {
                alike: setup.same_hash,
            })
            .on_abandon(setup.on_abandon)
            .max_retries(setup.max_retries);
        if let Some(max_callers) = setup.max_callers {
            layer = layer.max_callers(max_callers);
        }
        if let Some(max_age) = setup.max_age {
            layer = layer.max_age(hours(max_age));
        }
        Self {
            pool: layer.layer(Scripted::new(Arc::clone(&world))),
            world,
            key,
            gated: setup.gated,
            runtimes: Runtimes::new(setup.runtimes, setup.max_age.is_some()),
            callers: Vec::new(),
            called_back: Arc::default(),
        }
    }

    pub fn act(&mut self, action: Action) -> Seen {
        let (mut got, mut forgot) = (None, None);
        match action {
            Action::Call { key, place } => self.call(key, place),
            Action::Poll {
                caller,
                place,
                anew,
            } => got = Some(self.poll(caller, place, anew)),
            Action::Drop { caller, place } => {
                let future = self.callers[caller].future.take();
                let _context = self.runtimes.enter(place);
                drop(future);
            }
            Action::End {
                call,
                ending,
                judge,
            } => self.world.end(call, ending, judge),
            Action::Ready(call) => self.world.make_ready(call),
            Action::Wake(call) => self.world.wake(call),
            Action::Yield(call) => self.world.let_yield(call),
            Action::CallBack => {
                let (pool, world) = (self.pool.clone(), Arc::clone(&self.world));
                let (called_back, gated) = (Arc::clone(&self.called_back), self.gated);
                self.world.set_ring(Some(Box::new(move |key| {
                    let future = request(&pool, &world, key, gated);
                    *called_back.lock() = Some(future);
                })));
            }
            Action::Tick(runtime) => self.runtimes.tick(runtime),
            Action::StartUp => self.runtimes.start(),
            Action::ShutDown(runtime) => self.runtimes.shut_down(runtime),
            Action::Forget(key) => {
                forgot = Some(self.pool.forget(&Key(key, Arc::clone(&self.key))));
            }
            Action::Advance(hours) => self.runtimes.advance(hours),
        }
        let called_back = self.called_back.lock().take();
        if let Some(future) = called_back {
            self.add(future);
        }
        self.look(got, forgot)
    }

    /// What is there now.
    pub fn look(&self, got: Option<Got>, forgot: Option<bool>) -> Seen {
        Seen {
            events: self.world.events(),
            got,
            forgot,
            stats: self.pool.stats(),
            in_flight: self.pool.in_flight(),
            tasks: self.runtimes.tasks(),
            keys: Arc::strong_count(&self.key) - 2, // ours, and the extractor's
            outcomes: self.world.outcomes(),
        }
    }

    fn call(&mut self, key: Option<u8>, place: Place) {
        let future = {
            let _context = self.runtimes.enter(place);
            request(&self.pool, &self.world, key, self.gated)
        };
        self.add(future);
    }

    fn add(&mut self, future: Future) {
        self.callers.push(Caller {
            future: Some(future),
            waker: self.bell(self.callers.len(), 0),
            number: 0,
        });
    }

    fn bell(&self, caller: Id, number: u32) -> Waker {
        let world = Arc::clone(&self.world);
        Waker::from(Arc::new(Bell {
            caller,
            number,
            world,
        }))
    }

    fn poll(&mut self, id: Id, place: Place, anew: bool) -> Got {
        if anew {
            let number = self.callers[id].number + 1;
            self.callers[id].number = number;
            self.callers[id].waker = self.bell(id, number);
        }
        let mut future = self.callers[id].future.take().unwrap();
        let polled = {
            let _context = self.runtimes.enter(place);
            let cx = &mut Context::from_waker(&self.callers[id].waker);
            catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)))
        };
        self.callers[id].future = Some(future);
        match polled {
            Ok(Poll::Pending) => Got::Pending,
            Ok(Poll::Ready(outcome)) => {
                let ok = outcome.is_ok();
                let (Ok(answer) | Err(answer)) = outcome;
                Got::Outcome {
                    of: answer.of,
                    key: answer.key,
                    ok,
                }
            }
            Err(panic) => Got::Panic(payload(panic)),
        }
    }

    /// Whether anything is left of what passed through the pool, when it and
    /// all who used it are gone.
    pub fn leaks(self) -> Option<String> {
        self.world.set_ring(None);
        let Self {
            world,
            key,
            pool,
            runtimes,
            callers,
            ..
        } = self;
        drop((pool, runtimes, callers));
        let (worlds, keys) = (Arc::strong_count(&world), Arc::strong_count(&key));
        let leaks = (worlds, keys) != (1, 1);
        leaks.then(|| {
            let (of_world, keys) = (worlds - 1, keys - 1);
            format!("{of_world} outcomes, calls or wakers and {keys} keys have leaked")
        })
    }
}

fn request(pool: &Pooled, world: &Arc<World>, key: Option<u8>, gated: bool) -> Future {
    let id = world.add_call(key, !gated);
    let world = Arc::clone(world);
    Box::pin(pool.request(Request { id, key, world }))
}
