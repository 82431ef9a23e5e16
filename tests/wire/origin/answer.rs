//! The answers of the origin, right ones and others.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use http::Method;
use tokio::task::yield_now;

use super::super::{
    peer::Peer,
    target::{Ask, Content, Manner},
    vitals::MIB,
};

/// What some servers say to a connection on which nothing comes.
pub(super) const UNASKED: &str =
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// For nobody.
const POISON: &str =
    "HTTP/1.1 200 OK\r\nX-For: nobody\r\nX-Number: 0\r\nContent-Length: 6\r\n\r\npoison";

/// Returns the connection, if it can take another request.
pub(super) async fn answer(
    peer: Peer,
    ask: &Ask,
    manner: Manner,
    number: usize,
    sent: &AtomicU64,
) -> Option<Peer> {
    let name = ask.name();
    let mut reply = Reply {
        peer,
        head: format!("HTTP/1.1 200 OK\r\nX-For: {name}\r\nX-Number: {number}\r\n"),
        content: ask.content(),
    };
    let size = ask.size;
    let length = format!("Content-Length: {size}\r\n");
    if manner == Manner::Private {
        reply.head += "Cache-Control: private\r\n";
    }
    if ask.method == Method::HEAD && !manner.has_no_head() {
        reply.head(&length).await;
        return Some(reply.peer);
    }
    match manner {
        Manner::Plain | Manner::Private => {
            reply.head(&length).await;
            reply.piece(0, size).await;
            Some(reply.peer)
        }
        Manner::Chunked => {
            reply.head(CHUNKED).await;
            reply.chunks(0, size).await;
            reply.peer.send("0\r\n\r\n").await;
            Some(reply.peer)
        }
        Manner::Closing => {
            reply.head = reply.head.replace("HTTP/1.1", "HTTP/1.0");
            reply.head("").await;
            reply.piece(0, size).await;
            None
        }
        Manner::Trickle => {
            let head = format!("{}{length}\r\n", reply.head);
            let body = reply.content.take(size);
            for byte in [head.as_bytes(), &body].concat() {
                reply.peer.send([byte]).await;
                yield_now().await;
            }
            Some(reply.peer)
        }
        Manner::Early => {
            reply.head(&format!("{length}Connection: close\r\n")).await;
            reply.piece(0, size).await;
            // It would be a reset, with what it has not read, and take the answer
            // away from whoever has not read that.
            reply.peer.half_close().await;
            reply.peer.closed().await;
            None
        }
        Manner::TooMuch => {
            let body = reply.content.take(size);
            let head = format!("{}{length}\r\n", reply.head);
            let all = [head.as_bytes(), &body, POISON.as_bytes()].concat();
            reply.peer.send(all).await;
            Some(reply.peer)
        }
        _ => {
            reply.spoil(manner, size, sent).await;
            None
        }
    }
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

struct Reply {
    peer: Peer,
    /// What is in every head.
    head: String,
    content: Content,
}

impl Reply {
    async fn head(&mut self, fields: &str) -> bool {
        let head = format!("{}{fields}\r\n", self.head);
        self.peer.send(head).await
    }

    /// Sends what is from `at` to `end`.
    async fn piece(&mut self, mut at: usize, end: usize) -> bool {
        while at < end {
            let piece = self.content.at(at);
            let piece = &piece[..piece.len().min(end - at)];
            if !self.peer.send(piece).await {
                return false;
            }
            at += piece.len();
        }
        true
    }

    /// The same in chunks of many sizes. None is tiny, for a client of HTTP/2 may
    /// take many of those for an attack.
    async fn chunks(&mut self, mut at: usize, end: usize) -> bool {
        while at < end {
            let size = (end - at).min(1000 + at % (64 * 1000));
            let framed = [
                format!("{size:x}\r\n").as_bytes(),
                &self.content.at(at)[..size],
                b"\r\n",
            ]
            .concat();
            if !self.peer.send(framed).await {
                return false;
            }
            at += size;
        }
        true
    }

    /// An answer that is none.
    async fn spoil(mut self, manner: Manner, size: usize, sent: &AtomicU64) {
        let length = format!("Content-Length: {size}\r\n");
        match manner {
            Manner::TooLittle => {
                self.head(&length).await;
                self.piece(0, size / 2).await;
            }
            Manner::ResetInBody => {
                self.head(&length).await;
                self.piece(0, size / 2).await;
                self.peer.reset();
            }
            Manner::CutChunks => {
                self.head(CHUNKED).await;
                self.chunks(0, size / 2).await;
            }
            Manner::BadChunks => {
                self.head(CHUNKED).await;
                self.chunks(0, size / 2).await;
                self.peer.send("no number\r\nno chunk\r\n").await;
                self.peer.closed().await;
            }
            Manner::HangsUp => {}
            Manner::HalfAHead => {
                let half = &self.head[..self.head.len() / 2];
                self.peer.send(half).await;
            }
            Manner::EndlessHead => {
                let mut more = self.peer.send(&self.head).await;
                while more {
                    more = self.peer.send(format!("X-More: {:4000}\r\n", 1)).await;
                }
            }
            Manner::Garbage => {
                self.peer.send("\u{1}\u{2} it is no HTTP\r\n\r\n").await;
                self.peer.closed().await;
            }
            Manner::Stalls => {
                self.head(&length).await;
                self.piece(0, size / 2).await;
                self.peer.closed().await;
            }
            Manner::Endless => {
                self.head(CHUNKED).await;
                let (mut at, piece) = (0, MIB as usize);
                while self.chunks(at, at + piece).await {
                    at += piece;
                    sent.fetch_add(MIB, SeqCst);
                }
            }
            _ => self.peer.closed().await,
        }
    }
}
