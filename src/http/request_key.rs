//! The key of one HTTP request: [`RequestKey`].

use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher},
};

use ahash::RandomState;

use super::line::Line;

/// The key of an HTTP request, made by [`HttpKey`](super::HttpKey).
///
/// It has the request's credentials in it where they are keyed, so it shows
/// nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestKey<K = ()> {
    /// Of all the rest. It is made once, however often the key is looked up.
    hash: u64,
    line: Vec<u8>,
    and: K,
}

impl<K: Hash> RequestKey<K> {
    /// The key of what is written in `line`, with `and`.
    pub(crate) fn new(line: Line, and: K, hasher: &RandomState) -> Self {
        let line = line.into_bytes();
        let mut hasher = hasher.build_hasher();
        hasher.write(&line);
        and.hash(&mut hasher);
        Self {
            hash: hasher.finish(),
            line,
            and,
        }
    }
}

impl<K> RequestKey<K> {
    /// Without the key itself: equal keys have equal hashes, and not the
    /// other way round.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}

impl<K> Hash for RequestKey<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<K> fmt::Debug for RequestKey<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestKey").finish_non_exhaustive()
    }
}
