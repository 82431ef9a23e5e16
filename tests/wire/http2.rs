//! Clients of HTTP/2 that take its many streams for so many ways to annoy.

use bytes::Bytes;
use h2::{
    RecvStream, SendStream,
    client::{Builder, ResponseFuture, SendRequest},
};
use http::Request;
use tokio::net::TcpStream;

use super::{
    honest::{Outcome, Version},
    peer::{Peer, within},
    stage::Stage,
    target::{Ask, Manner},
    vitals::MIB,
};

/// A connection, each of whose streams gets as much of a body as `window`.
async fn connect(stage: &Stage, window: u32) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(stage.proxy.address).await.unwrap();
    let (client, connection) = Builder::new()
        .initial_window_size(window)
        .initial_connection_window_size(16_000_000)
        .handshake(stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

fn request(ask: &Ask) -> Request<()> {
    let uri = format!("http://{}{}", ask.host, ask.target());
    Request::builder().uri(uri).body(()).unwrap()
}

type Stream = (ResponseFuture, SendStream<Bytes>);

/// So many streams, all of whom ask for the same.
async fn open(client: &SendRequest<Bytes>, ask: &Ask, number: usize) -> Vec<Stream> {
    let mut streams = Vec::new();
    for _ in 0..number {
        let mut client = within("a stream", client.clone().ready()).await.unwrap();
        streams.push(client.send_request(request(ask), true).unwrap());
    }
    streams
}

/// The first bytes of a body.
async fn begin(response: ResponseFuture) -> RecvStream {
    let mut body = within("a head", response).await.unwrap().into_body();
    let piece = within("the first bytes", body.data()).await;
    assert!(!piece.unwrap().unwrap().is_empty());
    body
}

/// Reads on, as slowly as it gets. The error may come before the head.
async fn read_to_error(response: ResponseFuture) -> h2::Error {
    let mut body = match response.await {
        Ok(response) => response.into_body(),
        Err(error) => return error,
    };
    while let Some(piece) = body.data().await {
        match piece {
            Ok(piece) => {
                let _ = body.flow_control().release_capacity(piece.len());
            }
            Err(error) => return error,
        }
    }
    panic!("it ends as if it were complete");
}

#[tokio::test]
async fn streams_that_are_reset_hurt_nobody_else() {
    // All may lag by all of it.
    let stage = Stage::new("--max-lag 16000000").await;
    let ask = Ask::gated(Manner::Chunked, "reset", 6_000_000);
    let client = connect(&stage, 65_535).await;
    let streams = open(&client, &ask, 60).await;
    stage.until_aboard(60).await;
    let herd = stage.herd(&ask, 6).await;
    let mut bodies = Vec::new();
    for (number, (response, mut stream)) in streams.into_iter().enumerate() {
        match number % 3 {
            // Before the answer, in the middle of the body, and by leaving.
            0 => stream.send_reset(h2::Reason::CANCEL),
            1 => bodies.push((response, Some(stream))),
            _ => bodies.push((response, None)),
        }
    }
    stage.origin.open_gate();
    for (response, stream) in bodies {
        let body = begin(response).await;
        if let Some(mut stream) = stream {
            stream.send_reset(h2::Reason::INTERNAL_ERROR);
        }
        drop(body);
    }
    herd.are_answered().await;
    assert_eq!(stage.origin.asked(&ask), 1);
    drop(client);
    stage.end().await;
}

/// They get the first bytes of the body. The rest is kept as far as a reader may
/// lag, once for all who share it; and when there is a window again, they learn
/// that they lag.
#[tokio::test]
async fn streams_without_a_window_cost_no_more_than_the_lag() {
    let stage = Stage::new(&format!("--max-lag {MIB}")).await;
    let before = stage.proxy.memory();
    let ask = Ask::gated(Manner::Chunked, "window", 24_000_000);
    let client = connect(&stage, 10).await;
    let streams = open(&client, &ask, 60).await;
    stage.until_aboard(60).await;
    // Alone, lest one that is fast be cut off for another that is faster.
    let herd = stage.herd(&ask, 1).await;
    stage.origin.open_gate();
    herd.are_answered().await;
    // What is kept, 3 connections with a MiB each, and the allocator's own.
    let taken = stage.proxy.peak() - before;
    assert!(taken < (1 + 3 + 8) * MIB, "{} KiB", taken / 1024);
    for (response, _) in streams {
        let error = within("an error", read_to_error(response)).await;
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR));
    }
    assert_eq!(stage.origin.asked(&ask), 1);
    drop(client);
    stage.end().await;
}

/// One connection after another, with as many streams as it takes, each of which
/// is reset as soon as it is there.
#[tokio::test]
async fn streams_that_come_and_go_at_once_leave_nothing() {
    let stage = Stage::new("").await;
    let mut honest = stage.honest(Version::Http2);
    for round in 0..10 {
        let client = connect(&stage, 65_535).await;
        for number in 0..300 {
            // The proxy may have had enough of it.
            let Ok(mut client) = client.clone().ready().await else {
                break;
            };
            let manner = match number % 2 {
                0 => Manner::Silent,
                _ => Manner::Plain,
            };
            let ask = Ask::new(manner, format!("rapid-{number}"), 1000);
            let Ok((_, mut stream)) = client.send_request(request(&ask), true) else {
                break;
            };
            stream.send_reset(h2::Reason::CANCEL);
            if number % 10 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let ask = Ask::new(Manner::Plain, format!("between-{round}"), 1000);
        assert_eq!(honest.ask(&ask).await, Outcome::Whole);
    }
    drop(honest);
    stage.end().await;
}

/// What begins like HTTP/2 and is none.
#[tokio::test]
async fn frames_that_are_none_end_their_connection() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let frames: &[&[u8]] = &[
        b"garbage that is no frame of any kind",
        // A frame longer than is allowed.
        b"\xff\xff\xff\0\0\0\0\0\x01",
        // Data of a stream that nobody has opened.
        b"\0\0\x01\0\0\0\0\0\x01!",
        // Fields in no compression.
        b"\0\0\x04\x01\x05\0\0\0\x01\xff\xff\xff\xff",
        // A window of zero more.
        b"\0\0\x04\x08\0\0\0\0\0\0\0\0\0",
    ];
    let stage = Stage::new("").await;
    for frame in frames {
        let mut peer = Peer::connect(stage.proxy.address).await;
        peer.send([PREFACE, SETTINGS, frame].concat()).await;
        within("the proxy closes", peer.read_all()).await;
    }
    // A head without end, in frames of their own.
    let before = stage.proxy.memory();
    let mut peer = Peer::connect(stage.proxy.address).await;
    peer.send([PREFACE, SETTINGS, b"\0\0\x01\x01\0\0\0\0\x01\x82"].concat())
        .await;
    let mut frame = b"\0\x40\0\x09\0\0\0\0\x01".to_vec();
    frame.resize(9 + 0x4000, 0x82);
    within("the proxy refuses", async {
        while peer.send(&frame).await {}
    })
    .await;
    let taken = stage.proxy.peak() - before;
    assert!(taken < 8 * MIB, "{} KiB", taken / 1024);
    drop(peer);
    stage.end().await;
}
