//! Which requests are the same: [`KeyExtractor`].

use std::hash::Hash;

/// Derives the key of a request: requests with equal keys share one inner call.
///
/// Implemented for every `Fn(&Req) -> Option<Key>`. Implement it by hand where
/// the extractor needs a name, for instance to keep it in a struct field.
///
/// **The key decides who sees whose answer.** Whatever the answer depends on
/// belongs in it: the caller's identity and tenant as much as the thing asked
/// for. Where in doubt return `None`, and the request passes straight through.
///
/// The extractor runs inside `call`; should it panic, the panic goes to that
/// caller alone. [`Eq`] is what counts, never a hash alone. Neither runs while
/// the pool holds a lock.
///
/// ```
/// use tower_pool::KeyExtractor;
///
/// struct Report { id: u32, tenant: &'static str, fresh: bool }
///
/// #[derive(Clone)]
/// struct ByTenant;
///
/// impl KeyExtractor<Report> for ByTenant {
///     type Key = (&'static str, u32);
///
///     fn extract(&self, report: &Report) -> Option<Self::Key> {
///         (!report.fresh).then_some((report.tenant, report.id))
///     }
/// }
///
/// let report = Report { id: 7, tenant: "north", fresh: false };
/// assert_eq!(ByTenant.extract(&report), Some(("north", 7)));
/// ```
pub trait KeyExtractor<Req> {
    /// What is compared. It lives as long as its flight, shared by the callers.
    type Key: Hash + Eq + Send + Sync + 'static;

    /// Returns the key of `request`, or `None` to let it pass unshared.
    fn extract(&self, request: &Req) -> Option<Self::Key>;
}

impl<F, Req, K> KeyExtractor<Req> for F
where
    F: Fn(&Req) -> Option<K>,
    K: Hash + Eq + Send + Sync + 'static,
{
    type Key = K;

    fn extract(&self, request: &Req) -> Option<K> {
        self(request)
    }
}

/// No key of its own: all requests are the same to it. For what may be extended.
impl<Req> KeyExtractor<Req> for () {
    type Key = ();

    fn extract(&self, _request: &Req) -> Option<()> {
        Some(())
    }
}

/// Both keys together; a request that either lets pass is let pass.
///
/// ```
/// use tower_pool::KeyExtractor;
///
/// let both = (|n: &i32| (*n > 0).then_some(*n), |n: &i32| Some(n % 2));
/// assert_eq!(both.extract(&7), Some((7, 1)));
/// assert_eq!(both.extract(&-7), None);
/// ```
impl<Req, A, B> KeyExtractor<Req> for (A, B)
where
    A: KeyExtractor<Req>,
    B: KeyExtractor<Req>,
{
    type Key = (A::Key, B::Key);

    fn extract(&self, request: &Req) -> Option<Self::Key> {
        Some((self.0.extract(request)?, self.1.extract(request)?))
    }
}
