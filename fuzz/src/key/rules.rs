//! Which requests may be shared, and which ask for the same, by the docs of
//! [`tower_pool::http`] and of [`HttpKey`](tower_pool::http::HttpKey).

use super::{
    super::{fields, names::Kind},
    Setup,
    ask::{Ask, Content, Line, Target},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum May {
    No,
    /// Nothing is said of it.
    Either,
    Yes,
}

impl Ask {
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(move |line| line.name.0 == name);
        named.map(|line| line.value.as_bytes())
    }

    pub(super) fn may_join(&self, setup: &Setup) -> May {
        let empty = matches!(self.content, Content::None | Content::NoBytes);
        let never = !matches!(self.method, "GET" | "HEAD")
            || !(empty || setup.body_is_keyed)
            || self.hooked.is_none();
        if never {
            return May::No;
        }
        let lines = self.headers.iter().map(|line| line.may_join(setup));
        lines.min().unwrap_or(May::Yes)
    }

    /// Could an answer to one be wrong for the other?
    pub(super) fn is_another(&self, other: &Self, setup: &Setup) -> bool {
        let keyed = |line: &&Line| line.is_keyed(setup);
        let mut lines = self.headers.iter().chain(&other.headers).filter(keyed);
        self.method != other.method
            || self.hooked != other.hooked
            || self.seen(&self.target) != other.seen(&other.target)
            || self.seen(self.first_target()) != other.seen(other.first_target())
            || lines.any(|line| !self.agrees(other, line))
    }

    /// Do they differ in nothing that might count?
    pub(super) fn is_the_same(&self, other: &Self, setup: &Setup) -> bool {
        let counts = |line: &&Line| line.name.0 != "host" && !line.is_free(setup);
        let mut lines = self.headers.iter().chain(&other.headers).filter(counts);
        let host_is_named = setup.names("host");
        let hosts = self.values("host").eq(other.values("host"));
        let usual = match (self.usual_host(), other.usual_host()) {
            (Some(a), Some(b)) => a == b && self.scheme() == other.scheme(),
            _ => false,
        };
        let target = self.target == other.target && hosts || usual && !host_is_named;
        self.method == other.method
            && self.hooked == other.hooked
            && self.original == other.original
            && self.target.path == other.target.path
            && target
            && lines.all(|line| self.agrees(other, line))
    }

    fn agrees(&self, other: &Self, line: &Line) -> bool {
        let name = line.name.0.as_str();
        self.values(name).eq(other.values(name))
    }

    /// What axum's extractors see, where the crate can see it too.
    fn first_target(&self) -> &Target {
        let original = self.original.as_ref().filter(|_| cfg!(feature = "axum"));
        original.unwrap_or(&self.target)
    }

    fn scheme(&self) -> &str {
        self.target.scheme()
    }

    /// What is asked for to those who look at the URI first, and to those who look
    /// at `Host` first: at its first line or at its last. Hosts have no case.
    fn seen<'a>(&'a self, target: &'a Target) -> (&'a str, &'a str, [Option<Vec<u8>>; 3]) {
        let place = target.place.map(|place| place.1.as_bytes());
        let (first, last) = (self.values("host").next(), self.values("host").last());
        let seen = [place.or(first), first.or(place), last.or(place)];
        let seen = seen.map(|host| host.map(<[u8]>::to_ascii_lowercase));
        (target.scheme(), &target.path, seen)
    }

    /// The one that it asks, if it says that once: in its URI, as HTTP/2 does, or in
    /// `Host`; or the same in both. And it came through no router.
    fn usual_host(&self) -> Option<&[u8]> {
        let place = self.target.place.map(|place| place.1.as_bytes());
        let mut hosts = self.values("host");
        let host = hosts.next();
        let once = hosts.next().is_none() && (place.is_none() || host.is_none() || place == host);
        let usual = once && self.original.is_none();
        place.or(host).filter(|_| usual)
    }
}

impl Target {
    /// One that is not said is taken for `http`.
    fn scheme(&self) -> &str {
        self.place.map_or("http", |place| place.0)
    }
}

impl Line {
    fn may_join(&self, setup: &Setup) -> May {
        let (name, value) = (self.name.0.as_str(), self.value.as_bytes());
        if name == "cache-control" && fields::says(value, &["no-store", "only-if-cached"]) {
            return May::No;
        }
        match Kind::of(name) {
            Kind::Bar => May::No,
            Kind::Credential if setup.key_credentials || setup.names(name) => May::Yes,
            Kind::Credential => May::No,
            Kind::Unclear if name != "host" && !setup.names(name) => May::Either,
            Kind::Unclear | Kind::Keyed | Kind::Free => May::Yes,
        }
    }

    fn is_keyed(&self, setup: &Setup) -> bool {
        let name = self.name.0.as_str();
        let kind = Kind::of(name);
        matches!(kind, Kind::Keyed | Kind::Credential) || setup.names(name)
    }

    fn is_free(&self, setup: &Setup) -> bool {
        let name = self.name.0.as_str();
        Kind::of(name) == Kind::Free && !setup.names(name)
    }
}
