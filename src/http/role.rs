//! How a response came about: [`Role`], and `Cache-Status`.

use ::http::{HeaderMap, HeaderName, HeaderValue, Response, Version};

use super::{body::SharedBody, eligible::Ineligible};
use crate::flight::Part;

/// The part that a caller had in the response it got. It is in the extensions
/// of every response.
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, service_fn};
/// use tower_pool::{PoolLayer, http::Role};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Infallible> {
/// let pages = ServiceBuilder::new().layer(PoolLayer::http()).service(service_fn(
///     |_: Request<String>| async {
///         tokio::task::yield_now().await;
///         Ok::<_, Infallible>(Response::new("a page".to_owned()))
///     },
/// ));
/// let (a, b) = tokio::join!(
///     pages.request(Request::new(String::new())),
///     pages.request(Request::new(String::new())),
/// );
/// assert_eq!(a?.extensions().get(), Some(&Role::Leader));
/// assert_eq!(b?.extensions().get(), Some(&Role::Follower));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Its own request was answered, and others could join.
    Leader,
    /// It got the response to another's request.
    Follower,
    /// Its own request was answered, apart from all others: it could not be
    /// shared, or its leader's response could not.
    Solo,
}

impl Role {
    /// Makes a response this caller's, whose own request is of version `own`. It
    /// was the answer to a request of version `answered`.
    pub(crate) fn take(self, response: &mut Response<SharedBody>, answered: Version, own: Version) {
        if self == Self::Follower || answered != own {
            *response.version_mut() = own;
        }
        if self == Self::Follower {
            response.body_mut().for_follower();
        }
        response.extensions_mut().insert(self);
    }
}

/// How a response came about, in the terms of `Cache-Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forwarded {
    Ineligible(Ineligible),
    /// By a call that nobody shared.
    Alone,
    /// By a call for several.
    Collapsed,
    /// By a call of its own, as the leader's was not to be shared.
    Released,
}

impl Forwarded {
    /// RFC 9211 §2.2 (`fwd`) and §2.6 (`collapsed`).
    fn parameters(self) -> &'static str {
        match self {
            Self::Ineligible(Ineligible::Method) => "; fwd=method",
            Self::Ineligible(Ineligible::Bypass) => "; fwd=bypass",
            Self::Alone => "; fwd=miss",
            Self::Collapsed => "; fwd=miss; collapsed",
            Self::Released => "; fwd=miss; collapsed=?0",
        }
    }
}

/// Which part has which role.
impl From<Part> for Role {
    fn from(part: Part) -> Self {
        match part {
            Part::Led => Self::Leader,
            Part::Followed => Self::Follower,
            Part::Released | Part::Passed => Self::Solo,
        }
    }
}

/// Adds its member to the end of a response's `Cache-Status` (RFC 9211 §2).
#[derive(Clone, Debug)]
pub(super) struct CacheStatus {
    /// What this pool calls itself there, written as the field wants it.
    name: String,
}

impl CacheStatus {
    /// # Panics
    ///
    /// If `name` cannot be written in a header.
    pub(super) fn new(name: &str) -> Self {
        let printable = name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        assert!(
            printable && !name.is_empty(),
            "{name:?} cannot be the name of a pool in Cache-Status: it takes printable ASCII"
        );
        let name = if is_token(name) {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
        };
        Self { name }
    }

    pub(super) fn add(&self, headers: &mut HeaderMap, forwarded: Forwarded) {
        const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
        let member = format!("{}{}", self.name, forwarded.parameters());
        let member = HeaderValue::try_from(member).expect("it was checked to be printable");
        headers.append(CACHE_STATUS, member);
    }
}

/// May it be written without quotes? RFC 9651 §3.3.4.
fn is_token(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte))
}
