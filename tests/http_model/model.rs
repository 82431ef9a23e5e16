//! What may be shared, said a second time and as plainly as can be: from the
//! RFCs and the tables in the docs, with nothing of the crate's own code.

use crate::{
    directives::directives,
    exchange::{Answer, Ask, Says, Setup},
    origin::Content,
};
use tower_pool::Verdict;

/// From the least to the most; of several rules the least counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum May {
    /// Nobody may get it.
    No,
    /// To share it would be no leak, and not to share it is a choice.
    Either,
    /// Whoever does not share it wastes a call.
    Yes,
}

use May::{Either, No, Yes};

const CREDENTIALS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

const KEYED: [&str; 10] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "range",
];

/// For the rest of these names the crate is more careful than it has to be.
const ALSO_CREDENTIALS: [&str; 3] = ["x-api-key", "x-auth-token", "x-forwarded-user"];
const ALSO_KEYED: [&str; 3] = ["forwarded", "x-forwarded-host", "x-forwarded-proto"];

/// May others join this request, or it them?
pub fn may_join(setup: &Setup, ask: &Ask) -> May {
    let keyed = keyed(setup);
    let bears = |names: &[&str]| {
        names
            .iter()
            .any(|name| ask.has(name) && !keyed.contains(name))
    };
    let method = yes_if(matches!(ask.method, "GET" | "HEAD"));
    let body = match ask.body {
        Content::None => Yes,
        Content::NoBytes => Either,
        Content::Some | Content::UnknownSize => No,
    };
    let other = no_if(ask.has("upgrade") || ask.has("expect"));
    let credentials = no_if(bears(&CREDENTIALS)).min(either_if(bears(&ALSO_CREDENTIALS)));
    let condition = either_if(ask.has("if-schedule-tag-match"));
    let cache_control = directives(&ask.values("cache-control"), &["no-store"]);
    let only_cached = |value: &&[u8]| value.starts_with(b"only-if-cached");
    let cached = either_if(ask.values("cache-control").iter().any(only_cached));
    let hook = no_if(setup.hook && ask.tenant.is_none());
    // Which of several hosts is meant is anybody's guess.
    let mut hosts = ask.values("host");
    hosts.extend(ask.target.map(|target| target.1.as_bytes()));
    hosts.dedup();
    let host = either_if(hosts.len() > 1);
    let rules = [
        method,
        body,
        other,
        credentials,
        condition,
        cache_control,
        cached,
        hook,
        host,
    ];
    rules.into_iter().min().unwrap()
}

/// Do both ask for the same, as far as a server can tell?
pub fn same(setup: &Setup, a: &Ask, b: &Ask) -> May {
    let tenant = !setup.hook || a.tenant == b.tenant;
    let line = a.method == b.method && a.path == b.path && tenant;
    let differ = |names: &[&str]| names.iter().any(|name| a.values(name) != b.values(name));
    let headers = no_if(differ(&keyed(setup)));
    let cautious = either_if(differ(&ALSO_KEYED) || differ(&ALSO_CREDENTIALS));
    let rules = [yes_if(line), headers, cautious, same_target(a, b)];
    rules.into_iter().min().unwrap()
}

/// A request without a scheme is taken to be one for `http`. Hosts have no case.
fn same_target(a: &Ask, b: &Ask) -> May {
    if a.target == b.target && a.values("host") == b.values("host") {
        return Yes;
    }
    let scheme = |ask: &Ask| ask.target.map_or("http", |target| target.0);
    let same = scheme(a) == scheme(b) && authority(a) == authority(b) && host(a) == host(b);
    if same { Either } else { No }
}

/// Whom it asks, to those who look at the URI first.
fn authority(ask: &Ask) -> Option<Vec<u8>> {
    match ask.target {
        Some((_, authority)) => Some(authority.to_ascii_lowercase().into()),
        None => ask.hosts().into_iter().next(),
    }
}

/// Whom it asks, to those who look at `Host` first: at any of its lines.
fn host(ask: &Ask) -> Vec<Vec<u8>> {
    let (mut hosts, first) = (ask.hosts(), authority(ask));
    if hosts.is_empty() {
        hosts.extend(first);
    }
    hosts
}

fn keyed(setup: &Setup) -> Vec<&'static str> {
    let credentials = if setup.key_credentials {
        &CREDENTIALS[..]
    } else {
        &[]
    };
    [&KEYED[..], credentials, &setup.extra].concat()
}

/// May this response be handed to others who ask for the same?
pub fn may_share(setup: &Setup, answer: &Answer) -> May {
    if answer.fails {
        return yes_if(setup.server_errors == Verdict::Share);
    }
    let server_error = (500..600).contains(&answer.status);
    let choice = no_if(server_error && setup.server_errors != Verdict::Share);
    choice.min(may_share_otherwise(setup, answer))
}

/// Is it kept from others only because that was asked for?
pub fn is_retried(setup: &Setup, answer: &Answer) -> bool {
    let failed = answer.fails || (500..600).contains(&answer.status);
    let otherwise = answer.fails || may_share_otherwise(setup, answer) == Yes;
    failed && otherwise && setup.server_errors == Verdict::Retry
}

fn may_share_otherwise(setup: &Setup, answer: &Answer) -> May {
    const NEVER: [&str; 4] = [
        "set-cookie",
        "www-authenticate",
        "proxy-authenticate",
        "proxy-authentication-info",
    ];
    let status = match answer.status {
        101 | 401 | 407 => No,
        404 | 405 | 410 | 412 | 414 | 416 => Yes,
        100..200 | 400..500 | 505 | 511 => Either,
        _ => Yes,
    };
    let never = no_if(NEVER.iter().any(|name| answer.has(name)));
    let cautious = [
        "authentication-info",
        "upgrade",
        "cdn-cache-control",
        "pragma",
    ];
    let cautious = either_if(cautious.iter().any(|name| answer.has(name)));
    let names = ["no-store", "private", "no-cache"];
    let cache_control = directives(&answer.values("cache-control"), &names);
    let vary = vary(setup, answer);
    let rules = [
        status,
        never,
        cautious,
        cache_control,
        vary,
        size(setup, answer),
    ];
    rules.into_iter().min().unwrap()
}

fn vary(setup: &Setup, answer: &Answer) -> May {
    let lines = answer.values("vary").join(&b","[..]).to_ascii_lowercase();
    let names = lines.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let keyed = keyed(setup);
    let is_in = |name: &[u8], known: &[&str]| known.iter().any(|known| known.as_bytes() == name);
    let also = [&ALSO_KEYED[..], &ALSO_CREDENTIALS, &["host"]].concat();
    let rule = |name: &[u8]| match name {
        b"" => Yes,
        name if is_in(name, &keyed) => Yes,
        name => {
            if is_in(name, &also) {
                Either
            } else {
                No
            }
        }
    };
    names.map(rule).min().unwrap_or(Yes)
}

fn size(setup: &Setup, answer: &Answer) -> May {
    let known = answer.says != Says::Nothing;
    no_if(known && setup.max_body.is_some_and(|max| answer.size() > max))
}

pub fn yes_if(fine: bool) -> May {
    if fine { Yes } else { No }
}

pub fn no_if(wrong: bool) -> May {
    yes_if(!wrong)
}

fn either_if(unclear: bool) -> May {
    if unclear { Either } else { Yes }
}
