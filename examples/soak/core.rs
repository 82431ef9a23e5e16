//! A pool around the scripted service, with its books.

use std::{panic::resume_unwind, sync::Arc};

use tower::Layer;
use tower_pool::{OnAbandon, Pool, PoolLayer, Verdict};

use super::{
    ask::{Ask, Key, ask},
    books::{Books, Rules},
    caller::{Caller, has_outcome, is_alone, outcome, policy_message},
    findings::Findings,
    inner::{Answer, Failure, Inner, Outside},
    plan::{Judgement, Manner, Work},
    record::{Record, Standing},
};

type Extract = fn(&Ask) -> Option<Key>;
type Judge = fn(Result<&Answer, &Failure>) -> Verdict;

pub(crate) struct Core {
    pub(crate) books: Arc<Books>,
    pub(crate) pool: Pool<Inner, Ask, Extract, Judge>,
    world: Arc<Outside>,
}

impl Core {
    pub(crate) fn new(
        name: &'static str,
        rules: Rules,
        keys: u32,
        findings: &Arc<Findings>,
        world: &Arc<Outside>,
    ) -> Self {
        let extract: Extract = Ask::key;
        let on_abandon = match rules.finishes {
            true => OnAbandon::Finish,
            false => OnAbandon::Cancel,
        };
        let mut layer = PoolLayer::new(extract)
            .policy(judge as Judge)
            .on_abandon(on_abandon)
            .name(name);
        if let Some(max_callers) = rules.max_callers {
            layer = layer.max_callers(max_callers);
        }
        if let Some(max_age) = rules.max_age {
            layer = layer.max_age(max_age);
        }
        Self {
            books: Books::new(name, rules, keys, findings),
            pool: layer.layer(Inner::new(world)),
            world: Arc::clone(world),
        }
    }

    pub(crate) fn ask(&self, task: u64, key: Option<u32>, manner: Manner, work: Work) -> Caller {
        let record = Record::new(&self.books, task, key, manner, work);
        let future = ask(&record, &self.world, |ask| self.pool.request(ask));
        if is_alone(&future) {
            record.sheet().standing = Standing::Solo;
        }
        Caller::new(Arc::clone(&record), async move {
            let outcome = outcome(&record, future).await;
            let answer = outcome.map(|outcome| outcome.unwrap_or_else(|Failure(answer)| answer));
            has_outcome(&record, answer);
        })
    }

    pub(crate) fn forget(&self, key: u32) {
        let forget = || self.pool.forget(&Key::new(key, &self.world));
        self.books.forget(key, forget);
    }
}

/// Says of an outcome what the request of its call said that it would.
fn judge(outcome: Result<&Answer, &Failure>) -> Verdict {
    let (Ok(answer) | Err(Failure(answer))) = outcome;
    let of = &answer.of;
    if std::mem::replace(&mut of.sheet().judged, true) {
        of.complain("the policy was asked twice");
    }
    match of.work.judgement {
        Judgement::Says(verdict) => {
            if verdict == Verdict::Retry {
                of.books.policy_says_retry();
            }
            verdict
        }
        Judgement::Panics => {
            of.books.policy_panics();
            resume_unwind(Box::new(policy_message(of)))
        }
    }
}
