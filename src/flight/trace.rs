//! Spans and events of a flight with the feature `tracing`; nothing without it.
//!
//! A subscriber is code of others, so nothing here is called under a lock.

#[cfg(feature = "tracing")]
mod with {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// The span that a caller called in. It goes with the call to its task.
    pub(crate) struct Span {
        span: tracing::Span,
        /// Whom it was last said to follow.
        leader: SpanId,
    }

    /// Names a leader's span to those who follow it.
    #[derive(Clone, PartialEq)]
    pub(crate) struct SpanId(Option<tracing::Id>);

    impl Span {
        pub(crate) fn current() -> Self {
            Self::of(tracing::Span::current())
        }

        pub(crate) fn none() -> Self {
            Self::of(tracing::Span::none())
        }

        fn of(span: tracing::Span) -> Self {
            let leader = SpanId::none();
            Self { span, leader }
        }

        pub(crate) fn id(&self) -> SpanId {
            SpanId(self.span.id())
        }

        /// Records that this span waits for the call that `leader` leads, if
        /// there is one. A subscriber that panics costs the caller nothing.
        pub(crate) fn follow(&mut self, leader: SpanId) {
            if leader == SpanId::none() || leader == self.leader {
                return;
            }
            let record = || self.span.follows_from(leader.0.clone()).is_none();
            let _ = catch_unwind(AssertUnwindSafe(record));
            self.leader = leader;
        }

        pub(crate) fn in_scope<T>(&self, f: impl FnOnce() -> T) -> T {
            self.span.in_scope(f)
        }
    }

    impl SpanId {
        pub(crate) fn none() -> Self {
            Self(None)
        }
    }

    /// An event in the life of a flight of the pool of this name. A subscriber
    /// that panics does not cost the flight what it was about to do.
    pub(crate) fn milestone(pool: Option<&str>, what: &'static str) {
        let _ = catch_unwind(|| tracing::debug!(target: "tower_pool", pool, "{what}"));
    }
}

#[cfg(not(feature = "tracing"))]
mod without {
    pub(crate) struct Span;

    #[derive(Clone)]
    pub(crate) struct SpanId;

    impl Span {
        pub(crate) fn current() -> Self {
            Self
        }

        pub(crate) fn none() -> Self {
            Self
        }

        pub(crate) fn id(&self) -> SpanId {
            SpanId
        }

        pub(crate) fn follow(&mut self, _: SpanId) {}

        pub(crate) fn in_scope<T>(&self, f: impl FnOnce() -> T) -> T {
            f()
        }
    }

    impl SpanId {
        pub(crate) fn none() -> Self {
            Self
        }
    }

    pub(crate) fn milestone(_: Option<&str>, _: &'static str) {}
}

#[cfg(feature = "tracing")]
pub(super) use with::{Span, SpanId, milestone};
#[cfg(not(feature = "tracing"))]
pub(super) use without::{Span, SpanId, milestone};
