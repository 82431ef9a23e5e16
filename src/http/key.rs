//! Which HTTP requests are the same: [`HttpKey`].

use std::{fmt, hash::Hash};

use ::http::{HeaderName, Request};
use ahash::RandomState;
use http_body::Body;

use super::{
    eligible::{self, Ineligible},
    keyed::KeyedHeaders,
    line::Line,
    request_key::RequestKey,
};
use crate::key::KeyExtractor;

/// Derives the key of an HTTP request: requests of equal key may be answered
/// with one response.
///
/// Only GET and HEAD without a body have a key, and of those none that upgrades
/// or expects something, that stands for another method
/// (`X-HTTP-Method-Override`), that says `no-store` or `only-if-cached`, or that
/// carries credentials
/// (unless they are [made part of the key](Credentials::Key)). What such a
/// request is answered with is never handed to another.
///
/// The key is made of
///
/// - the method, the scheme, the authority (of the URI or `Host`) and the full
///   path and query. In an axum app, with the feature `axum`, that is the path
///   from before [`nest`] stripped a prefix, and the one from after;
/// - all values, in order, of `Accept`, `Accept-Encoding`, `Accept-Language`,
///   `Origin`, `Range`, `If-*`, of what a proxy says in `Forwarded`,
///   `X-Forwarded-Host`, `X-Original-Url` and the like (but not in
///   `X-Forwarded-For`), of deadlines like `Grpc-Timeout`, and of each
///   [`header`](Self::header) that you add;
/// - whatever you add with [`and`](Self::and).
///
/// **An identity that is in none of these is not seen:** a session or a client
/// certificate in the request's extensions, a tenant in a header of your own,
/// the address of the client. If an answer depends on one, add it.
///
/// ```
/// use http::Request;
/// use tower_pool::{KeyExtractor, http::HttpKey};
///
/// let key = HttpKey::new().header("x-tenant");
/// let of = |tenant: &str| {
///     let request = Request::get("http://localhost/report/7").header("x-tenant", tenant);
///     key.extract(&request.body(String::new()).unwrap())
/// };
/// assert!(of("north").is_some());
/// assert_eq!(of("north"), of("north"));
/// assert_ne!(of("north"), of("south"));
/// ```
///
/// [`nest`]: https://docs.rs/axum/latest/axum/struct.Router.html#method.nest
#[derive(Clone)]
pub struct HttpKey<X = ()> {
    headers: KeyedHeaders,
    body_is_keyed: bool,
    and: X,
    /// Of its own, so that a key is hashed once, however often it is looked up.
    hasher: RandomState,
}

/// What becomes of a request that says who sends it: by `Authorization`,
/// `Proxy-Authorization` or `Cookie`, or by one of the headers that are in use
/// for the same (`X-Api-Key`, `X-Auth-Token` and whatever else ends in `-Token`,
/// `X-Forwarded-User`, `Client-Cert` and the like).
///
/// ```
/// use http::Request;
/// use tower_pool::{KeyExtractor, http::{Credentials, HttpKey}};
///
/// let of = |key: &HttpKey, token: &str| {
///     let request = Request::get("http://localhost/me").header("authorization", token);
///     key.extract(&request.body(String::new()).unwrap())
/// };
/// let careful = HttpKey::new();
/// assert_eq!(of(&careful, "Bearer a"), None);
///
/// let each_their_own = HttpKey::new().credentials(Credentials::Key);
/// assert_eq!(of(&each_their_own, "Bearer a"), of(&each_their_own, "Bearer a"));
/// assert_ne!(of(&each_their_own, "Bearer a"), of(&each_their_own, "Bearer b"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Credentials {
    /// It passes straight through, and shares with nobody.
    #[default]
    Bypass,
    /// Its credentials become part of its key: it shares with requests that
    /// carry the very same.
    Key,
}

impl HttpKey {
    /// The key that is safe for any HTTP service whose answers depend on
    /// nothing but the request line and headers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            headers: KeyedHeaders::new(),
            body_is_keyed: false,
            and: (),
            hasher: RandomState::new(),
        }
    }
}

impl Default for HttpKey {
    fn default() -> Self {
        Self::new()
    }
}

impl<X> HttpKey<X> {
    /// Makes all values of a header part of the key.
    ///
    /// Responses that [`Vary`](https://www.rfc-editor.org/rfc/rfc9110#name-vary)
    /// by it may then be shared. A header with credentials no longer makes its
    /// request pass by.
    ///
    /// # Panics
    ///
    /// If `name` is not the name of a header.
    ///
    /// ```
    /// use tower_pool::http::HttpKey;
    ///
    /// let key = HttpKey::new().header("X-Tenant").header(http::header::USER_AGENT);
    /// # let _ = key;
    /// ```
    #[must_use]
    pub fn header<N>(mut self, name: N) -> Self
    where
        N: TryInto<HeaderName> + fmt::Debug + Clone,
    {
        match name.clone().try_into() {
            Ok(name) => self.headers.add(name),
            Err(_) => panic!("{name:?} is not the name of a header"),
        }
        self
    }

    /// Sets what becomes of requests with credentials, by default
    /// [`Credentials::Bypass`].
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.headers.set_credentials(credentials);
        self
    }

    /// Adds to the key what `hook` finds in the request: a session in its
    /// extensions, for instance. A request for which it returns `None` passes
    /// straight through.
    ///
    /// ```
    /// use http::Request;
    /// use tower_pool::{KeyExtractor, http::HttpKey};
    ///
    /// #[derive(Clone)]
    /// struct Session { user: u64 }
    ///
    /// // `Some(None)`: those without a session share among themselves.
    /// let key = HttpKey::new().and(|request: &Request<String>| {
    ///     Some(request.extensions().get::<Session>().map(|session| session.user))
    /// });
    /// let of = |user| {
    ///     let request = Request::get("/").extension(Session { user }).body(String::new());
    ///     key.extract(&request.unwrap())
    /// };
    /// assert_ne!(of(1), of(2));
    /// ```
    #[must_use]
    pub fn and<B, K, F>(self, hook: F) -> HttpKey<(X, F)>
    where
        F: Fn(&Request<B>) -> Option<K>,
    {
        HttpKey {
            headers: self.headers,
            body_is_keyed: self.body_is_keyed,
            and: (self.and, hook),
            hasher: self.hasher,
        }
    }

    /// As [`and`](Self::and), for a hook that makes the request's *body* part of
    /// the key: GET and HEAD with a body are then shared as well.
    ///
    /// Two bodies must have equal keys only if they are the same.
    ///
    /// ```
    /// use http::Request;
    /// use http_body_util::Full;
    /// use bytes::Bytes;
    /// use tower_pool::{KeyExtractor, http::HttpKey};
    ///
    /// # #[derive(Clone)] struct Query;
    /// // A layer in front has collected the body, and left a copy.
    /// let key = HttpKey::new().and_body(|request: &Request<Full<Bytes>>| {
    ///     request.extensions().get::<Bytes>().cloned()
    /// });
    /// # let _ = key;
    /// ```
    #[must_use]
    pub fn and_body<B, K, F>(self, hook: F) -> HttpKey<(X, F)>
    where
        F: Fn(&Request<B>) -> Option<K>,
    {
        let mut key = self.and(hook);
        key.body_is_keyed = true;
        key
    }

    /// The headers whose values are part of the key.
    pub(super) fn headers(&self) -> &KeyedHeaders {
        &self.headers
    }

    /// The key of a request that may be shared, or why it may not. What the
    /// hooks have found goes through `and`.
    pub(super) fn look<B, K: Hash>(
        &self,
        request: &Request<B>,
        and: impl FnOnce(X::Key) -> K,
    ) -> Result<RequestKey<K>, Ineligible>
    where
        B: Body,
        X: KeyExtractor<Request<B>>,
    {
        let headers = eligible::check(request, &self.headers, self.body_is_keyed)?;
        let and = and(self.and.extract(request).ok_or(Ineligible::Bypass)?);
        let mut line = Line::of_target(request);
        for name in headers.named {
            line.values(request.headers().get_all(name));
        }
        for name in headers.others {
            line.header(name, request.headers());
        }
        Ok(RequestKey::new(line, and, &self.hasher))
    }
}

impl<B, X> KeyExtractor<Request<B>> for HttpKey<X>
where
    B: Body,
    X: KeyExtractor<Request<B>>,
{
    type Key = RequestKey<X::Key>;

    fn extract(&self, request: &Request<B>) -> Option<Self::Key> {
        self.look(request, |key| key).ok()
    }
}

impl<X> fmt::Debug for HttpKey<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpKey")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
