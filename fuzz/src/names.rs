//! Names of request headers, and what the docs of [`tower_pool::http`] and of
//! [`HttpKey`](tower_pool::http::HttpKey) say about them.

use arbitrary::{Arbitrary, Result, Unstructured};
use http::HeaderName;

/// What a header is to the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its values are part of it.
    Keyed,
    /// It says who asks: part of it if that was asked for, else there is none.
    Credential,
    /// There is no key.
    Bar,
    /// It has a meaning of its own, or none is said of it: part of the key, or
    /// there is none, or it is ignored.
    Unclear,
    /// Ignored, unless it is named.
    Free,
}

use Kind::{Bar, Credential, Free, Keyed, Unclear};

/// In lower case.
const KNOWN: [(&str, Kind); 44] = [
    ("accept", Keyed),
    ("accept-encoding", Keyed),
    ("accept-language", Keyed),
    ("origin", Keyed),
    ("range", Keyed),
    ("if-match", Keyed),
    ("if-none-match", Keyed),
    ("if-modified-since", Keyed),
    ("if-unmodified-since", Keyed),
    ("if-range", Keyed),
    ("forwarded", Keyed),
    ("x-forwarded-host", Keyed),
    ("x-forwarded-proto", Keyed),
    ("x-original-url", Keyed),
    ("grpc-timeout", Keyed),
    ("authorization", Credential),
    ("proxy-authorization", Credential),
    ("cookie", Credential),
    ("x-api-key", Credential),
    ("x-auth-token", Credential),
    ("private-token", Credential),
    ("x-forwarded-user", Credential),
    ("client-cert", Credential),
    ("auth_token", Credential),
    ("upgrade", Bar),
    ("expect", Bar),
    ("x-http-method-override", Bar),
    ("if-schedule-tag-match", Unclear),
    ("if", Unclear),
    ("host", Unclear),
    ("cache-control", Free),
    ("user-agent", Free),
    ("referer", Free),
    ("te", Free),
    ("dnt", Free),
    ("pragma", Free),
    ("priority", Free),
    ("connection", Free),
    ("content-type", Free),
    ("traceparent", Free),
    ("x-request-id", Free),
    ("x-forwarded-for", Free),
    ("x-tenant", Free),
    ("x-other", Free),
];

/// Of which other names are made, so that rules about parts of a name are met.
const WORDS: [&str; 20] = [
    "x",
    "if",
    "auth",
    "token",
    "user",
    "id",
    "key",
    "api",
    "session",
    "forwarded",
    "for",
    "original",
    "rewrite",
    "timeout",
    "ssl",
    "client",
    "cert",
    "jwt",
    "upgrade",
    "*",
];

impl Kind {
    pub(crate) fn of(name: &str) -> Self {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        match known {
            Some((_, kind)) => *kind,
            // Of `If-*` the docs say another thing than of what ends in `-Token`.
            None if name.starts_with("if") => Unclear,
            None if name.ends_with("-token") => Credential,
            None => Unclear,
        }
    }
}

/// Mostly of one that is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name(pub(crate) HeaderName);

impl<'a> Arbitrary<'a> for Name {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if u.ratio(7, 8)? {
            let (name, _) = u.choose(&KNOWN)?;
            return Ok(Self(HeaderName::from_static(name)));
        }
        let mut name = u.choose(&WORDS)?.to_string();
        for _ in 0..u.int_in_range(0..=3)? {
            name += u.choose(&["-", "-", "_", ""])?;
            name += u.choose(&WORDS)?;
        }
        Ok(Self(name.parse().expect("a token")))
    }
}
