//! Coalescing of HTTP requests, and its parts.
//!
//! - [`SharedBody`] is a body with any number of readers, each of whom gets all of
//!   it while it still arrives. [`ShareBodyLayer`] puts it into responses.

mod body;

pub use self::body::{
    DEFAULT_MAX_LAG, ShareBody, ShareBodyFuture, ShareBodyLayer, SharedBody, SharedBodyError,
};
