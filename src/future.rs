//! The future of a pooled call: [`ResponseFuture`].

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ahash::RandomState;
use pin_project_lite::pin_project;

use crate::{
    flight::{Arrival, Caller, Part},
    policy::Policy,
};

pin_project! {
    /// One caller's answer from a [`Pool`](crate::Pool).
    ///
    /// `F` is the inner call that this caller would make alone; `K`, `P` and
    /// `H` are the pool's key, policy and hasher.
    ///
    /// # Panics
    ///
    /// A panic of the inner call unwinds here, in each of its callers: with the
    /// original payload in one of them and its message in the others.
    ///
    /// It panics if it is polled after it was done. So does the future of a
    /// leader whose call was lost with the runtime that drove it, if no other
    /// caller is left that shares a new call with it: it has no request any more.
    ///
    /// # Cancel safety
    ///
    /// Dropping it never disturbs the other callers, whether it leads or
    /// follows. When it is the last of its flight, the inner call is dropped
    /// before its own drop returns (or, if it is just being polled, with the
    /// end of that poll), or runs on in a task with
    /// [`OnAbandon::Finish`](crate::OnAbandon::Finish).
    ///
    /// It can be named, to be kept in a struct or returned from a trait's method:
    ///
    /// ```
    /// use tower::util::Oneshot;
    /// use tower_pool::{KeyExtractor, Pool, ResponseFuture, ShareAll};
    ///
    /// type Answer<S, Req, Key> = ResponseFuture<Key, Oneshot<S, Req>, ShareAll>;
    ///
    /// fn ask<S, Req, X>(pool: &Pool<S, Req, X>, request: Req) -> Answer<S, Req, X::Key>
    /// where
    ///     S: tower::Service<Req> + Clone,
    ///     X: KeyExtractor<Req>,
    /// {
    ///     pool.request(request)
    /// }
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ResponseFuture<K, F, P, H = RandomState>
    where
        F: Future,
    {
        #[pin]
        state: State<K, F, P, H>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<K, F, P, H>
    where
        F: Future,
    {
        Aboard { caller: Caller<K, F, P, H> },
        Alone { #[pin] call: F, part: Part },
    }
}

impl<K, F: Future, P, H> ResponseFuture<K, F, P, H> {
    pub(crate) fn aboard(caller: Caller<K, F, P, H>) -> Self {
        Self {
            state: State::Aboard { caller },
        }
    }

    pub(crate) fn alone(call: F) -> Self {
        Self {
            state: State::Alone {
                call,
                part: Part::Passed,
            },
        }
    }
}

impl<K, F, A, E, P, H> ResponseFuture<K, F, P, H>
where
    K: Send + Sync + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
    A: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
    P: Policy<A, E> + Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    /// As `poll`, and says what part this caller had in the answer.
    #[inline]
    pub(crate) fn poll_with_part(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<(Result<A, E>, Part)> {
        let mut state = self.project().state;
        loop {
            let call = match state.as_mut().project() {
                StateProj::Alone { call, part } => return call.poll(cx).map(|out| (out, *part)),
                StateProj::Aboard { caller } => match ready!(caller.poll(cx)) {
                    Arrival::Outcome(outcome, part) => return Poll::Ready((outcome, part)),
                    Arrival::Alone(call) => call,
                },
            };
            state.set(State::Alone {
                call,
                part: Part::Released,
            });
        }
    }
}

impl<K, F, A, E, P, H> Future for ResponseFuture<K, F, P, H>
where
    K: Send + Sync + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
    A: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
    P: Policy<A, E> + Send + Sync + 'static,
    H: Send + Sync + 'static,
{
    type Output = Result<A, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_with_part(cx).map(|(outcome, _)| outcome)
    }
}

impl<K, F: Future, P, H> fmt::Debug for ResponseFuture<K, F, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.state {
            State::Aboard { .. } => "aboard",
            State::Alone { .. } => "alone",
        };
        f.debug_tuple("ResponseFuture").field(&name).finish()
    }
}
