//! What a hostile client does, picked at random. Nothing is checked here: it is
//! for the others to notice nothing of it.

use std::{future::pending, net::SocketAddr, time::Duration};

use bytes::Bytes;
use fastrand::Rng;
use h2::{
    Reason,
    client::{Builder, SendRequest},
};
use http::{Method, Request};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{peer::Peer, target::Ask};

#[derive(Clone, Copy, Debug)]
enum Abuse {
    SaysNothing,
    StopsInHead,
    /// A byte at a time, as long as it has the patience.
    TricklesHead,
    StopsInBody,
    StopsReading,
    /// Before, in, or after the answer.
    Leaves,
    HalfCloses,
    /// Longer than hyper takes.
    HugeHead,
    MalformedHead,
    BadChunks,
    TwoLengths,
    Pipeline,
    Http2Resets,
    Http2WithoutWindow,
}

const ALL: [Abuse; 14] = [
    Abuse::SaysNothing,
    Abuse::StopsInHead,
    Abuse::TricklesHead,
    Abuse::StopsInBody,
    Abuse::StopsReading,
    Abuse::Leaves,
    Abuse::HalfCloses,
    Abuse::HugeHead,
    Abuse::MalformedHead,
    Abuse::BadChunks,
    Abuse::TwoLengths,
    Abuse::Pipeline,
    Abuse::Http2Resets,
    Abuse::Http2WithoutWindow,
];

/// Does something to the proxy, by way of asking for `ask`, and leaves after a
/// while, wherever it is by then.
pub(crate) async fn abuse(address: SocketAddr, ask: &Ask, rng: &mut Rng) {
    let abuse = ALL[rng.usize(..ALL.len())];
    let a_while = Duration::from_millis(rng.u64(..60));
    let resets = rng.bool();
    match abuse {
        Abuse::Http2Resets => over_http2(address, ask, 65_535, a_while).await,
        Abuse::Http2WithoutWindow => over_http2(address, ask, 0, a_while).await,
        _ => {
            let mut peer = Peer::connect_narrow(address).await;
            let _ = timeout(a_while, over_http1(&mut peer, abuse, ask, rng)).await;
            if resets {
                peer.reset();
            }
        }
    }
}

async fn over_http1(peer: &mut Peer, abuse: Abuse, ask: &Ask, rng: &mut Rng) {
    let head = ask.head("");
    let mut put = ask.clone();
    put.method = Method::PUT;
    // hyper does not see that a client is gone who has said more than is answered
    // yet. An answer that never comes would be waited for until the end.
    let may_have_more = !ask.manner.never_ends();
    match abuse {
        Abuse::SaysNothing => return pending().await,
        Abuse::StopsInHead => {
            peer.send(&head[..rng.usize(..head.len())]).await;
            return pending().await;
        }
        Abuse::TricklesHead => peer.trickle(&head).await,
        Abuse::StopsInBody => {
            peer.send(put.head("Content-Length: 100\r\n") + "half")
                .await;
            return pending().await;
        }
        Abuse::StopsReading => {
            peer.send(head).await;
            peer.read_until(b"\r\n\r\n").await;
            return pending().await;
        }
        Abuse::Leaves => drop(peer.send(head).await),
        Abuse::HalfCloses => {
            peer.send(head).await;
            peer.half_close().await;
        }
        Abuse::HugeHead => {
            let field = format!("X-A: {}\r\n", "a".repeat(600_000));
            peer.send(ask.head(&field)).await;
        }
        Abuse::MalformedHead => {
            let mut head = head.into_bytes();
            let place = rng.usize(..head.len());
            head[place] = rng.u8(..);
            peer.send(head).await;
        }
        Abuse::BadChunks => {
            let body = ["zz\r\n", "5\r\nhello!\r\n", "fffffffffffffffff\r\n"];
            let body = body[rng.usize(..body.len())];
            let head = put.head("Transfer-Encoding: chunked\r\n");
            peer.send(head + body).await;
        }
        Abuse::TwoLengths if may_have_more => {
            let fields = "Content-Length: 50\r\nTransfer-Encoding: chunked\r\n";
            peer.send(put.head(fields) + "0\r\n\r\n" + &head).await;
        }
        Abuse::Pipeline if may_have_more => {
            peer.send(head.repeat(1 + rng.usize(..30))).await;
        }
        Abuse::Pipeline | Abuse::TwoLengths => return,
        Abuse::Http2Resets | Abuse::Http2WithoutWindow => unreachable!("it is no HTTP/1"),
    }
    peer.closed().await;
}

/// Opens many streams with a window of `window`, and resets them after a while.
/// The proxy may have had enough of it before: that is its right.
async fn over_http2(address: SocketAddr, ask: &Ask, window: u32, a_while: Duration) {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut client = Builder::new();
    let client = client.initial_window_size(window).handshake(stream);
    let Ok((client, connection)) = client.await else {
        return;
    };
    let mut client: SendRequest<Bytes> = client;
    let connection = tokio::spawn(connection);
    let mut streams = Vec::new();
    let opening = async {
        while streams.len() < 20 {
            client = client.ready().await?;
            let uri = format!("http://{}{}", ask.host, ask.target());
            let request = Request::builder().uri(uri).body(()).unwrap();
            streams.push(client.send_request(request, true)?);
        }
        pending::<Result<(), h2::Error>>().await
    };
    let _ = timeout(a_while, opening).await;
    for (_, stream) in &mut streams {
        stream.send_reset(Reason::CANCEL);
    }
    // The resets are sent before it ends, if they can be.
    drop(streams);
    sleep(a_while / 2).await;
    connection.abort();
}
