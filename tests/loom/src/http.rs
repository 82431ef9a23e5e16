//! What the shared body is part of, as far as it needs it.

pub(crate) mod body;

pub(crate) mod policy {
    /// No model reads trailers.
    pub(crate) const OF_ONE_CLIENT: [&str; 0] = [];
}
