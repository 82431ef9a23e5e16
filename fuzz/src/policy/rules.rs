//! What becomes of a response, by the docs of [`tower_pool::http`] and of
//! [`HttpPolicy`](tower_pool::http::HttpPolicy).

use tower_pool::Verdict;

use super::{
    super::{
        fields,
        names::{Kind, Name},
    },
    Setup,
    answer::{Answer, Line},
};

const OF_ONE_CLIENT: [&str; 7] = [
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "proxy-authenticate",
    "proxy-authentication-info",
    "authentication-info",
    "upgrade",
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum May {
    No,
    Either,
    Yes,
}

impl Setup {
    /// The verdicts that are right.
    pub(super) fn verdicts(&self, answer: &Answer) -> Vec<Verdict> {
        let mut otherwise = Verdict::Share;
        if (500..600).contains(&answer.status) {
            otherwise = otherwise.max(self.server_errors);
        }
        if answer.blames_its_request() {
            otherwise = otherwise.max(Verdict::Retry);
        }
        match self.may_share(answer) {
            May::No => vec![Verdict::Solo],
            May::Either => vec![Verdict::Solo, otherwise],
            May::Yes => vec![otherwise],
        }
    }

    fn may_share(&self, answer: &Answer) -> May {
        let too_large = self.max_body.is_some_and(|max| answer.size.at_least > max);
        if too_large || matches!(answer.status, 100..=199 | 401 | 407) {
            return May::No;
        }
        let lines = answer.lines.iter().map(|line| self.may_share_line(line));
        lines.min().unwrap_or(May::Yes)
    }

    fn may_share_line(&self, line: &Line) -> May {
        let value = line.value.as_bytes();
        if line.is_of_caches() {
            let kept = ["no-store", "no-cache", "private"];
            let kept = if self.share_private {
                &kept[..2]
            } else {
                &kept[..]
            };
            return if fields::says(value, kept) {
                May::No
            } else {
                May::Yes
            };
        }
        if line.name == "vary" {
            let Some(names) = fields::names(value) else {
                return May::No;
            };
            let names = names.iter().map(|name| self.may_vary_by(name));
            return names.min().unwrap_or(May::Yes);
        }
        if OF_ONE_CLIENT.contains(&line.name) {
            May::No
        } else {
            May::Yes
        }
    }

    fn may_vary_by(&self, name: &str) -> May {
        if name == "*" || !self.knows_key {
            return May::No;
        }
        if name == "host" || self.named.iter().any(|Name(named)| named == name) {
            return May::Yes;
        }
        match Kind::of(name) {
            Kind::Keyed => May::Yes,
            Kind::Credential if self.key_credentials => May::Yes,
            Kind::Credential | Kind::Bar | Kind::Free => May::No,
            Kind::Unclear => May::Either,
        }
    }
}

impl Answer {
    /// It might not have been for another request of the same key.
    fn blames_its_request(&self) -> bool {
        let about_the_resource = [404, 405, 410, 412, 414, 416].contains(&self.status);
        (400..500).contains(&self.status) && !about_the_resource
            || [505, 511].contains(&self.status)
    }
}
