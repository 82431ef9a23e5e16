//! Plays a case: all ask, the gate opens, one more asks, and then the bodies
//! are read, in turns. Polled by hand, and only where it was woken.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use http::{Request, Response, response::Parts};
use http_body::Body;
use tokio_test::task::{self, Spawn};
use tower::Layer;
use tower_pool::{
    KeyExtractor, PoolLayer, Stats,
    http::{Credentials, HttpPoolLayer, Join, Role, SharedBody},
};

use crate::{
    exchange::{Case, Stamp, Tenant},
    origin::{Content, Failure, Origin},
};

/// What came of a case.
#[derive(Debug)]
pub struct Played {
    /// Of each exchange.
    pub got: Vec<Got>,
    /// Whom the service was called for.
    pub calls: Vec<usize>,
    pub stats: Stats,
    pub in_flight: usize,
}

#[derive(Debug)]
pub enum Got {
    Response { head: Parts, body: Vec<u8> },
    Failure(Failure),
}

impl Got {
    /// For whom it was made.
    pub fn whose(&self) -> usize {
        match self {
            Self::Response { head, .. } => head.extensions.get::<Stamp>().unwrap().0,
            Self::Failure(failure) => failure.0,
        }
    }

    /// Errors do not tell.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Response { head, .. } => head.extensions.get().copied(),
            Self::Failure(_) => None,
        }
    }
}

pub fn play(case: &Case) -> Played {
    let layer = PoolLayer::http();
    if case.setup.hook {
        let hook = |request: &Request<Content>| {
            request.extensions().get::<Tenant>().map(|tenant| tenant.0)
        };
        play_with(case, layer.and(hook))
    } else {
        play_with(case, layer)
    }
}

fn play_with<X>(case: &Case, layer: HttpPoolLayer<Content, X>) -> Played
where
    X: KeyExtractor<Request<Content>> + Clone + Send + Sync + 'static,
{
    let origin = Origin::new(case);
    let pool = set_up(case, layer).layer(origin.clone());
    let ask = |id: usize| task::spawn(pool.request(case.exchange(id).ask.request(id)));

    let mut callers: Vec<_> = (0..case.at_once.len()).map(ask).collect();
    for caller in &mut callers {
        assert!(caller.poll().is_pending(), "the gate is closed");
    }
    origin.open();
    let mut responses = all(callers);
    let mut late = ask(case.at_once.len());
    match late.poll() {
        Poll::Ready(response) => responses.push(response),
        Poll::Pending => panic!("nothing to wait for"),
    }
    drop(late);

    let got = read(case, responses);
    Played {
        got,
        calls: origin.calls(),
        stats: pool.stats(),
        in_flight: pool.in_flight(),
    }
}

fn set_up<X>(case: &Case, layer: HttpPoolLayer<Content, X>) -> HttpPoolLayer<Content, X> {
    let setup = &case.setup;
    let mut layer = layer.server_errors(setup.server_errors);
    if setup.key_credentials {
        layer = layer.credentials(Credentials::Key);
    }
    for name in &setup.extra {
        layer = layer.header(*name);
    }
    if let Some(max_body) = setup.max_body {
        layer = layer.max_body(max_body);
    }
    if setup.until_body {
        layer = layer.join(Join::UntilBody);
    }
    if !setup.remember {
        layer = layer.remember_unshareable(std::time::Duration::ZERO);
    }
    layer
}

/// Waits for all of them, and polls none that was not woken.
fn all<F: Future>(callers: Vec<Spawn<F>>) -> Vec<F::Output> {
    let mut done: Vec<_> = callers.iter().map(|_| None).collect();
    let mut callers: Vec<_> = callers.into_iter().enumerate().collect();
    while !callers.is_empty() {
        assert!(
            callers.iter().any(|(_, caller)| caller.is_woken()),
            "nobody was woken"
        );
        callers.retain_mut(|(id, caller)| {
            if caller.is_woken() {
                if let Poll::Ready(output) = caller.poll() {
                    done[*id] = Some(output);
                }
            }
            done[*id].is_none()
        });
    }
    done.into_iter().flatten().collect()
}

type Outcome = Result<Response<SharedBody>, Failure>;

/// Reads a frame of each body, and again, until all are at their end.
fn read(case: &Case, outcomes: Vec<Outcome>) -> Vec<Got> {
    let mut bodies = Vec::new();
    let mut got = Vec::new();
    for outcome in outcomes {
        got.push(match outcome {
            Ok(response) => {
                let (head, body) = response.into_parts();
                let Stamp(whose) = *head.extensions.get().unwrap();
                let size = case.exchange(whose).answer.size();
                assert!(body.size_hint().exact().is_none_or(|exact| exact == size));
                bodies.push((got.len(), body));
                Got::Response {
                    head,
                    body: Vec::new(),
                }
            }
            Err(failure) => Got::Failure(failure),
        });
    }
    let cx = &mut Context::from_waker(Waker::noop());
    while !bodies.is_empty() {
        bodies.retain_mut(|(id, body)| {
            let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else {
                panic!("nothing to wait for")
            };
            let Got::Response { body, .. } = &mut got[*id] else {
                unreachable!("it has a body")
            };
            let data = frame.map(|frame| frame.unwrap().into_data().unwrap());
            body.extend(data.iter().flatten());
            data.is_some()
        });
    }
    got
}
