//! `Cache-Control` in the model.

use crate::model::{
    May::{self, Either, No, Yes},
    no_if,
};

/// Is none of `names` among these directives? Each line is read for itself, so
/// that a quote that is left open hides nothing in the next.
pub fn directives(lines: &[&[u8]], names: &[&str]) -> May {
    let members = lines.iter().flat_map(|line| members(line));
    members
        .map(|member| directive(&member, names))
        .min()
        .unwrap_or(Yes)
}

fn directive(member: &[u8], names: &[&str]) -> May {
    let words = member.split(|byte| !is_token(*byte));
    let named = |word: &[u8]| names.iter().any(|name| name.as_bytes() == word);
    if is_well_formed(member) {
        return no_if(words.into_iter().next().is_some_and(named));
    }
    // Of one that is malformed, the most that it could have meant.
    if words.into_iter().any(named) {
        No
    } else {
        Either
    }
}

/// Splits at commas that are not quoted, and makes all of it lower case.
fn members(line: &[u8]) -> Vec<Vec<u8>> {
    let (mut members, mut quoted, mut escaped) = (vec![Vec::new()], false, false);
    for byte in line.to_ascii_lowercase() {
        match byte {
            b',' if !quoted => {
                members.push(Vec::new());
                continue;
            }
            b'"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && !escaped && byte == b'\\';
        members.last_mut().unwrap().push(byte);
    }
    let trimmed = members.iter().map(|member| member.trim_ascii().to_vec());
    trimmed.filter(|member| !member.is_empty()).collect()
}

/// `token [ "=" ( token / quoted-string ) ]`
fn is_well_formed(member: &[u8]) -> bool {
    let mut parts = member.splitn(2, |byte| *byte == b'=');
    let is_all_token = |part: &[u8]| !part.is_empty() && part.iter().all(|byte| is_token(*byte));
    let name = parts.next().is_some_and(is_all_token);
    let value = parts
        .next()
        .is_none_or(|value| is_all_token(value) || is_quoted(value));
    name && value
}

fn is_quoted(value: &[u8]) -> bool {
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    let mut escaped = false;
    let closed = inner.is_some_and(|inner| {
        inner.iter().all(|byte| {
            let bare = *byte == b'"' && !escaped;
            escaped = !escaped && *byte == b'\\';
            !bare
        })
    });
    closed && !escaped
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
