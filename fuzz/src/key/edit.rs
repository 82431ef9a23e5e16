//! In what a request differs from another.

use arbitrary::{Arbitrary, Result, Unstructured};
use http::{HeaderName, HeaderValue, Version};

use super::{
    super::{fields::printable, names::Name},
    ask::{self, Ask, Content, Hooked, Line, Target},
};

#[derive(Debug)]
pub(super) enum Edit {
    Method(&'static str),
    Target(Target),
    Original(Option<Target>),
    /// To the end of the path or query.
    Path(&'static str),
    /// What the URI says of its place is said in `Host`.
    PlaceToHost,
    /// And the other way round.
    HostToPlace,
    Content(Content),
    Hooked(Option<Hooked>),
    Version(Version),
    Add(Line),
    Remove(u8),
    Change(u8, HeaderValue),
    Rename(u8, Name),
    Repeat(u8),
    /// All lines in the opposite order.
    Reverse,
    /// Two lines change places.
    Swap(u8, u8),
    /// One line becomes two of the same name.
    Split(u8, u8),
    /// It takes in the next of the same name, with something in between.
    Join(u8, &'static str),
    /// The last byte of one goes to the front of another.
    Shift(u8, u8),
}

impl<'a> Arbitrary<'a> for Edit {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=18)? {
            0 => Self::Add(u.arbitrary()?),
            1 => Self::Remove(u.arbitrary()?),
            2 => Self::Change(u.arbitrary()?, ask::value(u)?),
            3 => Self::Rename(u.arbitrary()?, u.arbitrary()?),
            4 => Self::Repeat(u.arbitrary()?),
            5 => Self::Swap(u.arbitrary()?, u.arbitrary()?),
            6 => Self::Split(u.arbitrary()?, u.arbitrary()?),
            7 => Self::Join(u.arbitrary()?, u.choose(&["", ",", ", ", "0", "1"])?),
            8 => Self::Shift(u.arbitrary()?, u.arbitrary()?),
            9 => Self::Method(ask::method(u)?),
            10 => Self::Target(u.arbitrary()?),
            11 => Self::Original(u.arbitrary()?),
            12 => Self::Path(ask::path_piece(u)?),
            13 => Self::PlaceToHost,
            14 => Self::HostToPlace,
            15 => Self::Content(ask::content(u)?),
            16 => Self::Hooked(ask::hooked(u)?),
            17 => Self::Reverse,
            _ => Self::Version(ask::version(u)?),
        })
    }
}

impl Edit {
    pub(super) fn apply(self, ask: &mut Ask) {
        let count = ask.headers.len();
        let at = |at: u8| usize::from(at) % count;
        match self {
            Self::Method(method) => ask.method = method,
            Self::Target(target) => ask.target = target,
            Self::Original(original) => ask.original = original,
            Self::Path(piece) => ask.target.path += piece,
            Self::PlaceToHost => place_to_host(ask),
            Self::HostToPlace => host_to_place(ask),
            Self::Content(content) => ask.content = content,
            Self::Hooked(hooked) => ask.hooked = hooked,
            Self::Version(version) => ask.version = version,
            Self::Add(line) => ask.headers.push(line),
            Self::Reverse => ask.headers.reverse(),
            _ if count == 0 => {}
            Self::Remove(line) => drop(ask.headers.remove(at(line))),
            Self::Change(line, value) => ask.headers[at(line)].value = value,
            Self::Rename(line, name) => ask.headers[at(line)].name = name,
            Self::Repeat(line) => ask.headers.push(ask.headers[at(line)].clone()),
            Self::Swap(a, b) => ask.headers.swap(at(a), at(b)),
            Self::Split(line, byte) => split(ask, at(line), byte),
            Self::Join(line, between) => join(ask, at(line), between),
            Self::Shift(from, to) => shift(ask, at(from), at(to)),
        }
    }
}

fn place_to_host(ask: &mut Ask) {
    if let Some((_, authority)) = ask.target.place.take() {
        ask.headers.push(Line {
            name: Name(http::header::HOST),
            value: HeaderValue::from_static(authority),
        });
    }
}

fn host_to_place(ask: &mut Ask) {
    let host = ask.values(http::header::HOST.as_str()).next();
    let place = ask::PLACES
        .iter()
        .find(|place| host == Some(place.as_bytes()));
    if let Some(place) = place {
        ask.target.place = Some(("http", *place));
        ask.headers.retain(|line| line.name.0 != http::header::HOST);
    }
}

fn split(ask: &mut Ask, at: usize, byte: u8) {
    let line = ask.headers[at].clone();
    let bytes = line.value.as_bytes();
    let (front, back) = bytes.split_at(usize::from(byte) % (bytes.len() + 1));
    ask.headers[at].value = printable(front.to_vec());
    let value = printable(back.to_vec());
    ask.headers.insert(
        at + 1,
        Line {
            name: line.name,
            value,
        },
    );
}

fn join(ask: &mut Ask, at: usize, between: &str) {
    let name: HeaderName = ask.headers[at].name.0.clone();
    let next = ask
        .headers
        .iter()
        .skip(at + 1)
        .position(|line| line.name.0 == name);
    if let Some(next) = next {
        let next = ask.headers.remove(at + 1 + next);
        let parts = [ask.headers[at].value.as_bytes(), next.value.as_bytes()];
        ask.headers[at].value = printable(parts.join(between.as_bytes()));
    }
}

fn shift(ask: &mut Ask, from: usize, to: usize) {
    let mut bytes = ask.headers[from].value.as_bytes().to_vec();
    if let Some(byte) = bytes.pop() {
        ask.headers[from].value = printable(bytes);
        let shifted = [&[byte], ask.headers[to].value.as_bytes()].concat();
        ask.headers[to].value = printable(shifted);
    }
}
