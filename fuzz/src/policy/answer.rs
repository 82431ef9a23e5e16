//! A response as plain data.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Bytes;
use http::{HeaderValue, Response};
use http_body::{Body, Frame, SizeHint};

use super::super::{fields, list::list};

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) lines: Vec<Line>,
    pub(super) size: Size,
}

#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) value: HeaderValue,
}

/// A body that says this of its size.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) struct Size {
    pub(super) at_least: u8,
    more: Option<u8>,
}

/// Those that say who may have it more often than the rest.
const NAMES: [&str; 24] = [
    "cache-control",
    "cache-control",
    "cache-control",
    "cache-control",
    "cdn-cache-control",
    "netlify-cdn-cache-control",
    "surrogate-control",
    "pragma",
    "vary",
    "vary",
    "vary",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "proxy-authenticate",
    "proxy-authentication-info",
    "authentication-info",
    "upgrade",
    "etag",
    "expires",
    "age",
    "content-length",
    "content-type",
    "x-other",
];

const DIRECTIVES: [&str; 24] = [
    "no-store",
    "private",
    "no-cache",
    "No-Store",
    "PRIVATE",
    "public",
    "max-age",
    "x",
    "0",
    "1",
    "=",
    "=\"",
    "\"",
    "\\",
    "\\\"",
    ", ",
    ",",
    " ",
    "\t",
    ";",
    "-",
    "must-understand",
    "private=\"a, b\"",
    "s-maxage=0",
];

const VARY: [&str; 24] = [
    "accept",
    "Accept-Encoding",
    "origin",
    "range",
    "if-match",
    "user-agent",
    "cookie",
    "host",
    "authorization",
    "x-api-key",
    "x-forwarded-host",
    "x-tenant",
    "auth-token",
    "if",
    "x",
    "-",
    "_",
    "*",
    ", ",
    ",",
    ",",
    " ",
    "\"",
    "token",
];

impl<'a> Arbitrary<'a> for Answer {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let usual = [200, 206, 304, 404, 500];
        Ok(Self {
            status: if u.arbitrary()? {
                *u.choose(&usual)?
            } else {
                u.int_in_range(100..=599)?
            },
            lines: list(u, 4)?,
            size: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for Line {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let name = *u.choose(&NAMES)?;
        let pieces = if name == "vary" { &VARY } else { &DIRECTIVES };
        let value = fields::value(u, pieces)?;
        Ok(Self { name, value })
    }
}

impl Answer {
    pub(super) fn response(&self) -> Response<Size> {
        let mut response = Response::new(self.size);
        *response.status_mut() = self.status.try_into().expect("a status");
        for line in &self.lines {
            response.headers_mut().append(line.name, line.value.clone());
        }
        response
    }
}

impl Line {
    /// Does it say who may store it, like `Cache-Control` (RFC 9213)?
    pub(super) fn is_of_caches(&self) -> bool {
        self.name.ends_with("cache-control")
            || self.name == "surrogate-control"
            || self.name == "pragma"
    }
}

impl Body for Size {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        unreachable!("the policy reads no body")
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(u64::from(self.at_least));
        if let Some(more) = self.more {
            hint.set_upper(u64::from(self.at_least) + u64::from(more));
        }
        hint
    }
}
