//! A pool over HTTP whose bodies are streamed, with its books.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Empty;
use tokio::time::{sleep, timeout};
use tower::Layer;
use tower_pool::{
    PoolLayer, Verdict,
    http::{HttpPool, Join, Role, SharedBody},
};

use super::{
    books::{Books, Rules},
    caller::{Caller, has_answer},
    findings::Findings,
    inner::Outside,
    origin::{self, Origin},
    plan::{Dice, Ending, Judgement, Manner, Readiness, Work},
    reader::{Pace, read},
    record::{Record, Standing},
};

/// How far a reader may be behind the fastest. Some bodies are longer.
pub(crate) const MAX_LAG: u64 = 32 << 10;

pub(crate) type NoBody = Empty<Bytes>;

type Judge = fn(Result<&Response<SharedBody>, &Infallible>) -> Verdict;

pub(crate) struct Web {
    pub(crate) books: Arc<Books>,
    pub(crate) pool: HttpPool<Origin, NoBody, (), Judge>,
}

/// All that is left to chance about one caller.
pub(crate) struct Step {
    task: u64,
    /// None: a request that may not be shared.
    key: Option<u32>,
    manner: Manner,
    work: Work,
    stream: origin::Stream,
    pace: Pace,
}

impl Step {
    pub(crate) fn roll(dice: &mut Dice, task: u64) -> Self {
        let key = dice.key();
        let work = dice.work();
        Self {
            task,
            key: (!dice.per_mille(50)).then_some(key),
            manner: match dice.manner() {
                // What these do is shown without HTTP.
                Manner::DropAfter(_)
                | Manner::HoldForAnother
                | Manner::LeaveACrowd
                | Manner::Emigrate => Manner::Await,
                manner => manner,
            },
            // Whose an error or a panic was, its callers could not tell.
            work: Work {
                readiness: Readiness::AtOnce,
                ending: match dice.up_to(9) {
                    0 => Ending::Fails,
                    _ => Ending::Answers,
                },
                judgement: match work.judgement {
                    Judgement::Panics => Judgement::Says(Verdict::Share),
                    says => says,
                },
                ..work
            },
            stream: origin::Stream::roll(dice),
            pace: Pace::roll(dice),
        }
    }
}

impl Web {
    pub(crate) fn new(
        name: &'static str,
        join: Join,
        keys: u32,
        findings: &Arc<Findings>,
        world: &Arc<Outside>,
    ) -> Self {
        let rules = Rules {
            hides_released: true,
            joins_late: join == Join::UntilBody,
            ..Rules::default()
        };
        let layer = PoolLayer::http::<NoBody>()
            .policy(judge as Judge)
            .join(join)
            .max_lag(MAX_LAG)
            // It would keep requests out of flights that the books know to be in.
            .remember_unshareable(Duration::ZERO);
        Self {
            books: Books::new(name, rules, keys, findings),
            pool: layer.layer(Origin::new(world)),
        }
    }

    fn ask(&self, step: &Step) -> Caller {
        let record = Record::new(&self.books, step.task, step.key, step.manner, step.work);
        let future = self.pool.request(request(&record, step.stream));
        if step.key.is_none() {
            record.sheet().standing = Standing::Solo;
        }
        let pace = step.pace;
        Caller::new(Arc::clone(&record), async move {
            let Ok(response) = future.await;
            let (of, stream) = has_response(&record, &response);
            read(&record, &of, stream, response.into_body(), pace).await;
        })
    }
}

pub(crate) async fn play(web: &Web, step: Step) {
    if let (Manner::Forget, Some(key)) = (step.manner, step.key) {
        let request = Request::get(path(Some(key))).body(NoBody::new());
        let request = request.expect("it is a path");
        web.books.forget(key, || web.pool.forget(&request));
    }
    let mut caller = web.ask(&step);
    match step.manner {
        Manner::DropUnpolled => drop(caller),
        Manner::DropWhenLeading | Manner::Hold(_, false) => {
            let _ = timeout(Duration::ZERO, &mut caller).await;
        }
        Manner::Timeout(time) => {
            let _ = timeout(time, &mut caller).await;
        }
        Manner::Hold(time, true) => {
            let _ = timeout(Duration::ZERO, &mut caller).await;
            sleep(time).await;
            caller.await;
        }
        _ => caller.await,
    }
}

/// Counts what the rules of HTTP will have tried again, and leaves it to them.
fn judge(outcome: Result<&Response<SharedBody>, &Infallible>) -> Verdict {
    match outcome {
        Ok(response) if response.status() == StatusCode::BAD_REQUEST => {
            whose(response).books.policy_says_retry();
        }
        Ok(_) => {}
        Err(never) => match *never {},
    }
    Verdict::Share
}

fn request(record: &Arc<Record>, stream: origin::Stream) -> Request<NoBody> {
    let method = match record.key {
        Some(_) => Method::GET,
        None => Method::POST,
    };
    Request::builder()
        .method(method)
        .uri(path(record.key))
        .extension(Arc::clone(record))
        .extension(stream)
        .body(NoBody::new())
        .expect("it is a path")
}

fn path(key: Option<u32>) -> String {
    key.map_or_else(|| "/".to_owned(), |key| format!("/{key}"))
}

fn whose<B>(response: &Response<B>) -> &Arc<Record> {
    let of = response.extensions().get();
    of.expect("the origin says whose it is")
}

/// Whose response it is, and what its body is to be.
fn has_response(record: &Record, response: &Response<SharedBody>) -> (Arc<Record>, origin::Stream) {
    let (extensions, of) = (response.extensions(), whose(response));
    let role: &Role = extensions.get().expect("the pool says what part it had");
    if *role == Role::Solo && record.key.is_some() {
        record.sheet().standing = Standing::Released;
    }
    if (*role == Role::Follower) == std::ptr::eq(record, &**of) {
        record.complain(format_args!(
            "it is called a {role:?}, with the answer of {of}"
        ));
    }
    let key = response.headers().get("x-key").map(|key| {
        let key = key.to_str().ok().and_then(|key| key.parse().ok());
        key.expect("the origin sends a number")
    });
    has_answer(record, of, key);
    (Arc::clone(of), *extensions.get().expect("and what follows"))
}
