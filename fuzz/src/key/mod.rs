//! The key: requests that differ in what makes an answer another's have unequal
//! keys, and those that do not have equal ones.
//!
//! An [`Input`] is a request and edits of it: most pairs differ in one thing or
//! two, so that each thing decides now and then. [`ask`] is a request as plain
//! data, [`edit`] what is changed in it, and [`rules`] the docs of
//! [`tower_pool::http`] read a second time.

mod ask;
mod edit;
mod rules;

use std::hash::{DefaultHasher, Hash, Hasher};

use arbitrary::Arbitrary;
use http::Request;
use tower_pool::{
    KeyExtractor,
    http::{Credentials, HttpKey, RequestKey},
};

use self::{
    ask::{Ask, Content, Hooked},
    edit::Edit,
    rules::May,
};
use super::{list::list, names::Name};

#[derive(Debug)]
pub struct Input {
    setup: Setup,
    ask: Ask,
    edits: Vec<Edit>,
}

/// How the key is set up.
#[derive(Debug)]
struct Setup {
    key_credentials: bool,
    named: Vec<Name>,
    /// Does the hook key bodies?
    body_is_keyed: bool,
}

type Hook = fn(&Request<Content>) -> Option<u8>;

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self {
            setup: Setup {
                key_credentials: u.arbitrary()?,
                named: list(u, 2)?,
                body_is_keyed: u.ratio(1, 4)?,
            },
            ask: u.arbitrary()?,
            edits: list(u, 4)?,
        })
    }
}

impl Input {
    /// Makes both keys, and compares them as they should.
    ///
    /// # Panics
    ///
    /// If a rule is broken.
    pub fn check(self) {
        let key = self.setup.key();
        let mut other = self.ask.clone();
        for edit in self.edits {
            edit.apply(&mut other);
        }
        let asks = [self.ask, other];
        let requests = [asks[0].request(), asks[1].request()];
        let keys = [key.extract(&requests[0]), key.clone().extract(&requests[1])];
        for (ask, key) in asks.iter().zip(&keys) {
            match ask.may_join(&self.setup) {
                May::No => assert!(key.is_none(), "it is not to be shared"),
                May::Either => {}
                May::Yes => assert!(key.is_some(), "it may be shared"),
            }
        }
        let again = key.extract(&requests[0]);
        assert!(again == keys[0], "a request is not like itself");
        let [Some(a), Some(b)] = keys else {
            return;
        };
        if a == b {
            assert_eq!(hash(&a), hash(&b), "equal keys of unequal hashes");
        }
        if asks[0].is_another(&asks[1], &self.setup) {
            assert!(a != b, "one would get what is the other's");
        } else if asks[0].is_the_same(&asks[1], &self.setup) {
            assert!(a == b, "both ask for the same");
        }
        assert_eq!(format!("{a:?}"), format!("{b:?}"), "it shows what is in it");
    }
}

impl Setup {
    fn key(&self) -> HttpKey<((), Hook)> {
        let mut key = HttpKey::new();
        if self.key_credentials {
            key = key.credentials(Credentials::Key);
        }
        for name in &self.named {
            key = key.header(name.0.clone());
        }
        let hook: Hook = |request| request.extensions().get().map(|Hooked(found)| *found);
        if self.body_is_keyed {
            key.and_body(hook)
        } else {
            key.and(hook)
        }
    }

    fn names(&self, name: &str) -> bool {
        self.named.iter().any(|named| named.0 == name)
    }
}

fn hash<K>(key: &RequestKey<K>) -> u64
where
    RequestKey<K>: Hash,
{
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
