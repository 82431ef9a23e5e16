//! Which metadata of a request is part of its key: [`KeyedMetadata`].

use std::collections::HashSet;

use ::http::{HeaderMap, HeaderName, header};

use crate::http::{Kind, Line};

/// How messages are written, one way and the other. Always part of the key.
const OF_THE_PROTOCOL: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-accept-encoding"),
];

/// Each caller's own, and never part of the key.
pub(super) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// What tells one call of a trace from another, or one build of a client, and
/// nothing that an answer should depend on.
const IGNORED: [&str; 23] = [
    "b3",
    "grpc-trace-bin",
    "request-id",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "uber-trace-id",
    "user-agent",
    "x-amzn-trace-id",
    "x-b3-flags",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-client-request-id",
    "x-cloud-trace-context",
    "x-correlation-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-tags",
    "x-datadog-trace-id",
    "x-ot-span-context",
    "x-request-id",
];

/// All metadata but what is ignored, or only what is named.
#[derive(Clone, Debug)]
pub(super) struct KeyedMetadata {
    ignored: HashSet<HeaderName>,
    only: Option<HashSet<HeaderName>>,
}

impl KeyedMetadata {
    pub(super) fn new() -> Self {
        Self {
            ignored: IGNORED.map(HeaderName::from_static).into(),
            only: None,
        }
    }

    /// # Panics
    ///
    /// If `name` is not the name of metadata, or has to be part of the key.
    pub(super) fn ignore(&mut self, name: &str) {
        let name = checked(name);
        assert!(
            !OF_THE_PROTOCOL.contains(&name) && name != header::HOST,
            "{name} says how messages are written, or for whom: it has to be part of the key"
        );
        if let Some(only) = &mut self.only {
            only.remove(&name);
        }
        self.ignored.insert(name);
    }

    /// # Panics
    ///
    /// If one of these is not the name of metadata, or cannot be part of the key.
    pub(super) fn only<N: AsRef<str>>(&mut self, names: impl IntoIterator<Item = N>) {
        let names: HashSet<_> = names
            .into_iter()
            .map(|name| checked(name.as_ref()))
            .collect();
        self.ignored.retain(|name| !names.contains(name));
        self.only = Some(names);
    }

    fn contain(&self, name: &HeaderName) -> bool {
        if *name == GRPC_TIMEOUT || self.ignored.contains(name) {
            return false;
        }
        match &self.only {
            None => true,
            Some(only) => {
                only.contains(name) || OF_THE_PROTOCOL.contains(name) || keeps_apart(name)
            }
        }
    }

    /// Writes what is keyed, in an order that is the same for all. Of one name,
    /// the values keep theirs: it has a meaning in gRPC.
    pub(super) fn write(&self, metadata: &HeaderMap, line: &mut Line) {
        let mut names: Vec<_> = metadata.keys().filter(|name| self.contain(name)).collect();
        names.sort_unstable_by_key(|name| name.as_str());
        for name in names {
            line.header(name, metadata);
        }
    }
}

/// Does its name tell that answers must not be mixed that differ in it? The
/// suffix says no more than how the value is written.
fn keeps_apart(name: &HeaderName) -> bool {
    let name = name.as_str();
    let name = name.strip_suffix("-bin").unwrap_or(name);
    matches!(Kind::of(name), Kind::Credential | Kind::Circumstance)
}

fn checked(name: &str) -> HeaderName {
    let checked = HeaderName::try_from(name);
    let checked = checked.unwrap_or_else(|_| panic!("{name:?} is not the name of metadata"));
    assert!(
        checked != GRPC_TIMEOUT,
        "grpc-timeout is each caller's own, and never part of the key"
    );
    checked
}
