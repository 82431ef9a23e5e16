//! What may be asked for, and what the one right answer to it is.
//!
//! The target of a request says how the origin is to behave, and names the
//! answer. All of the request that the key of a pool has to see is in the name,
//! and the name is in the head of the answer and all over its body.

use clap::ValueEnum;
use http::Method;

/// How the origin answers. The first ones are whole answers, the rest are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Manner {
    Plain,
    Chunked,
    /// Ends with its connection.
    Closing,
    /// A byte at a time.
    Trickle,
    /// For one client alone.
    Private,
    /// Before the body of the request is read, which it never is.
    Early,
    /// A 204, which has no body, and a body.
    NoContent,
    /// Sends more than it says: another answer, that nobody has asked for.
    TooMuch,

    /// Sends half of what it says, and hangs up.
    TooLittle,
    CutChunks,
    BadChunks,
    /// Ends in half of what it says, with trailers that do not end.
    HugeTrailers,
    ResetInBody,

    HangsUp,
    HalfAHead,
    EndlessHead,
    /// Says two lengths.
    TwoLengths,
    Garbage,

    /// Never answers.
    Silent,
    /// Says again and again that an answer is to come.
    EndlessHints,
    /// Sends half of the body, and then nothing.
    Stalls,
    /// Sends a body as long as somebody reads it.
    Endless,
}

impl Manner {
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value().expect("none is skipped");
        value.get_name().to_owned()
    }

    pub(crate) fn is_whole(self) -> bool {
        (self as usize) <= Self::TooMuch as usize
    }

    /// Is there a head, and a part of the body?
    pub(crate) fn breaks_off(self) -> bool {
        let broken = Self::TooLittle as usize..=Self::ResetInBody as usize;
        broken.contains(&(self as usize))
    }

    /// Is there no head that a client could make sense of?
    pub(crate) fn has_no_head(self) -> bool {
        (Self::HangsUp as usize..=Self::Garbage as usize).contains(&(self as usize))
    }

    pub(crate) fn never_ends(self) -> bool {
        self as usize >= Self::Silent as usize
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) manner: Manner,
    pub(crate) token: String,
    /// How long the answer is.
    pub(crate) size: usize,
    /// The line of the head that says who asks, as one of [`USERS`].
    pub(crate) user: Option<String>,
}

/// Who may ask, in either way to say so.
pub(crate) const USERS: [&str; 4] = [
    "authorization: Bearer alice",
    "authorization: Bearer bob",
    "cookie: user=alice",
    "cookie: user=bob",
];

/// The origin answers no target whose token begins so, until its gate is open.
pub(crate) const GATED: &str = "gated-";

impl Ask {
    pub(crate) fn new(manner: Manner, token: impl Into<String>, size: usize) -> Self {
        Self {
            method: Method::GET,
            host: "site.test".to_owned(),
            manner,
            token: token.into(),
            size,
            user: None,
        }
    }

    /// With an answer that waits for the origin's gate.
    pub(crate) fn gated(manner: Manner, token: &str, size: usize) -> Self {
        Self::new(manner, format!("{GATED}{token}"), size)
    }

    /// By whoever this is.
    pub(crate) fn by(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// None, if it is not one of those that are made here.
    pub(crate) fn parse(
        method: &str,
        target: &str,
        host: &str,
        user: Option<String>,
    ) -> Option<Self> {
        let (path, size) = target.strip_prefix('/')?.split_once('?')?;
        let (manner, token) = path.split_once('/')?;
        Some(Self {
            method: method.parse().ok()?,
            host: host.to_owned(),
            manner: Manner::from_str(manner, false).ok()?,
            token: token.to_owned(),
            size: size.parse().ok()?,
            user,
        })
    }

    pub(crate) fn target(&self) -> String {
        format!("/{}/{}?{}", self.manner.name(), self.token, self.size)
    }

    pub(crate) fn name(&self) -> String {
        name(
            self.method.as_str(),
            &self.host,
            &self.target(),
            self.user.as_deref(),
        )
    }

    /// The head of a request over HTTP/1.1, with `fields` in it.
    pub(crate) fn head(&self, fields: &str) -> String {
        let Self { method, host, .. } = self;
        let target = self.target();
        let user = self
            .user
            .as_ref()
            .map_or_else(String::new, |line| format!("{line}\r\n"));
        format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{user}{fields}\r\n")
    }

    /// Is the answer a 204?
    pub(crate) fn has_no_content(&self) -> bool {
        self.manner == Manner::NoContent && self.method != Method::HEAD
    }

    pub(crate) fn content(&self) -> Content {
        Content::new(&self.name())
    }
}

/// All of a request that decides about its answer.
pub(crate) fn name(method: &str, host: &str, target: &str, user: Option<&str>) -> String {
    match user {
        Some(user) => format!("{method} {host}{target} {user}"),
        None => format!("{method} {host}{target}"),
    }
}

/// The name over and over, of any length.
pub(crate) struct Content {
    block: Vec<u8>,
    period: usize,
}

impl Content {
    fn new(name: &str) -> Self {
        const AT_LEAST: usize = 64 * 1024;
        let line = format!("{name}\n").into_bytes();
        let period = line.len();
        Self {
            block: line.repeat(AT_LEAST.div_ceil(period) + 1),
            period,
        }
    }

    /// The first bytes of what is at `at`: as many as there are in one piece.
    pub(crate) fn at(&self, at: usize) -> &[u8] {
        &self.block[at % self.period..]
    }

    /// The first `length` bytes.
    pub(crate) fn take(&self, length: usize) -> Vec<u8> {
        let mut taken = Vec::with_capacity(length);
        while taken.len() < length {
            let piece = self.at(taken.len());
            taken.extend(&piece[..piece.len().min(length - taken.len())]);
        }
        taken
    }

    /// Is `piece` what is at `at`?
    pub(crate) fn is_at(&self, mut at: usize, mut piece: &[u8]) -> bool {
        while !piece.is_empty() {
            let expected = self.at(at);
            let length = piece.len().min(expected.len());
            if piece[..length] != expected[..length] {
                return false;
            }
            at += length;
            piece = &piece[length..];
        }
        true
    }
}
