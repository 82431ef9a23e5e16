//! The policy: what must not be handed to others is not, and what may be is.
//!
//! An [`Input`] is a response, another line for it, and another spelling of it.
//! [`answer`] is a response as plain data, [`rules`] the docs of [`tower_pool::http`]
//! read a second time, [`spelling`] says the same in other words, and [`varies`]
//! asks the key whether it tells apart what a shared response varies by.

mod answer;
mod rules;
mod spelling;
mod varies;

use arbitrary::{Arbitrary, Result, Unstructured};
use tower_pool::{
    Policy, Verdict,
    http::{Credentials, HttpKey, HttpPolicy},
};

use self::{
    answer::{Answer, Line},
    spelling::Spelling,
};
use super::{list::list, names::Name};

#[derive(Debug)]
pub struct Input {
    setup: Setup,
    answer: Answer,
    /// Where it comes to stand.
    another: (u8, Line),
    spelling: Spelling,
}

#[derive(Debug)]
struct Setup {
    knows_key: bool,
    key_credentials: bool,
    named: Vec<Name>,
    server_errors: Verdict,
    share_private: bool,
    max_body: Option<u8>,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            setup: u.arbitrary()?,
            answer: u.arbitrary()?,
            another: u.arbitrary()?,
            spelling: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for Setup {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let verdicts = [Verdict::Share, Verdict::Retry, Verdict::Solo];
        Ok(Self {
            knows_key: u.ratio(7, 8)?,
            key_credentials: u.arbitrary()?,
            named: list(u, 2)?,
            server_errors: *u.choose(&verdicts)?,
            share_private: u.ratio(1, 4)?,
            max_body: u.arbitrary()?,
        })
    }
}

impl Input {
    /// Asks for the verdict on each form of the response.
    ///
    /// # Panics
    ///
    /// If a rule is broken.
    pub fn check(self) {
        let key = self.setup.key();
        let policy = self.setup.policy(&key);
        let judge = |answer: &Answer| policy.verdict(Ok::<_, &Failure>(&answer.response()));
        let failed = policy.verdict(Err::<&http::Response<answer::Size>, _>(&Failure));
        assert_eq!(failed, self.setup.server_errors);

        let verdict = judge(&self.answer);
        let due = self.setup.verdicts(&self.answer);
        assert!(due.contains(&verdict), "{verdict:?} and not {due:?}");
        if verdict == Verdict::Share {
            self.answer.varies_by_what_is_keyed(&key);
        }

        let mut longer = self.answer.clone();
        let (at, line) = self.another;
        let at = usize::from(at) % (longer.lines.len() + 1);
        longer.lines.insert(at, line);
        let more = judge(&longer);
        assert!(
            more >= verdict,
            "{more:?} with a line more, {verdict:?} without"
        );

        let respelled = self.spelling.of(&self.answer);
        let again = judge(&respelled);
        assert_eq!(again, verdict, "for the same in other words: {respelled:?}");
    }
}

/// An error of the service.
struct Failure;

impl Setup {
    fn key(&self) -> HttpKey {
        let credentials = if self.key_credentials {
            Credentials::Key
        } else {
            Credentials::Bypass
        };
        let key = HttpKey::new().credentials(credentials);
        let named = self.named.iter();
        named.fold(key, |key, name| key.header(name.0.clone()))
    }

    fn policy(&self, key: &HttpKey) -> HttpPolicy {
        let policy = if self.knows_key {
            HttpPolicy::for_key(key)
        } else {
            HttpPolicy::default()
        };
        let policy = policy
            .server_errors(self.server_errors)
            .share_private(self.share_private);
        match self.max_body {
            Some(bytes) => policy.max_body(u64::from(bytes)),
            None => policy,
        }
    }
}
