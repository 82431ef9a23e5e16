//! Requests and responses as plain data: what is thrown at the pool.

use http::{HeaderMap, HeaderValue, Request, Response, Version};
use tower_pool::Verdict;

use crate::origin::{Content, Pieces};

pub type Headers = Vec<(&'static str, HeaderValue)>;

#[derive(Clone, Debug)]
pub struct Ask {
    pub method: &'static str,
    /// Scheme and authority, of an absolute URI.
    pub target: Option<(&'static str, &'static str)>,
    /// With its query.
    pub path: &'static str,
    pub headers: Headers,
    pub body: Content,
    pub version: Version,
    /// An identity that is in the extensions alone.
    pub tenant: Option<u8>,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub fails: bool,
    pub status: u16,
    pub headers: Headers,
    /// The sizes of its frames.
    pub frames: Vec<u64>,
    pub says: Says,
    pub version: Version,
}

/// What a body says of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    All,
    AtLeast,
    Nothing,
}

#[derive(Clone, Debug)]
pub struct Exchange {
    pub ask: Ask,
    /// What the service says to it, should it be asked.
    pub answer: Answer,
}

#[derive(Clone, Debug)]
pub struct Setup {
    pub key_credentials: bool,
    pub extra: Vec<&'static str>,
    /// The tenant is keyed by a hook.
    pub hook: bool,
    pub max_body: Option<u64>,
    pub until_body: bool,
    pub server_errors: Verdict,
    pub remember: bool,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub setup: Setup,
    /// All are asked before the first is answered.
    pub at_once: Vec<Exchange>,
    /// It is asked when those have their heads, and not yet their bodies.
    pub late: Exchange,
}

/// Which exchange a request belongs to, and a response was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant(pub u8);

impl Ask {
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        values(&self.headers, name)
    }

    pub fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// In lower case; one that is only said again is left out.
    pub fn hosts(&self) -> Vec<Vec<u8>> {
        let hosts = self.values("host").into_iter();
        let mut hosts: Vec<_> = hosts.map(<[u8]>::to_ascii_lowercase).collect();
        if hosts.iter().all(|host| *host == hosts[0]) {
            hosts.truncate(1);
        }
        hosts
    }

    pub fn request(&self, id: usize) -> Request<Content> {
        let uri = match self.target {
            _ if self.method == "CONNECT" => "a.example:443".to_owned(),
            Some((scheme, authority)) => format!("{scheme}://{authority}{}", self.path),
            None => self.path.to_owned(),
        };
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method.parse().unwrap();
        *request.uri_mut() = uri.parse().unwrap();
        *request.version_mut() = self.version;
        *request.headers_mut() = map(&self.headers);
        request.extensions_mut().insert(Stamp(id));
        if let Some(tenant) = self.tenant {
            request.extensions_mut().insert(Tenant(tenant));
        }
        request
    }
}

impl Answer {
    pub fn size(&self) -> u64 {
        self.frames.iter().sum()
    }

    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        values(&self.headers, name)
    }

    pub fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    pub fn headers(&self) -> HeaderMap {
        map(&self.headers)
    }

    pub fn response(&self, id: usize) -> Response<Pieces> {
        let mut response = Response::new(Pieces::new(id, &self.frames, self.says));
        *response.status_mut() = self.status.try_into().unwrap();
        *response.version_mut() = self.version;
        *response.headers_mut() = self.headers();
        response.extensions_mut().insert(Stamp(id));
        response
    }
}

impl Case {
    /// The late one is the last.
    pub fn exchange(&self, id: usize) -> &Exchange {
        self.at_once.get(id).unwrap_or(&self.late)
    }

    pub fn len(&self) -> usize {
        self.at_once.len() + 1
    }
}

fn map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.clone());
    }
    map
}

fn values<'a>(headers: &'a Headers, name: &str) -> Vec<&'a [u8]> {
    let named = headers.iter().filter(|header| header.0 == name);
    named.map(|header| header.1.as_bytes()).collect()
}
