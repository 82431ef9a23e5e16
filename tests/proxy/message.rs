//! HTTP/1 as it is seen on the wire, in a form that can be compared.

use std::fmt;

use super::support::Peer;

/// A request or a response. Fields are in the order of their names, and those of
/// one name in theirs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) start: String,
    pub(crate) fields: Vec<String>,
    pub(crate) body: String,
    trailers: Vec<String>,
    /// Whether the body came to its end.
    pub(crate) is_complete: bool,
}

impl Message {
    /// Reads one.
    pub(crate) async fn read(peer: &mut Peer) -> Self {
        let mut message = Self::read_head(peer).await;
        message.read_body(peer).await;
        message
    }

    /// Reads one without its body.
    pub(crate) async fn read_head(peer: &mut Peer) -> Self {
        let (head, is_complete) = peer.read_until(b"\r\n\r\n").await;
        let mut lines = lines(&head);
        let start = match lines.is_empty() {
            true => String::new(),
            false => lines.remove(0),
        };
        Self {
            start,
            fields: sorted(lines),
            body: String::new(),
            trailers: Vec::new(),
            is_complete,
        }
    }

    /// Reads the body, if the fields say that there is one.
    pub(crate) async fn read_body(&mut self, peer: &mut Peer) {
        if let Some(length) = self.field("content-length") {
            let length = length.parse().unwrap();
            let body = peer.read(length).await;
            self.is_complete = body.len() == length;
            self.body = text(&body);
        } else if self.field("transfer-encoding") == Some("chunked") {
            let mut body = Vec::new();
            self.is_complete = self.read_chunks(peer, &mut body).await;
            self.body = text(&body);
        } else if self.start.starts_with("HTTP") {
            self.body = text(&peer.read_all().await);
        }
    }

    async fn read_chunks(&mut self, peer: &mut Peer, body: &mut Vec<u8>) -> bool {
        loop {
            let (size, true) = peer.read_until(b"\r\n").await else {
                return false;
            };
            let size = std::str::from_utf8(&size).unwrap().trim();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                break;
            }
            let chunk = peer.read(size + 2).await;
            body.extend(&chunk[..chunk.len().min(size)]);
            if chunk.len() < size + 2 {
                return false;
            }
        }
        loop {
            let (line, true) = peer.read_until(b"\r\n").await else {
                return false;
            };
            if line == b"\r\n" {
                return true;
            }
            self.trailers.extend(lines(&line));
        }
    }

    /// The first value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self
            .fields
            .iter()
            .filter_map(|field| field.split_once(": "));
        fields.find(|field| field.0 == name).map(|field| field.1)
    }
}

/// But for `Date`, which hyper adds if there is none.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.start)?;
        let fields = self.fields.iter();
        for field in fields.filter(|field| !field.starts_with("date:")) {
            writeln!(f, "{field}")?;
        }
        write!(f, "[{}]", self.body)?;
        for trailer in &self.trailers {
            write!(f, " +{trailer}")?;
        }
        match self.is_complete {
            true => Ok(()),
            false => write!(f, " aborted"),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(text).collect()
}

/// What is not ASCII as Rust would write it, and quotes as they are.
fn text(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    text.replace("\\\"", "\"").replace("\\'", "'")
}

fn sorted(mut fields: Vec<String>) -> Vec<String> {
    fields.sort_by(|a, b| name(a).cmp(name(b)));
    fields
}

fn name(field: &str) -> &str {
    field.split(':').next().unwrap_or_default()
}
