//! Who may have an outcome: [`Policy`] and [`Verdict`].

/// What becomes of an outcome that others wait for besides the leader.
///
/// ```
/// use tower_pool::{PoolLayer, Verdict};
///
/// let layer = PoolLayer::new(|n: &u64| Some(*n))
///     .policy(|outcome: Result<&u64, &std::fmt::Error>| match outcome {
///         Ok(_) => Verdict::Share,
///         Err(_) => Verdict::Solo,
///     });
/// # let _ = layer;
/// ```
///
/// Ordered from the most to the least sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every caller gets a clone of it. What happens unless a policy says otherwise.
    Share,
    /// Only the leader gets it. One follower leads a new flight with its own
    /// request and the rest follow it, at most
    /// [`max_retries`](crate::PoolLayer::max_retries) times in a row for one
    /// caller, which then goes solo.
    Retry,
    /// Only the leader gets it. All followers are released at once, in
    /// parallel, each to an inner call of its own with its own request.
    Solo,
}

/// Looks at an outcome before it is handed out.
///
/// Implemented for every `Fn(Result<&Res, &Err>) -> Verdict`.
///
/// It is asked once for each outcome that somebody besides the leader waits
/// for; a caller who is alone with its call gets its outcome unseen, as it
/// would without the pool. Where the leader is gone, an outcome that is not
/// shared goes to nobody. While it is asked, newcomers may still join.
///
/// # Panics
///
/// A policy that panics ends the flight as an inner call that panics does:
/// every caller of the flight unwinds, and the key is free.
///
/// ```
/// use tower_pool::{PoolLayer, Verdict};
///
/// struct Page { private: bool }
///
/// let layer = PoolLayer::new(|path: &String| Some(path.clone())).policy(
///     |outcome: Result<&Page, &std::io::Error>| match outcome {
///         Ok(page) if page.private => Verdict::Solo,
///         Ok(_) => Verdict::Share,
///         Err(_) => Verdict::Retry,
///     },
/// );
/// # let _ = layer;
/// ```
pub trait Policy<Res, Err> {
    /// Returns what becomes of `outcome`.
    fn verdict(&self, outcome: Result<&Res, &Err>) -> Verdict;

    /// Adds another policy, and has the more cautious of both verdicts count:
    /// [`Solo`](Verdict::Solo) before [`Retry`](Verdict::Retry) before
    /// [`Share`](Verdict::Share). What this one says is solo, the other is not
    /// asked about.
    ///
    /// ```
    /// use tower_pool::{Policy, ShareAll, Verdict};
    ///
    /// let careful = ShareAll.and(|outcome: Result<&u64, &std::fmt::Error>| match outcome {
    ///     Ok(_) => Verdict::Share,
    ///     Err(_) => Verdict::Retry,
    /// });
    /// assert_eq!(careful.verdict(Err(&std::fmt::Error)), Verdict::Retry);
    /// ```
    fn and<P>(self, other: P) -> And<Self, P>
    where
        Self: Sized,
        P: Policy<Res, Err>,
    {
        And(self, other)
    }
}

impl<F, Res, Err> Policy<Res, Err> for F
where
    F: Fn(Result<&Res, &Err>) -> Verdict,
{
    fn verdict(&self, outcome: Result<&Res, &Err>) -> Verdict {
        self(outcome)
    }
}

/// The policy of a layer that was given none: every outcome is shared.
///
/// ```
/// use tower_pool::{Policy, ShareAll, Verdict};
///
/// assert_eq!(ShareAll.verdict(Err::<&(), _>(&"no")), Verdict::Share);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ShareAll;

impl<Res, Err> Policy<Res, Err> for ShareAll {
    fn verdict(&self, _outcome: Result<&Res, &Err>) -> Verdict {
        Verdict::Share
    }
}

/// Two policies, of which the more cautious verdict counts: see [`Policy::and`].
#[derive(Clone, Copy, Debug, Default)]
pub struct And<A, B>(A, B);

impl<A, B, Res, Err> Policy<Res, Err> for And<A, B>
where
    A: Policy<Res, Err>,
    B: Policy<Res, Err>,
{
    fn verdict(&self, outcome: Result<&Res, &Err>) -> Verdict {
        more_cautious(&self.0, &self.1, outcome)
    }
}

/// The verdict of both, as [`Policy::and`] has it.
pub(crate) fn more_cautious<Res, Err>(
    first: &impl Policy<Res, Err>,
    second: &impl Policy<Res, Err>,
    outcome: Result<&Res, &Err>,
) -> Verdict {
    match first.verdict(outcome) {
        Verdict::Solo => Verdict::Solo,
        verdict => verdict.max(second.verdict(outcome)),
    }
}

/// What becomes of an inner call when its last caller is dropped.
///
/// Either way the key is free at once, and a newcomer gets a call of its own.
/// A call that was neither polled nor handed over to a task has not begun, and
/// is always dropped.
///
/// ```
/// use tower_pool::{OnAbandon, PoolLayer};
///
/// // A report that was begun is worth to be finished: it fills a cache, say.
/// let layer = PoolLayer::new(|id: &u32| Some(*id)).on_abandon(OnAbandon::Finish);
/// # let _ = layer;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnAbandon {
    /// It is dropped before the drop of its last caller returns, as it would
    /// be without the pool. (Should it just be polled, it is dropped as soon
    /// as that poll returns.)
    #[default]
    Cancel,
    /// It runs to its end in a task; nobody sees the outcome. Where the
    /// leader ran outside a tokio runtime there is no task to be had, and it
    /// is dropped.
    Finish,
}
