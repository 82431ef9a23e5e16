//! The key of one HTTP request: [`RequestKey`].

use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher, RandomState},
};

use ::http::{HeaderMap, HeaderValue, Method, Request, Uri, header, header::GetAll};

use super::{keyed::Keyed, nested::original_uri};

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
    /// The key of `request`, with the values of these headers and with `and`.
    pub(super) fn new<B>(
        request: &Request<B>,
        headers: &Keyed<'_>,
        and: K,
        hasher: &RandomState,
    ) -> Self {
        let Line(line) = Line::of(request, headers);
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

/// All that is keyed of a request's line and headers, part after part, each with
/// its length: no two requests that differ in any of it are written the same way.
struct Line(Vec<u8>);

impl Line {
    fn of<B>(request: &Request<B>, headers: &Keyed<'_>) -> Self {
        let mut line = Self(Vec::with_capacity(512));
        line.0.push(u8::from(request.method() == Method::HEAD));
        line.target(request.uri(), request.headers());
        match original_uri(request) {
            Some(uri) if uri != request.uri() => line.target(uri, request.headers()),
            _ => line.none(),
        }
        for name in headers.named {
            line.values(request.headers().get_all(name));
        }
        for name in &headers.others {
            line.some(name.as_str().as_bytes());
            line.values(request.headers().get_all(*name));
        }
        line
    }

    fn values(&mut self, values: GetAll<'_, HeaderValue>) {
        for value in values {
            self.some(value.as_bytes());
        }
        self.none();
    }

    fn some(&mut self, part: &[u8]) {
        self.0.push(1);
        self.0.extend_from_slice(&part.len().to_ne_bytes());
        self.0.extend_from_slice(part);
    }

    fn none(&mut self) {
        self.0.push(0);
    }

    /// What is asked for, and of whom. An HTTP/1.1 request in its usual form
    /// has no scheme and names its host in `Host`, an HTTP/2 request has it all
    /// in its URI: both are written the same.
    fn target(&mut self, uri: &Uri, headers: &HeaderMap) {
        self.some(uri.scheme_str().unwrap_or("http").as_bytes());
        let named = uri
            .authority()
            .map(|authority| authority.as_str().as_bytes());
        let hosts = || {
            headers
                .get_all(header::HOST)
                .iter()
                .map(|host| host.as_bytes())
        };
        let authority = named.or_else(|| hosts().next());
        match authority {
            Some(authority) => self.some(authority),
            None => self.none(),
        }
        // Whoever answers may look at any of them. So unless all that is said is
        // one and the same, all of it counts, and where each was said.
        if hosts().count() > 1 || hosts().any(|host| Some(host) != authority) {
            self.0.push(if named.is_some() { 3 } else { 2 });
            hosts().for_each(|host| self.some(host));
        }
        self.none();
        self.some(uri.path().as_bytes());
        match uri.query() {
            Some(query) => self.some(query.as_bytes()),
            None => self.none(),
        }
    }
}
