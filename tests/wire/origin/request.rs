//! Requests as the origin reads them: to the letter, as all that it does not
//! understand is something that the proxy should not have sent.

use super::super::{
    peer::Peer,
    target::{Ask, Manner, name},
};

pub(super) struct Head {
    method: String,
    target: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// None, at the end of the connection.
    pub(super) async fn read(peer: &mut Peer) -> Option<Self> {
        let head = peer.read_until(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.trim_end().split("\r\n");
        let start: Vec<_> = lines.next().unwrap_or_default().split(' ').collect();
        let [method, target, "HTTP/1.1"] = *start else {
            panic!("the origin is asked in no HTTP: {head:?}");
        };
        let fields = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            (name.to_owned(), value.to_owned())
        });
        Some(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: fields.collect(),
        })
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let field = fields.find(|field| field.0 == name);
        field.map(|field| field.1.as_str())
    }

    fn host(&self) -> &str {
        self.field("host").unwrap_or_default()
    }

    /// The line that says who asks.
    fn user(&self) -> Option<String> {
        let mut fields = self.fields.iter();
        let line = fields.find(|(name, _)| name == "authorization" || name == "cookie");
        line.map(|(name, value)| format!("{name}: {value}"))
    }

    pub(super) fn name(&self) -> String {
        name(
            &self.method,
            self.host(),
            &self.target,
            self.user().as_deref(),
        )
    }

    /// What is asked for. Of a target that says nothing: nothing.
    pub(super) fn ask(&self) -> Ask {
        let ask = Ask::parse(&self.method, &self.target, self.host(), self.user());
        ask.unwrap_or_else(|| Ask::new(Manner::Plain, "", 0))
    }
}

/// The body of a request that came to its end.
pub(super) struct Body(pub(super) Vec<u8>);

impl Body {
    /// None, if it breaks off, or makes no sense.
    pub(super) async fn read(peer: &mut Peer, head: &Head) -> Option<Self> {
        match (
            head.field("transfer-encoding"),
            head.field("content-length"),
        ) {
            (None, None) => Some(Self(Vec::new())),
            (None, Some(length)) => {
                let body = peer.read(length.parse().ok()?).await?;
                Some(Self(body))
            }
            (Some("chunked"), None) => Self::read_chunks(peer).await,
            both => panic!("the origin is asked in two ways: {both:?}"),
        }
    }

    async fn read_chunks(peer: &mut Peer) -> Option<Self> {
        let mut body = Vec::new();
        loop {
            let size = peer.read_until(b"\r\n").await?;
            let size = std::str::from_utf8(&size).ok()?.trim_end();
            let size = usize::from_str_radix(size, 16).ok()?;
            if size == 0 {
                break;
            }
            body.extend(peer.read(size).await?);
            peer.read_until(b"\r\n").await?;
        }
        while peer.read_until(b"\r\n").await? != b"\r\n" {}
        Some(Self(body))
    }
}
