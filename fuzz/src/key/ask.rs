//! A request as plain data.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use arbitrary::{Arbitrary, Result, Unstructured};
use axum::extract::OriginalUri;
use bytes::Bytes;
use http::{HeaderValue, Request, Version};
use http_body::{Body, Frame, SizeHint};

use super::super::{fields, list::list, names::Name};

#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) target: Target,
    /// As it was before a router stripped a prefix.
    pub(super) original: Option<Target>,
    pub(super) headers: Vec<Line>,
    pub(super) content: Content,
    /// What the hook finds.
    pub(super) hooked: Option<Hooked>,
    pub(super) version: Version,
}

/// Scheme and authority, if they are in the URI; and the path with its query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) place: Option<(&'static str, &'static str)>,
    pub(super) path: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: Name,
    pub(super) value: HeaderValue,
}

/// In a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
pub(super) struct Hooked(pub(super) u8);

/// The body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
pub(super) enum Content {
    /// It says that it is at its end.
    None,
    /// It says that it has no bytes, and not that it is at its end.
    NoBytes,
    Some,
    Unknown,
    /// It has some, or none.
    AtMost,
}

pub(super) const PLACES: [&str; 7] = [
    "a.example",
    "A.example",
    "b.example",
    "a.example:80",
    "u@a.example",
    "[::1]:8",
    "a",
];

const PIECES: [&str; 24] = [
    "gzip",
    "br",
    "de",
    "*/*",
    ", ",
    ",",
    "bytes=0-1",
    "\"1\"",
    "W/",
    "Bearer ",
    "a=1",
    "; ",
    "a",
    "b",
    "a.example",
    "A.example",
    "b.example",
    "no-store",
    "only-if-cached",
    "max-age=",
    "0",
    "\"",
    "\\",
    " ",
];

impl<'a> Arbitrary<'a> for Ask {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            method: method(u)?,
            target: u.arbitrary()?,
            original: if u.ratio(1, 4)? {
                Some(u.arbitrary()?)
            } else {
                None
            },
            headers: lines(u)?,
            content: content(u)?,
            hooked: hooked(u)?,
            version: version(u)?,
        })
    }
}

pub(super) fn method(u: &mut Unstructured<'_>) -> Result<&'static str> {
    let methods = [
        "GET", "GET", "GET", "HEAD", "HEAD", "POST", "OPTIONS", "TRACE", "QUERY", "get",
    ];
    u.choose(&methods).copied()
}

pub(super) fn content(u: &mut Unstructured<'_>) -> Result<Content> {
    if u.ratio(7, 8)? {
        Ok(Content::None)
    } else {
        u.arbitrary()
    }
}

pub(super) fn hooked(u: &mut Unstructured<'_>) -> Result<Option<Hooked>> {
    Ok(if u.ratio(15, 16)? {
        Some(Hooked(u.int_in_range(0..=3)?))
    } else {
        None
    })
}

pub(super) fn version(u: &mut Unstructured<'_>) -> Result<Version> {
    let versions = [Version::HTTP_11, Version::HTTP_10, Version::HTTP_2];
    u.choose(&versions).copied()
}

/// Every third is another line of the one before.
fn lines(u: &mut Unstructured<'_>) -> Result<Vec<Line>> {
    let mut lines: Vec<Line> = list(u, 6)?;
    for at in 1..lines.len() {
        if u.ratio(1, 3)? {
            lines[at].name = lines[at - 1].name.clone();
        }
    }
    Ok(lines)
}

impl<'a> Arbitrary<'a> for Target {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let schemes = ["http", "http", "https", "ws"];
        let place = if u.arbitrary()? {
            Some((*u.choose(&schemes)?, *u.choose(&PLACES)?))
        } else {
            None
        };
        let mut path = "/".to_owned();
        for _ in 0..u.int_in_range(0..=5)? {
            path += path_piece(u)?;
        }
        Ok(Self { place, path })
    }
}

pub(super) fn path_piece(u: &mut Unstructured<'_>) -> Result<&'static str> {
    let pieces = [
        "a", "b", "A", "/", "?", "=", "&", "%61", "..", ";", "@", ":",
    ];
    u.choose(&pieces).copied()
}

impl<'a> Arbitrary<'a> for Line {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (name, value) = (u.arbitrary()?, value(u)?);
        Ok(Self { name, value })
    }
}

pub(super) fn value(u: &mut Unstructured<'_>) -> Result<HeaderValue> {
    fields::value(u, &PIECES)
}

impl Ask {
    pub(super) fn request(&self) -> Request<Content> {
        let mut request = Request::new(self.content);
        *request.method_mut() = self.method.parse().expect("a token");
        *request.uri_mut() = self.target.uri();
        *request.version_mut() = self.version;
        for Line { name, value } in &self.headers {
            request.headers_mut().append(name.0.clone(), value.clone());
        }
        if let Some(original) = &self.original {
            request.extensions_mut().insert(OriginalUri(original.uri()));
        }
        if let Some(hooked) = self.hooked {
            request.extensions_mut().insert(hooked);
        }
        request
    }
}

impl Target {
    fn uri(&self) -> http::Uri {
        let uri = match self.place {
            Some((scheme, authority)) => format!("{scheme}://{authority}{}", self.path),
            None => self.path.clone(),
        };
        uri.parse().expect("a valid URI")
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        unreachable!("the key reads no body")
    }

    fn is_end_stream(&self) -> bool {
        *self == Self::None
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        match self {
            Self::None | Self::Unknown => {}
            Self::NoBytes => hint.set_exact(0),
            Self::AtMost => hint.set_upper(3),
            Self::Some => hint.set_exact(3),
        }
        hint
    }
}
