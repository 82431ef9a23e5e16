//! Which HTTP responses may be handed to others: [`HttpPolicy`].

use ::http::{HeaderName, Response, StatusCode, header};
use http_body::Body;

use super::{cache_control, key::HttpKey, keyed::KeyedHeaders};
use crate::policy::{Policy, Verdict};

/// Directives that keep a response from everybody but its own request
/// (RFC 9111 §5.2.2).
const NO_STORE_OR_CACHE: [&str; 2] = ["no-store", "no-cache"];

/// Fields that speak of the one client that was answered (RFC 6265, RFC 9110 §11).
pub(crate) const OF_ONE_CLIENT: [HeaderName; 7] = [
    header::SET_COOKIE,
    HeaderName::from_static("set-cookie2"),
    header::WWW_AUTHENTICATE,
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
    HeaderName::from_static("authentication-info"),
    // That a connection is, or may be, upgraded concerns its two ends only.
    header::UPGRADE,
];

/// Lets a response be shared only where a shared cache that holds it for no
/// time at all could have reused it (RFC 9111 §3, §4).
///
/// Kept back ([`Verdict::Solo`]) is a response
///
/// - with `no-store`, `private` or `no-cache`, qualified or not, or with what is
///   malformed, in `Cache-Control`, `CDN-Cache-Control` or its like (RFC 9213),
///   `Surrogate-Control` or `Pragma`;
/// - with `Set-Cookie`, `WWW-Authenticate`, `Proxy-Authenticate`,
///   `Authentication-Info`, `Proxy-Authentication-Info` or `Upgrade`;
/// - with `Vary: *`, or a `Vary` that names a header which is not part of the
///   key, or is malformed (`Cookie` is part of it only if it was added: where a
///   framework always sends `Vary: Cookie`, add it with [`HttpKey::header`]);
/// - whose status is 1xx, 401 or 407;
/// - whose body is known to be larger than [`max_body`](Self::max_body).
///
/// If the status says that something was wrong with this one request or client,
/// which may be in a header that is not part of the key, another asks for the
/// rest ([`Verdict::Retry`]): every other 4xx but those that are about what was
/// asked for (404, 405, 410, 412, 414, 416), and 505 and 511. So one bad request
/// does not spoil the answer for others, nor set them all loose.
///
/// All others are shared, those that have expired or have no freshness too, and
/// 206, 304 and 416, as `Range` and `If-*` are part of the key. 5xx and errors
/// of the service are [a choice](Self::server_errors).
///
/// ```
/// use http::Response;
/// use tower_pool::{Policy, Verdict, http::{HttpKey, HttpPolicy}};
///
/// let policy = HttpPolicy::for_key(&HttpKey::new());
/// let verdict = |name: &str, value: &str| {
///     let response = Response::builder().header(name, value).body(String::new()).unwrap();
///     policy.verdict(Ok::<_, &std::io::Error>(&response))
/// };
/// assert_eq!(verdict("cache-control", "max-age=0"), Verdict::Share);
/// assert_eq!(verdict("cache-control", "private"), Verdict::Solo);
/// assert_eq!(verdict("vary", "accept-encoding"), Verdict::Share);
/// assert_eq!(verdict("vary", "user-agent"), Verdict::Solo);
/// ```
#[derive(Clone, Debug)]
pub struct HttpPolicy {
    /// None: no header is known to be part of the key.
    keyed: Option<KeyedHeaders>,
    server_errors: Verdict,
    share_private: bool,
    max_body: u64,
}

impl HttpPolicy {
    /// The policy for requests that were keyed by `key`: it tells which headers
    /// a response may [`Vary`](https://www.rfc-editor.org/rfc/rfc9110#name-vary) by.
    #[must_use]
    pub fn for_key<X>(key: &HttpKey<X>) -> Self {
        let mut policy = Self::default();
        policy.set_key(key);
        policy
    }

    /// Sets what becomes of 5xx responses and of errors of the service, by
    /// default [`Verdict::Share`].
    ///
    /// ```
    /// use http::Response;
    /// use tower_pool::{Policy, Verdict, http::HttpPolicy};
    ///
    /// let policy = HttpPolicy::default().server_errors(Verdict::Retry);
    /// let response = Response::builder().status(503).body(String::new()).unwrap();
    /// assert_eq!(policy.verdict(Ok::<_, &std::io::Error>(&response)), Verdict::Retry);
    /// ```
    #[must_use]
    pub fn server_errors(mut self, verdict: Verdict) -> Self {
        self.server_errors = verdict;
        self
    }

    /// Sets whether responses with `private` are shared, by default not.
    ///
    /// Safe only where requests of equal key come from the same user: with
    /// [`Credentials::Key`](super::Credentials::Key), where each user has
    /// credentials of their own and nothing else tells users apart.
    ///
    /// ```
    /// use http::Response;
    /// use tower_pool::{Policy, Verdict, http::HttpPolicy};
    ///
    /// let policy = HttpPolicy::default().share_private(true);
    /// let response = Response::builder().header("cache-control", "private").body(String::new());
    /// let verdict = policy.verdict(Ok::<_, &std::io::Error>(&response.unwrap()));
    /// assert_eq!(verdict, Verdict::Share);
    /// ```
    #[must_use]
    pub fn share_private(mut self, share: bool) -> Self {
        self.share_private = share;
        self
    }

    /// Sets how large a body may be, in bytes, that says its size and is shared.
    /// By default it may be of any size.
    ///
    /// ```
    /// use http::Response;
    /// use tower_pool::{Policy, Verdict, http::HttpPolicy};
    ///
    /// let policy = HttpPolicy::default().max_body(4);
    /// let of = |body: &str| policy.verdict(Ok::<_, &std::io::Error>(&Response::new(body.to_owned())));
    /// assert_eq!(of("four"), Verdict::Share);
    /// assert_eq!(of("fifth"), Verdict::Solo);
    /// ```
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    pub(super) fn set_key<X>(&mut self, key: &HttpKey<X>) {
        self.keyed = Some(key.headers().clone());
    }

    fn may_be_shared<B: Body>(&self, response: &Response<B>) -> bool {
        let (status, headers) = (response.status(), response.headers());
        !status.is_informational()
            && !matches!(status.as_u16(), 401 | 407)
            && !OF_ONE_CLIENT.iter().any(|name| headers.contains_key(name))
            && self.may_be_stored(response)
            && self.varies_by_key(response)
            && response.body().size_hint().lower() <= self.max_body
    }

    fn may_be_stored<B>(&self, response: &Response<B>) -> bool {
        let mut fields = response.headers().iter().filter(|(name, _)| {
            let name = name.as_str();
            name.ends_with("cache-control") || matches!(name, "surrogate-control" | "pragma")
        });
        !fields.any(|(_, value)| {
            cache_control::says(value, &NO_STORE_OR_CACHE)
                || !self.share_private && cache_control::says(value, &["private"])
        })
    }

    fn keys(&self, name: &HeaderName) -> bool {
        let keyed = self.keyed.as_ref();
        keyed.is_some_and(|keyed| *name == header::HOST || keyed.contains(name))
    }

    /// RFC 9110 §12.5.5. A malformed name counts as `*`, which is in no key: not
    /// even in one that a header of that very name was added to.
    fn varies_by_key<B>(&self, response: &Response<B>) -> bool {
        let values = response.headers().get_all(header::VARY);
        let mut names = values
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|name| !name.is_empty());
        names.all(|name| {
            name != b"*" && HeaderName::from_bytes(name).is_ok_and(|name| self.keys(&name))
        })
    }
}

/// For requests of which nothing is known but that they are equal: no `Vary`
/// is taken to be covered. See [`for_key`](HttpPolicy::for_key).
impl Default for HttpPolicy {
    fn default() -> Self {
        Self {
            keyed: None,
            server_errors: Verdict::Share,
            share_private: false,
            max_body: u64::MAX,
        }
    }
}

impl<B: Body, E> Policy<Response<B>, E> for HttpPolicy {
    fn verdict(&self, outcome: Result<&Response<B>, &E>) -> Verdict {
        let Ok(response) = outcome else {
            return self.server_errors;
        };
        if !self.may_be_shared(response) {
            return Verdict::Solo;
        }
        let status = response.status();
        let at_least = |verdict, applies| if applies { verdict } else { Verdict::Share };
        at_least(self.server_errors, status.is_server_error())
            .max(at_least(Verdict::Retry, blames_the_request(status)))
    }
}

/// Is this what a request of the same key, but with other headers or from
/// another client, might not have got? RFC 9110 §15, RFC 6585, RFC 8470.
fn blames_the_request(status: StatusCode) -> bool {
    let about_the_resource = matches!(status.as_u16(), 404 | 405 | 410 | 412 | 414 | 416);
    status.is_client_error() && !about_the_resource || matches!(status.as_u16(), 505 | 511)
}
