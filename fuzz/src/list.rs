//! Lists of a bounded length.

use arbitrary::{Arbitrary, Result, Unstructured};

/// Up to `max` of them, any number as likely as any other. `Vec`'s own has two
/// or fewer in three cases of four, unless the bytes were bred to have more.
pub(crate) fn list<'a, T: Arbitrary<'a>>(u: &mut Unstructured<'a>, max: usize) -> Result<Vec<T>> {
    let count = u.int_in_range(0..=max)?;
    (0..count).map(|_| T::arbitrary(u)).collect()
}
