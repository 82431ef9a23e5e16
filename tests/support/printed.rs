//! What is printed of something: it says what it is, and no secret.

use std::fmt::Debug;

/// What is asked for and answered, and is not to be printed.
pub(crate) const SECRET: &str = "c2VjcmV0";

pub(crate) fn assert_prints(what: &impl Debug, begins: &str, tells: &[&str]) {
    let text = format!("{what:?}");
    assert!(text.starts_with(begins), "{text}");
    assert!(tells.iter().all(|it| text.contains(it)), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}
