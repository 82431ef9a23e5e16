//! Reads directives from `Cache-Control` (RFC 9111 §5.2), as cautiously as can be.
//!
//! Not with the `headers` crate: it does not know `Private` for `private`, nor
//! `private="x"` for `private`, and leaves out what it cannot read. Here a field
//! that is not of the form `directive[=token | "quoted"], ...` counts as saying
//! all that it might have said.

use ::http::HeaderValue;

/// Is one of `directives`, which are in lower case, in this field, with an
/// argument or without? Also if the field is malformed.
pub(super) fn says(field: &HeaderValue, directives: &[&str]) -> bool {
    let mut rest = Rest(field.as_bytes());
    loop {
        rest.skip(|byte| matches!(byte, b',' | b' ' | b'\t'));
        if rest.0.is_empty() {
            return false;
        }
        let name = rest.skip(is_token);
        let asked_for = |directive: &&str| name.eq_ignore_ascii_case(directive.as_bytes());
        if name.is_empty() || directives.iter().any(asked_for) {
            return true;
        }
        if rest.eat(b'=') && !rest.argument() {
            return true;
        }
        rest.skip(|byte| matches!(byte, b' ' | b'\t'));
        if !rest.0.is_empty() && !rest.eat(b',') {
            return true;
        }
    }
}

/// What is not yet read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// Reads on for as long as `wanted`.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|&byte| !wanted(byte));
        let (read, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        read
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.0.first() == Some(&byte);
        if eaten {
            self.0 = &self.0[1..];
        }
        eaten
    }

    /// Reads a token or a quoted string, and returns whether there was one.
    fn argument(&mut self) -> bool {
        if !self.eat(b'"') {
            return !self.skip(is_token).is_empty();
        }
        loop {
            self.skip(|byte| byte != b'"' && byte != b'\\');
            if self.eat(b'"') {
                return true;
            }
            // A backslash, and what it quotes; or the end, with no quote.
            if !self.eat(b'\\') || self.0.is_empty() {
                return false;
            }
            self.0 = &self.0[1..];
        }
    }
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
