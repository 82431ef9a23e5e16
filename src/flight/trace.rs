//! Spans and events of a flight with the feature `tracing`; nothing without it.
//!
//! A subscriber is code of others, so nothing here is called under a lock.

#[cfg(feature = "tracing")]
mod with {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// The span that a caller called in. It goes with the call to its task.
    pub(crate) struct Span(tracing::Span);

    /// Names a leader's span to those who follow it.
    #[derive(Clone)]
    pub(crate) struct SpanId(Option<tracing::Id>);

    impl Span {
        pub(crate) fn current() -> Self {
            Self(tracing::Span::current())
        }

        pub(crate) fn none() -> Self {
            Self(tracing::Span::none())
        }

        pub(crate) fn id(&self) -> SpanId {
            SpanId(self.0.id())
        }

        /// Records that this span waits for the call that `leader` leads. A
        /// subscriber that panics costs the caller nothing.
        pub(crate) fn follows_from(&self, leader: SpanId) {
            let record = || self.0.follows_from(leader.0).is_none();
            let _ = catch_unwind(AssertUnwindSafe(record));
        }

        pub(crate) fn in_scope<T>(&self, f: impl FnOnce() -> T) -> T {
            self.0.in_scope(f)
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

        pub(crate) fn follows_from(&self, _: SpanId) {}

        pub(crate) fn in_scope<T>(&self, f: impl FnOnce() -> T) -> T {
            f()
        }
    }

    pub(crate) fn milestone(_: Option<&str>, _: &'static str) {}
}

#[cfg(feature = "tracing")]
pub(super) use with::{Span, SpanId, milestone};
#[cfg(not(feature = "tracing"))]
pub(super) use without::{Span, SpanId, milestone};
