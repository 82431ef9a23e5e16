//! How a request's line and headers are written for its key: [`Line`].

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header, header::GetAll};

use super::nested::original_uri;

/// All that is keyed of a request's line and headers, part after part, each with
/// its length: no two requests that differ in any of it are written the same way.
pub(crate) struct Line(Vec<u8>);

impl Line {
    /// What is asked for: in axum, also as it was before `nest` stripped it.
    pub(crate) fn of_target<B>(request: &Request<B>) -> Self {
        let mut line = Self(Vec::with_capacity(512));
        line.0.push(u8::from(request.method() == Method::HEAD));
        line.target(request.uri(), request.headers());
        match original_uri(request) {
            Some(uri) if uri != request.uri() => line.target(uri, request.headers()),
            _ => line.none(),
        }
        line
    }

    /// A header by its name, with all of its values.
    pub(crate) fn header(&mut self, name: &HeaderName, headers: &HeaderMap) {
        self.some(name.as_str().as_bytes());
        self.values(headers.get_all(name));
    }

    /// The values of a header that has its place in each line.
    pub(super) fn values(&mut self, values: GetAll<'_, HeaderValue>) {
        for value in values {
            self.some(value.as_bytes());
        }
        self.none();
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
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
