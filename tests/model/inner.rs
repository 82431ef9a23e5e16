//! The inner service: its calls end when they are told to.

use std::{
    mem,
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tower::Service;

use crate::{
    program::{Ending, Id},
    values::{Answer, Request, Wreck},
    world::{Event, World, burst_message},
};

/// The strictest of services: readiness is not cloned, and each clone is ready
/// for the call that it was made for.
pub struct Scripted {
    world: Arc<World>,
    /// Whose call this clone is for.
    id: Id,
    ready: bool,
}

impl Scripted {
    pub fn new(world: Arc<World>) -> Self {
        Self {
            world,
            id: Id::MAX,
            ready: false,
        }
    }
}

impl Clone for Scripted {
    /// A clone is made for the caller that called last.
    fn clone(&self) -> Self {
        let id = self.world.last_call();
        Self {
            world: Arc::clone(&self.world),
            id,
            ready: false,
        }
    }
}

impl Service<Request> for Scripted {
    type Response = Answer;
    type Error = Answer;
    type Future = Flying;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Answer>> {
        let id = self.id;
        self.world.note(Event::Polled(id));
        let (ready, end) = self.world.readiness(id);
        self.ready = match end {
            _ if ready => true,
            Some(Ending::Ok) => true,
            Some(ending) => return Poll::Ready(outcome(ending, id, &self.world).map(drop)),
            None => false,
        };
        if !self.ready {
            self.world.wait(id, cx);
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Flying {
        let called = if mem::take(&mut self.ready) && request.id == self.id {
            Event::Called(request.id)
        } else {
            Event::NotReady(request.id)
        };
        self.world.note(called);
        Flying {
            request,
            was_called_just_now: true,
        }
    }
}

fn outcome(ending: Ending, of: Id, world: &Arc<World>) -> Result<Answer, Answer> {
    match ending {
        Ending::Ok => Ok(Answer::new(of, world)),
        Ending::Err => Err(Answer::new(of, world)),
        Ending::Burst => resume_unwind(Box::new(burst_message(of))),
        Ending::Wreck => resume_unwind(Box::new(Wreck(of))),
    }
}

pub struct Flying {
    request: Request,
    was_called_just_now: bool,
}

impl Future for Flying {
    type Output = Result<Answer, Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let was_called_just_now = mem::take(&mut self.was_called_just_now);
        let Request { id, ref world, .. } = self.request;
        if !was_called_just_now {
            world.note(Event::Polled(id)); // else it was noted for its readiness
        }
        match world.readiness(id).1 {
            Some(ending) => Poll::Ready(outcome(ending, id, world)),
            None => {
                world.wait(id, cx);
                Poll::Pending
            }
        }
    }
}
