//! Random cases. Requests of one case are nearly the same, and most of them may
//! be shared but for one thing or two: so each rule decides now and then.

use http::{HeaderValue, Version};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use tower_pool::Verdict;

use crate::{
    exchange::{Answer, Ask, Case, Exchange, Headers, Says, Setup},
    origin::Content,
    values,
};

pub fn case() -> impl Strategy<Value = Case> {
    let others = vec(vec(edit(), 0..=2), 2..=3);
    let answers = vec(answer(), 4);
    (setup(), ask(), others, answers).prop_map(|(setup, first, others, answers)| {
        let mut asks = vec![first.clone()];
        asks.extend(others.into_iter().map(|edits| {
            let edited = |ask, edit: Edit| edit.apply(ask);
            edits.into_iter().fold(first.clone(), edited)
        }));
        let exchange = |(ask, answer)| Exchange { ask, answer };
        let mut at_once: Vec<_> = asks.into_iter().zip(answers).map(exchange).collect();
        let late = at_once.pop().unwrap();
        Case {
            setup,
            at_once,
            late,
        }
    })
}

fn setup() -> impl Strategy<Value = Setup> {
    let extra = vec(select(&["x-tenant", "cookie", "user-agent"][..]), 0..2);
    let extra = prop_oneof![2 => Just(Vec::new()), 1 => extra];
    let max_body = option::weighted(0.5, select(&[0, 4, 9][..]));
    let errors = select(&[Verdict::Share, Verdict::Retry, Verdict::Solo][..]);
    (
        rarely(),
        extra,
        rarely(),
        max_body,
        any::<bool>(),
        errors,
        any::<bool>(),
    )
        .prop_map(
            |(key_credentials, extra, hook, max_body, until_body, server_errors, remember)| Setup {
                key_credentials,
                extra,
                hook,
                max_body,
                until_body,
                server_errors,
                remember,
            },
        )
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.3)
}

fn ask() -> impl Strategy<Value = Ask> {
    let method = prop_oneof![8 => Just("GET"), 3 => Just("HEAD"), 1 => select(values::METHODS)];
    let keyed = prop_oneof![4 => vec(header(values::KEYED), 0..=2), 1 => lines()];
    let special = option::weighted(0.4, header(values::SPECIAL));
    let host = option::weighted(0.4, header(values::HOSTS));
    let body = prop_oneof![9 => Just(Content::None), 1 => body()];
    let tenant = prop_oneof![2 => Just(Some(1)), 1 => tenant()];
    let target = (target(), select(values::PATHS), version(), tenant);
    (method, target, keyed, host, special, body).prop_map(
        |(method, line, headers, host, special, body)| {
            let (target, path, version, tenant) = line;
            let headers = headers.into_iter().chain(host).chain(special).collect();
            Ask {
                method,
                target,
                path,
                headers,
                body,
                version,
                tenant,
            }
        },
    )
}

fn header(of: values::Values) -> impl Strategy<Value = (&'static str, HeaderValue)> {
    let bytes = select(of).prop_flat_map(|(name, values)| (Just(name), select(values)));
    bytes.prop_map(|(name, value)| (name, HeaderValue::from_bytes(value).unwrap()))
}

/// Several of one name.
fn lines() -> impl Strategy<Value = Headers> {
    let lines = select(values::KEYED).prop_flat_map(|(name, values)| {
        let lines = vec(select(values), 2..=3);
        (Just(name), lines)
    });
    lines.prop_map(|(name, lines)| {
        let line = |value: &[u8]| (name, HeaderValue::from_bytes(value).unwrap());
        lines.into_iter().map(line).collect()
    })
}

fn headers(of: values::Values, weight: f64) -> impl Strategy<Value = Headers> {
    option::weighted(weight, vec(header(of), 1..=2)).prop_map(Option::unwrap_or_default)
}

fn target() -> impl Strategy<Value = Option<(&'static str, &'static str)>> {
    option::weighted(
        0.4,
        (select(&["http", "https"][..]), select(values::AUTHORITIES)),
    )
}

fn version() -> impl Strategy<Value = Version> {
    select(&[Version::HTTP_10, Version::HTTP_11, Version::HTTP_2][..])
}

fn tenant() -> impl Strategy<Value = Option<u8>> {
    select(&[None, Some(1), Some(2)][..])
}

fn body() -> impl Strategy<Value = Content> {
    select(
        &[
            Content::None,
            Content::NoBytes,
            Content::Some,
            Content::UnknownSize,
        ][..],
    )
}

/// In what a request differs from the first one.
#[derive(Clone, Debug)]
enum Edit {
    Method(&'static str),
    Target(Option<(&'static str, &'static str)>),
    Path(&'static str),
    Version(Version),
    Tenant(Option<u8>),
    Body(Content),
    Add(&'static str, HeaderValue),
    /// Of those that are there, all after this one come first.
    Rotate(Index),
    Repeat(Index),
    Remove(Index),
    /// Another value for a header of the same name.
    Change(Index, HeaderValue),
}

fn edit() -> impl Strategy<Value = Edit> {
    let add = |of| header(of).prop_map(|(name, value)| Edit::Add(name, value));
    let value = header(values::KEYED).prop_map(|header| header.1);
    prop_oneof![
        1 => prop_oneof![select(&["GET", "HEAD"][..]), select(values::METHODS)].prop_map(Edit::Method),
        2 => target().prop_map(Edit::Target),
        1 => select(values::PATHS).prop_map(Edit::Path),
        2 => version().prop_map(Edit::Version),
        1 => tenant().prop_map(Edit::Tenant),
        1 => body().prop_map(Edit::Body),
        2 => add(values::KEYED),
        2 => add(values::HOSTS),
        2 => add(values::SPECIAL),
        3 => add(values::UNLISTED),
        2 => any::<Index>().prop_map(Edit::Rotate),
        1 => any::<Index>().prop_map(Edit::Repeat),
        1 => any::<Index>().prop_map(Edit::Remove),
        1 => (any::<Index>(), value).prop_map(|(index, value)| Edit::Change(index, value)),
    ]
}

impl Edit {
    fn apply(self, mut ask: Ask) -> Ask {
        let headers = &mut ask.headers;
        let count = headers.len();
        match self {
            Self::Method(method) => ask.method = method,
            Self::Target(target) => ask.target = target,
            Self::Path(path) => ask.path = path,
            Self::Version(version) => ask.version = version,
            Self::Tenant(tenant) => ask.tenant = tenant,
            Self::Body(body) => ask.body = body,
            Self::Add(name, value) => headers.push((name, value)),
            _ if count == 0 => {}
            Self::Rotate(index) => headers.rotate_left(index.index(count)),
            Self::Repeat(index) => headers.push(index.get(headers).clone()),
            Self::Remove(index) => drop(headers.remove(index.index(count))),
            Self::Change(index, value) => index.get_mut(headers).1 = value,
        }
        ask
    }
}

fn answer() -> impl Strategy<Value = Answer> {
    let fails = prop::bool::weighted(0.05);
    let status = prop_oneof![6 => Just(200), 1 => select(values::STATUSES)];
    let cache_control = headers(values::CACHE_CONTROL, 0.35);
    let vary = headers(values::VARY, 0.2);
    let other = headers(values::ANSWER, 0.2);
    let says =
        prop_oneof![4 => Just(Says::All), 1 => Just(Says::AtLeast), 1 => Just(Says::Nothing)];
    let frames = vec(select(&[1, 3, 4, 5][..]), 0..=3);
    let headers = (cache_control, vary, other).prop_map(|(a, b, c)| [a, b, c].concat());
    (fails, status, headers, frames, says, version()).prop_map(
        |(fails, status, headers, frames, says, version)| Answer {
            fails,
            status,
            headers,
            frames,
            says,
            version,
        },
    )
}
