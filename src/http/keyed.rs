//! Which headers of a request are part of its key: [`KeyedHeaders`].

use ::http::{HeaderMap, HeaderName, header};

use super::{key::Credentials, names::Kind};

/// What content is negotiated by, and what makes a request partial or conditional.
const ALWAYS: [HeaderName; 10] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::ORIGIN,
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
];

/// The headers whose values are part of a key: those that are named, and those
/// that their names tell of.
#[derive(Clone, Debug)]
pub(super) struct KeyedHeaders {
    named: Vec<HeaderName>,
    credentials: Credentials,
}

/// The keyed headers of a request, in an order that is the same for all.
pub(super) struct Keyed<'a> {
    /// Of each request, be they there or not.
    pub(super) named: &'a [HeaderName],
    /// Of this request.
    pub(super) others: Vec<&'a HeaderName>,
}

impl KeyedHeaders {
    pub(super) fn new() -> Self {
        Self {
            named: ALWAYS.to_vec(),
            credentials: Credentials::Bypass,
        }
    }

    pub(super) fn add(&mut self, name: HeaderName) {
        if !self.named.contains(&name) {
            self.named.push(name);
        }
    }

    pub(super) fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = credentials;
    }

    pub(super) fn contains(&self, name: &HeaderName) -> bool {
        self.named.contains(name) || self.takes(Kind::of(name.as_str()))
    }

    /// Are all headers of this kind keyed?
    fn takes(&self, kind: Kind) -> bool {
        match kind {
            Kind::Circumstance => true,
            Kind::Credential => self.credentials == Credentials::Key,
            Kind::Bar | Kind::Condition | Kind::Other => false,
        }
    }

    /// The keyed headers of a request. None if there is one that keeps the request from being shared: a
    /// credential or a condition that is not keyed, or a bar.
    pub(super) fn of<'a>(&'a self, headers: &'a HeaderMap) -> Option<Keyed<'a>> {
        let mut others = Vec::new();
        for name in headers.keys() {
            let kind = Kind::of(name.as_str());
            if kind == Kind::Bar {
                return None;
            }
            if kind == Kind::Other || self.named.contains(name) {
                continue;
            }
            if !self.takes(kind) {
                return None;
            }
            others.push(name);
        }
        others.sort_unstable_by_key(|name| name.as_str());
        Some(Keyed {
            named: &self.named,
            others,
        })
    }
}
