//! Connections that switch protocols: from then on bytes are carried to and fro.

use http::{
    HeaderValue, Request, Response, Version,
    header::{CONNECTION, UPGRADE},
};
use hyper::{
    body::Incoming,
    upgrade::{self, OnUpgrade},
};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

use super::hop;

/// A client's wish to switch.
#[derive(Debug)]
pub(crate) struct Wish {
    protocols: Vec<HeaderValue>,
    client: OnUpgrade,
}

impl Wish {
    /// Takes the wish out of a request, if it has one that can be granted.
    pub(crate) fn of(request: &mut Request<Incoming>) -> Option<Self> {
        let headers = request.headers();
        let can_be_granted = request.version() == Version::HTTP_11
            && headers.contains_key(UPGRADE)
            && hop::lists(headers, CONNECTION, "upgrade")
            // In a tunnel of HTTP, requests would get past the proxy.
            && !hop::tokens(headers, UPGRADE).any(is_http);
        can_be_granted.then(|| Self {
            protocols: request.headers().get_all(UPGRADE).iter().cloned().collect(),
            client: upgrade::on(request),
        })
    }

    /// Puts the wish into the request for the origin. It also tells the pool
    /// that the answer will be for this client alone.
    pub(crate) fn put_into(&self, request: &mut Request<Incoming>) {
        for protocols in &self.protocols {
            request.headers_mut().append(UPGRADE, protocols.clone());
        }
    }

    /// Connects the client to the origin, which has answered with 101.
    pub(crate) fn grant<B>(self, response: &mut Response<B>) {
        let origin = upgrade::on(&mut *response);
        let protocol = response.headers().get(UPGRADE).cloned();
        hop::remove(response.headers_mut());
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.extend(protocol.map(|protocol| (UPGRADE, protocol)));
        // An error is the business of those at the ends, who see it by the end
        // of their connection.
        tokio::spawn(async move {
            if let Ok((client, origin)) = tokio::try_join!(self.client, origin) {
                let (mut client, mut origin) = (TokioIo::new(client), TokioIo::new(origin));
                let _ = copy_bidirectional(&mut client, &mut origin).await;
            }
        });
    }
}

fn is_http(protocol: &[u8]) -> bool {
    let protocol = protocol.to_ascii_lowercase();
    protocol.starts_with(b"h2") || protocol.starts_with(b"http")
}
