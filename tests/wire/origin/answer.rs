//! The answers of the origin, right ones and others.

use std::sync::atomic::Ordering::SeqCst;

use http::Method;
use tokio::time::{Duration, sleep};

use super::super::{
    peer::Peer,
    target::{Ask, Content, GATED, Manner},
    vitals::MIB,
};
use super::State;

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
    state: &State,
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
            reply.peer.trickle([head.as_bytes(), &body].concat()).await;
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
        Manner::NoContent => {
            // A client that does as it is told has no use for what follows.
            let head = reply.head.replace("200 OK", "204 No Content");
            let body = reply.content.take(size);
            let head = format!("{head}{length}\r\n");
            reply.peer.send([head.as_bytes(), &body].concat()).await;
            Some(reply.peer)
        }
        Manner::TooMuch => {
            let body = reply.content.take(size);
            let head = format!("{}{length}\r\n", reply.head);
            let all = [head.as_bytes(), &body, POISON.as_bytes()].concat();
            reply.peer.send(all).await;
            Some(reply.peer)
        }
        _ => {
            reply.spoil(manner, ask, state).await;
            None
        }
    }
}

/// Whoever had to wait for the gate has a half of it, before it breaks off.
async fn until_broken(ask: &Ask, state: &State) {
    if ask.token.starts_with(GATED) {
        let _ = state.breaks.subscribe().wait_for(|breaks| *breaks).await;
    }
}

fn long_field() -> String {
    format!("X-More: {:4000}\r\n", 1)
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
    async fn spoil(mut self, manner: Manner, ask: &Ask, state: &State) {
        let size = ask.size;
        let length = format!("Content-Length: {size}\r\n");
        match manner {
            Manner::TooLittle => {
                self.head(&length).await;
                self.piece(0, size / 2).await;
                until_broken(ask, state).await;
            }
            Manner::ResetInBody => {
                self.head(&length).await;
                self.piece(0, size / 2).await;
                self.peer.reset();
            }
            Manner::CutChunks => {
                self.head(CHUNKED).await;
                self.chunks(0, size / 2).await;
                until_broken(ask, state).await;
            }
            Manner::BadChunks => {
                self.head(CHUNKED).await;
                self.chunks(0, size / 2).await;
                until_broken(ask, state).await;
                self.peer.send("no number\r\nno chunk\r\n").await;
                self.peer.closed().await;
            }
            Manner::HugeTrailers => {
                self.head(CHUNKED).await;
                self.chunks(0, size / 2).await;
                until_broken(ask, state).await;
                let mut more = self.peer.send("0\r\n").await;
                while more {
                    more = self.peer.send(long_field()).await;
                }
            }
            Manner::HangsUp => {}
            Manner::HalfAHead => {
                let half = &self.head[..self.head.len() / 2];
                self.peer.send(half).await;
            }
            Manner::EndlessHead => {
                let mut more = self.peer.send(&self.head).await;
                while more {
                    more = self.peer.send(long_field()).await;
                }
            }
            Manner::TwoLengths => {
                let other = format!("Content-Length: {}\r\n", size + 1);
                self.head(&(length + &other)).await;
                self.piece(0, size).await;
                self.peer.closed().await;
            }
            Manner::Garbage => {
                self.peer.send("\u{1}\u{2} it is no HTTP\r\n\r\n").await;
                self.peer.closed().await;
            }
            Manner::EndlessHints => {
                let hint = format!("HTTP/1.1 103 Early Hints\r\n{}\r\n", long_field());
                while self.peer.send(&hint).await {
                    state.sent.fetch_add(hint.len() as u64, SeqCst);
                    // Not as fast as can be: others want to be served, too.
                    sleep(Duration::from_millis(1)).await;
                }
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
                    state.sent.fetch_add(MIB, SeqCst);
                }
            }
            _ => self.peer.closed().await,
        }
    }
}
