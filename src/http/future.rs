//! The future of a pooled HTTP request: [`ResponseFuture`].

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::http::{Request, Response, Version};
use pin_project_lite::pin_project;

use super::{
    body::SharedBody,
    eligible::Ineligible,
    flights::{CallOf, Common, KeyOf, Late},
    origin::{Answer, HttpService},
    role::{Forwarded, Role},
};
use crate::{
    flight::Part,
    key::KeyExtractor,
    policy::{Policy, Verdict},
};

/// How a request came into the pool.
#[derive(Clone, Copy, Debug)]
pub(super) enum Course {
    /// It may not be shared.
    Ineligible(Ineligible),
    /// Responses to its key, of this hash, could not be shared of late.
    Remembered(u64),
    Aboard,
}

pin_project! {
    /// One caller's response from an [`HttpPool`](super::HttpPool).
    ///
    /// # Panics
    ///
    /// A panic of the inner service unwinds here, in each of its callers. It
    /// panics if it is polled after it was done.
    ///
    /// # Cancel safety
    ///
    /// Dropping it never disturbs the other callers. When it is the last of its
    /// flight, the inner call is dropped: as with [`crate::ResponseFuture`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ResponseFuture<S, B, X, P>
    where
        S: HttpService<B>,
        X: KeyExtractor<Request<B>>,
        P: Policy<Response<SharedBody>, S::Error>,
    {
        #[pin]
        state: State<S, B, X, P>,
        version: Version,
        common: Arc<Common<P, KeyOf<B, X>>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, B, X, P>
    where
        S: HttpService<B>,
        X: KeyExtractor<Request<B>>,
        P: Policy<Response<SharedBody>, S::Error>,
    {
        UnderWay { #[pin] call: CallOf<S, B, X, P>, course: Course },
        /// It joined a response whose body was arriving.
        Late { late: Option<Late> },
    }
}

impl<S, B, X, P> ResponseFuture<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    pub(super) fn under_way(
        call: CallOf<S, B, X, P>,
        course: Course,
        version: Version,
        common: Arc<Common<P, KeyOf<B, X>>>,
    ) -> Self {
        Self {
            state: State::UnderWay { call, course },
            version,
            common,
        }
    }

    pub(super) fn late(late: Late, version: Version, common: Arc<Common<P, KeyOf<B, X>>>) -> Self {
        Self {
            state: State::Late { late: Some(late) },
            version,
            common,
        }
    }
}

impl<S, B, X, P> Future for ResponseFuture<S, B, X, P>
where
    S: HttpService<B> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Clone + Send + Sync + 'static,
    B: Send + 'static,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error> + Send + Sync + 'static,
{
    type Output = Result<Response<SharedBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let own = *this.version;
        let (mut response, role, forwarded, answered) = match this.state.project() {
            StateProj::Late { late } => {
                let late = late.take().expect("polled after completion");
                (late.answer(), Role::Follower, Forwarded::Collapsed, own)
            }
            StateProj::UnderWay { call, course } => {
                let (outcome, part) = ready!(call.poll_with_part(cx));
                let answer = outcome?;
                let forwarded = forwarded(*course, part, &answer);
                let remembered = match (*course, part) {
                    (Course::Remembered(hash), _) => Some(hash),
                    (Course::Aboard, Part::Released) => answer.hash,
                    _ => None,
                };
                if let Some(hash) = remembered {
                    match this.common.verdict(Ok::<_, &S::Error>(&answer.response)) {
                        Verdict::Share => this.common.memory.forget(hash),
                        // It has waited for nothing: perhaps for several retries.
                        _ if part == Part::Released => this.common.memory.remember(hash),
                        _ => {}
                    }
                }
                let role = Role::from(part);
                (answer.response, role, forwarded, answer.version)
            }
        };
        role.take(&mut response, answered, own);
        if let Some(cache_status) = &this.common.cache_status {
            cache_status.add(response.headers_mut(), forwarded);
        }
        Poll::Ready(Ok(response))
    }
}

fn forwarded(course: Course, part: Part, answer: &Answer) -> Forwarded {
    match (course, part) {
        (Course::Ineligible(why), _) => Forwarded::Ineligible(why),
        (_, Part::Followed) => Forwarded::Collapsed,
        (_, Part::Released) => Forwarded::Released,
        (_, Part::Led) if answer.verdict.get() == Some(&Verdict::Share) => Forwarded::Collapsed,
        (_, Part::Led | Part::Passed) => Forwarded::Alone,
    }
}

impl<S, B, X, P> fmt::Debug for ResponseFuture<S, B, X, P>
where
    S: HttpService<B>,
    X: KeyExtractor<Request<B>>,
    P: Policy<Response<SharedBody>, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
