//! Which headers of a request are part of its key: [`KeyedHeaders`].

use ::http::{HeaderMap, HeaderName, header};

use super::{key::Credentials, names};

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
        self.named.contains(name) || self.tells(name)
    }

    fn tells(&self, name: &HeaderName) -> bool {
        let name = name.as_str();
        match names::is_credential(name) {
            true => self.credentials == Credentials::Key,
            false => names::is_always_keyed(name),
        }
    }

    /// The keyed headers of a request, in an order that is the same for all:
    /// those that are named, be they there or not, and then the others that are.
    pub(super) fn of<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a HeaderName> {
        let tells = |name: &&HeaderName| self.tells(name) && !self.named.contains(name);
        let mut others: Vec<_> = headers.keys().filter(tells).collect();
        others.sort_unstable_by_key(|name| name.as_str());
        self.named.iter().chain(others)
    }
}
