//! Header fields that are lists, read by their grammars in RFC 9110.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use http::HeaderValue;
use regex::bytes::Regex;

const TOKEN: &str = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+";
const QUOTED: &str = r#""(?:[^"\\]|\\.)*""#;

/// `token [ "=" ( token / quoted-string ) ]`; the first group is its name.
static DIRECTIVE: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!("({TOKEN})(?:=(?:{TOKEN}|{QUOTED}))?")));

/// `#directive`, and members may be missing (RFC 9110 §5.6.1).
static DIRECTIVES: LazyLock<Regex> = LazyLock::new(|| {
    let member = format!(r"[\t ]*(?:{})?[\t ]*", DIRECTIVE.as_str());
    regex(&format!("^{member}(?:,{member})*$"))
});

static NAME: LazyLock<Regex> = LazyLock::new(|| regex(&format!("^{TOKEN}$")));

fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("(?s-u){pattern}")).expect("a pattern")
}

/// The directives of one line, with their arguments. None if it is malformed.
pub(crate) fn directives(line: &[u8]) -> Option<Vec<&[u8]>> {
    let well_formed = DIRECTIVES.is_match(line);
    let found = || DIRECTIVE.find_iter(line).map(|found| found.as_bytes());
    well_formed.then(|| found().collect())
}

/// Does the line have one of these, or could it have meant one?
pub(crate) fn says(line: &[u8], names: &[&str]) -> bool {
    let Some(directives) = directives(line) else {
        return true;
    };
    let name = |directive| DIRECTIVE.captures(directive).map(|found| found[1].to_vec());
    let mut said = directives.into_iter().filter_map(name);
    said.any(|said| {
        names
            .iter()
            .any(|name| name.as_bytes().eq_ignore_ascii_case(&said))
    })
}

/// The names in one line of `Vary`, in lower case. None if one is malformed.
pub(crate) fn names(line: &[u8]) -> Option<Vec<String>> {
    let members = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let members = members.filter(|member| !member.is_empty());
    let name = |member: &[u8]| {
        let member = NAME.is_match(member).then_some(member)?;
        Some(String::from_utf8_lossy(member).to_ascii_lowercase())
    };
    members.map(name).collect()
}

/// A value that is put together of some of `pieces`, and of bytes now and then.
pub(crate) fn value(u: &mut Unstructured<'_>, pieces: &[&str]) -> Result<HeaderValue> {
    let mut value = Vec::new();
    for _ in 0..u.int_in_range(0..=8)? {
        if u.ratio(7, 8)? {
            value.extend_from_slice(u.choose(pieces)?.as_bytes());
        } else {
            value.push(u.arbitrary()?);
        }
    }
    Ok(printable(value))
}

/// Any bytes, with those made harmless that cannot be in a field.
pub(crate) fn printable(mut value: Vec<u8>) -> HeaderValue {
    for byte in &mut value {
        if byte.is_ascii_control() && *byte != b'\t' {
            *byte = b'!';
        }
    }
    HeaderValue::from_bytes(&value).expect("no control is left")
}
