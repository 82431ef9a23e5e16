//! One caller: a future that was asked for, and what its answer has to be.

use std::{
    any::Any,
    fmt::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tower_pool::Verdict;

use super::{
    books::Rules,
    inner::{Answer, panic_message},
    plan::Judgement,
    record::{End, Progress, Record, Standing},
};

/// A caller, with whatever it does until it has all of its answer.
pub(crate) struct Caller {
    pub(crate) record: Arc<Record>,
    /// None once it is done.
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Caller {
    pub(crate) fn new(
        record: Arc<Record>,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        record.boards();
        record.books.waits(&record);
        Self {
            record,
            future: Some(Box::pin(future)),
        }
    }

    /// Is its own call under way?
    pub(crate) fn leads(&self) -> bool {
        self.record.sheet().progress != Progress::Unbegun
    }
}

impl Future for Caller {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(future) = &mut this.future else {
            return Poll::Ready(());
        };
        this.record.is_polled();
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => {}
            Err(payload) => this
                .record
                .complain(format_args!("its caller panicked: {}", words(&*payload))),
        }
        this.future = None;
        this.record.books.waits_no_more(&this.record);
        Poll::Ready(())
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else {
            return;
        };
        {
            let mut sheet = self.record.sheet();
            if sheet.end == End::Waits {
                sheet.end = End::Left;
            }
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(future))) {
            let words = words(&*payload);
            self.record
                .complain(format_args!("its drop panicked: {words}"));
        }
        self.record.books.waits_no_more(&self.record);
    }
}

/// Waits for what a pool's future comes to, which may be a panic, and keeps
/// track of whether its caller is still aboard.
pub(crate) async fn outcome<F>(record: &Record, future: F) -> Result<F::Output, Box<dyn Any + Send>>
where
    F: Future + fmt::Debug,
{
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        if is_alone(&*future) {
            let mut sheet = record.sheet();
            if sheet.standing == Standing::Aboard {
                sheet.standing = Standing::Released;
            }
        }
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    })
    .await
}

/// Has the caller of this future no flight, or none any more? It says so itself,
/// and nowhere else.
pub(crate) fn is_alone(future: &impl fmt::Debug) -> bool {
    struct Looks(bool);
    impl Write for Looks {
        fn write_str(&mut self, written: &str) -> fmt::Result {
            self.0 |= written.contains("alone");
            Ok(())
        }
    }
    let mut looks = Looks(false);
    let _ = write!(looks, "{future:?}");
    looks.0
}

/// The caller has got an answer, or a failure.
pub(crate) fn has_answer(record: &Record, of: &Record, key: Option<u32>) {
    let rules = &record.books.rules;
    let mine = std::ptr::eq(record, of);
    let (before, now) = {
        let mut sheet = of.sheet();
        let before = sheet.clone();
        let now = record.books.now();
        sheet.seen = Some(sheet.seen.map_or(now, |seen| seen.min(now)));
        sheet.answered += 1;
        sheet.witnessed = match (sheet.witnessed, record.boarded()) {
            (Some(first), Some(boarded)) => Some(first.min(boarded)),
            (first, boarded) => first.or(boarded),
        };
        (before, sheet.clone())
    };
    let (standing, progress) = {
        let mut sheet = record.sheet();
        sheet.end = if mine { End::Own } else { End::Anothers };
        (sheet.standing, sheet.progress)
    };
    if rules
        .max_callers
        .is_some_and(|most| now.answered > most.max(1))
    {
        record.complain("it is one too many to be answered");
    }
    if mine {
        return;
    }
    if !std::ptr::eq(&*record.books, &*of.books) || record.key != key || key.is_none() {
        record.complain(format_args!("it got a foreign answer, of {of}"));
    }
    let complaint = if standing != Standing::Aboard {
        "it was alone, and got the answer of another"
    } else if before.standing == Standing::Solo
        || before.standing == Standing::Released && !rules.joins_late
    {
        "it got the answer of one who is alone"
    } else if of.work.judgement != Judgement::Says(Verdict::Share) {
        "it got what was not to be shared"
    } else if progress != Progress::Unbegun && !rules.loses_runtimes {
        "it led, and got the answer of another"
    } else if before.seen.is_some_and(|seen| seen < record.asked) && !rules.joins_late {
        "it got an answer of a flight that was over before it asked"
    } else if is_too_old(rules, record, before.called) {
        "it got an answer of a flight that was too old when it asked"
    } else if before.called < record.forgotten && before.called.is_some() {
        "it got an answer of a flight that was forgotten before it asked"
    } else {
        return;
    };
    record.complain(format_args!("{complaint}, of {of}"));
}

fn is_too_old(rules: &Rules, record: &Record, called: Option<Duration>) -> bool {
    match (rules.max_age, called) {
        (Some(max_age), Some(called)) => record.asked.saturating_sub(called) >= max_age,
        _ => false,
    }
}

/// What a call came to, for whoever asked for it.
pub(crate) fn has_outcome(record: &Record, outcome: Result<Answer, Box<dyn Any + Send>>) {
    let payload = match outcome {
        Ok(answer) => return has_answer(record, &answer.of, answer.key),
        Err(payload) => payload,
    };
    let says = words(&*payload);
    let stranded = says.starts_with(STRANDED);
    let (standing, progress) = {
        let mut sheet = record.sheet();
        sheet.end = if stranded {
            End::Stranded
        } else {
            End::Panicked
        };
        (sheet.standing, sheet.progress)
    };
    let expected = if stranded {
        record.books.rules.loses_runtimes && progress != Progress::Unbegun
    } else if standing == Standing::Aboard {
        says == panic_message(record) || says == policy_message(record)
    } else {
        says == panic_message(record) && progress == Progress::Panicked
    };
    if !expected {
        record.complain(format_args!(
            "it saw a panic that was none of its own: {says}"
        ));
    }
}

/// How the panic of a leader begins whose call was lost with its runtime.
pub(crate) const STRANDED: &str = "the runtime that drove this call shut down";

/// What the policy says if it panics about an outcome of this key.
pub(crate) fn policy_message(of: &Record) -> String {
    format!("{} {:?}: the policy panics", of.books.name, of.key)
}

fn words(payload: &(dyn Any + Send)) -> &str {
    match payload.downcast_ref::<String>() {
        Some(words) => words,
        None => payload.downcast_ref::<&str>().unwrap_or(&"no words"),
    }
}
