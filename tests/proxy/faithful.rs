//! Each exchange once without a pool, once alone in a pool, and if it may be
//! shared, once more by two. All see the same, and it is what they should see.

use super::{
    message::Message,
    support::{Origin, POOLED, Peer, Proxy},
};

/// One request and its answer, as they are written and as they arrive.
struct Exchange {
    /// All lines get their line ends. `Host` and `Connection: close` are added.
    request: &'static [u8],
    /// After this the origin closes its connection.
    answer: &'static [u8],
    /// But for `host: site.test`.
    origin_sees: &'static str,
    /// But for `connection: close`.
    client_sees: &'static str,
    may_be_shared: bool,
}

/// Returns what origin and clients see, of whom there are as many as `clients`.
async fn run(exchange: &Exchange, options: &[&str], clients: usize) -> (Message, Vec<Message>) {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), options).await;
    let request = request(exchange.request);
    let mut peers = Vec::new();
    for _ in 0..clients {
        let mut peer = Peer::connect(proxy.address).await;
        peer.send(&request).await;
        peers.push(peer);
    }
    if clients > 1 {
        proxy.until(&format!("\"joined\":{}", clients - 1)).await;
    }
    let mut connection = origin.accept().await;
    let mut seen = Message::read(&mut connection).await;
    assert!(seen.fields.contains(&"host: site.test".to_owned()));
    seen.fields.retain(|field| field != "host: site.test");

    // The body comes only when all have the head: a body that is over before it
    // is passed on may be framed as one of known length.
    let (head, body) = exchange.answer.split_at(length_of_head(exchange.answer));
    connection.send(head).await;
    let mut connection = Some(connection);
    if head.is_empty() {
        let connection = connection.take();
        connection.unwrap().send(body).await;
    }
    let mut answers = Vec::new();
    for peer in &mut peers {
        answers.push(Message::read_head(peer).await);
    }
    if let Some(mut connection) = connection {
        connection.send(body).await;
    }
    let is_head = exchange.request.starts_with(b"HEAD");
    for (peer, answer) in peers.iter_mut().zip(&mut answers) {
        let has_none = [" 204 ", " 304 "]
            .iter()
            .any(|no| answer.start.contains(no));
        if !is_head && !has_none {
            answer.read_body(peer).await;
        }
        assert!(peer.read_all().await.is_empty());
        answer.fields.retain(|field| field != "connection: close");
    }
    (seen, answers)
}

/// With that of what comes before the answer proper. None, if it is no answer.
fn length_of_head(answer: &[u8]) -> usize {
    let mut start = 0;
    while let Some(length) = answer[start..].windows(4).position(|w| w == b"\r\n\r\n") {
        let is_last = !answer[start..].starts_with(b"HTTP/1.1 10");
        start += length + 4;
        if is_last {
            return start;
        }
    }
    0
}

/// Adds what every request has.
fn request(lines: &[u8]) -> Vec<u8> {
    let end = lines.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let (head, body) = lines.split_at(end);
    let more = b"\r\nHost: site.test\r\nConnection: close".as_slice();
    [head, more, body].concat()
}

async fn check(exchange: Exchange) {
    let (origin, answers) = run(&exchange, &["--no-pool"], 1).await;
    assert_eq!(origin.to_string(), exchange.origin_sees, "at the origin");
    assert_eq!(
        answers[0].to_string(),
        exchange.client_sees,
        "at the client"
    );

    let clients = match exchange.may_be_shared {
        true => 2,
        false => 1,
    };
    for clients in 1..=clients {
        let (seen, pooled) = run(&exchange, POOLED, clients).await;
        assert_eq!(seen, origin, "at the origin, for {clients} in a pool");
        for answer in pooled {
            let (answer, alone) = (answer.to_string(), answers[0].to_string());
            assert_eq!(answer, alone, "at one of {clients} in a pool");
        }
    }
}

macro_rules! exchanges {
    ($($name:ident: $share:literal, $request:literal => $origin:literal,
       $answer:literal => $client:literal;)*) => { $(
        #[tokio::test]
        async fn $name() {
            check(Exchange {
                request: $request,
                answer: $answer,
                origin_sees: $origin,
                client_sees: $client,
                may_be_shared: $share,
            })
            .await;
        }
    )* };
}

// What is asked, what the origin is asked; what it says, what the client gets.
exchanges! {
    known_length: true,
        b"GET /a%2Fb/../c?x=1&&y=%20?z HTTP/1.1\r\n\r\n" => "GET /a%2Fb/../c?x=1&&y=%20?z HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" => "HTTP/1.1 200 OK\ncontent-length: 5\n[hello]";
    empty_query: true,
        b"GET /a? HTTP/1.1\r\n\r\n" => "GET /a? HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" => "HTTP/1.1 200 OK\ncontent-length: 0\n[]";
    repeated_and_odd_fields: true,
        b"GET / HTTP/1.1\r\nX-A: 1\r\nX-B: \xff\x80\r\nX-A: 2\r\nX-A:\r\nX-A: 1\r\n\r\n" =>
        "GET / HTTP/1.1\nx-a: 1\nx-a: 2\nx-a:\nx-a: 1\nx-b: \\xff\\x80\n[]",
        b"HTTP/1.1 200 OK\r\nX-A: 2\r\nX-B: \xfe\t\xe9\r\nX-A: 1\r\nContent-Length: 1\r\nX-A: 2\r\nX-C:\r\n\r\n!" =>
        "HTTP/1.1 200 OK\ncontent-length: 1\nx-a: 2\nx-a: 1\nx-a: 2\nx-b: \\xfe\\t\\xe9\nx-c:\n[!]";
    cookies_are_for_one: false,
        b"GET / HTTP/1.1\r\nCookie: a=1; b=2\r\n\r\n" => "GET / HTTP/1.1\ncookie: a=1; b=2\n[]",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=2\r\nSet-Cookie: b=3, c\r\nContent-Length: 0\r\n\r\n" =>
        "HTTP/1.1 200 OK\ncontent-length: 0\nset-cookie: a=2\nset-cookie: b=3, c\n[]";
    authorization_is_for_one: false,
        b"GET / HTTP/1.1\r\nAuthorization: Basic eA==\r\n\r\n" => "GET / HTTP/1.1\nauthorization: Basic eA==\n[]",
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n" =>
        "HTTP/1.1 401 Unauthorized\ncontent-length: 0\nwww-authenticate: Basic\n[]";
    bytes_in_the_body: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\0\xff\r\n" => "HTTP/1.1 200 OK\ncontent-length: 4\n[\\x00\\xff\\r\\n]";
    chunked: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n" =>
        "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n[hello]";
    chunked_beside_a_length_that_does_not_count: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" =>
        "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n[hi]";
    chunked_and_empty: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" =>
        "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n[]";
    trailers: true,
        b"GET / HTTP/1.1\r\nTE: gzip, Trailers\r\nConnection: te\r\n\r\n" =>
        "GET / HTTP/1.1\nconnection: te\nte: trailers\n[]",
        b"HTTP/1.1 200 OK\r\nTrailer: X-Sum, X-More\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\nX-More: \xff\r\nX-Sum: 2\r\n\r\n" =>
        "HTTP/1.1 200 OK\ntrailer: X-Sum, X-More\ntransfer-encoding: chunked\n[!] +x-sum: 1 +x-sum: 2 +x-more: \\xff";
    trailers_alone: true,
        b"GET / HTTP/1.1\r\nTE: trailers\r\n\r\n" => "GET / HTTP/1.1\nconnection: te\nte: trailers\n[]",
        b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n" =>
        "HTTP/1.1 200 OK\ntrailer: X-Sum\ntransfer-encoding: chunked\n[] +x-sum: 1";
    trailers_unasked: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n" =>
        "HTTP/1.1 200 OK\ntrailer: X-Sum\ntransfer-encoding: chunked\n[!]";
    until_the_end_of_the_connection: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.0 200 OK\r\n\r\nhello" => "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n[hello]";
    to_http10: true,
        b"GET / HTTP/1.0\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" => "HTTP/1.0 200 OK\n[hello]";
    aborted_with_known_length: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello" => "HTTP/1.1 200 OK\ncontent-length: 9\n[hello] aborted";
    aborted_in_chunks: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" =>
        "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n[hello] aborted";
    no_content: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n" => "HTTP/1.1 204 No Content\nx-a: 1\n[]";
    not_modified: true,
        b"GET / HTTP/1.1\r\nIf-None-Match: \"1\"\r\n\r\n" => "GET / HTTP/1.1\nif-none-match: \"1\"\n[]",
        b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n" => "HTTP/1.1 304 Not Modified\netag: \"1\"\n[]";
    // hyper drops the length.
    not_modified_with_length: true,
        b"GET / HTTP/1.1\r\nIf-None-Match: \"1\"\r\n\r\n" => "GET / HTTP/1.1\nif-none-match: \"1\"\n[]",
        b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nContent-Length: 9\r\n\r\n" =>
        "HTTP/1.1 304 Not Modified\netag: \"1\"\n[]";
    partial_content: true,
        b"GET / HTTP/1.1\r\nRange: bytes=1-2\r\n\r\n" => "GET / HTTP/1.1\nrange: bytes=1-2\n[]",
        b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-2/9\r\nContent-Length: 2\r\n\r\nel" =>
        "HTTP/1.1 206 Partial Content\ncontent-length: 2\ncontent-range: bytes 1-2/9\n[el]";
    range_not_satisfiable: true,
        b"GET / HTTP/1.1\r\nRange: bytes=99-\r\n\r\n" => "GET / HTTP/1.1\nrange: bytes=99-\n[]",
        b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n" =>
        "HTTP/1.1 416 Range Not Satisfiable\ncontent-length: 0\ncontent-range: bytes */9\n[]";
    redirect: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/b\r\nContent-Length: 0\r\n\r\n" =>
        "HTTP/1.1 302 Found\ncontent-length: 0\nlocation: http://127.0.0.1:9/b\n[]";
    own_reason: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 Rather fine\r\nContent-Length: 0\r\n\r\n" => "HTTP/1.1 200 Rather fine\ncontent-length: 0\n[]";
    own_status: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 799 Boiling\r\nContent-Length: 1\r\n\r\n!" => "HTTP/1.1 799 Boiling\ncontent-length: 1\n[!]";
    failure_of_the_origin: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" =>
        "HTTP/1.1 503 Service Unavailable\ncontent-length: 0\nretry-after: 1\n[]";
    early_hints: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!" =>
        "HTTP/1.1 200 OK\ncontent-length: 1\n[!]";
    continue_unasked: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!" =>
        "HTTP/1.1 200 OK\ncontent-length: 1\n[!]";
    head_with_length: true,
        b"HEAD / HTTP/1.1\r\n\r\n" => "HEAD / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" => "HTTP/1.1 200 OK\ncontent-length: 5\n[]";
    head_without_length: true,
        b"HEAD / HTTP/1.1\r\n\r\n" => "HEAD / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n" => "HTTP/1.1 200 OK\nx-a: 1\n[]";
    head_of_chunks: true,
        b"HEAD / HTTP/1.1\r\n\r\n" => "HEAD / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n" => "HTTP/1.1 200 OK\n[]";
    hop_by_hop: true,
        b"GET / HTTP/1.1\r\nX-Hop: 1\r\nconnection: x-hop, Keep-Alive\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip\r\nX-End: 1\r\n\r\n" =>
        "GET / HTTP/1.1\nx-end: 1\n[]",
        b"HTTP/1.1 200 OK\r\nConnection: x-hop\r\nConnection: close\r\nX-Hop: 1\r\nX-Hop: 2\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nUpgrade: x\r\nX-End: 1\r\nContent-Length: 0\r\n\r\n" =>
        "HTTP/1.1 200 OK\ncontent-length: 0\nx-end: 1\n[]";
    // Also one that tries to take off more than is for this hop.
    host_is_not_hop_by_hop: true,
        b"GET / HTTP/1.1\r\nConnection: host, accept\r\nAccept: x/y\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 1\r\n\r\n!" => "HTTP/1.1 200 OK\ncontent-length: 1\n[!]";
    absolute_target: true,
        b"GET http://user@site.test/a?b HTTP/1.1\r\n\r\n" => "GET /a?b HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" => "HTTP/1.1 200 OK\ncontent-length: 0\n[]";
    asterisk: false,
        b"OPTIONS * HTTP/1.1\r\n\r\n" => "OPTIONS * HTTP/1.1\n[]",
        b"HTTP/1.1 200 OK\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n" => "HTTP/1.1 200 OK\nallow: GET\ncontent-length: 0\n[]";
    post: false,
        b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody" => "POST / HTTP/1.1\ncontent-length: 4\n[body]",
        b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok" => "HTTP/1.1 201 Created\ncontent-length: 2\n[ok]";
    post_in_chunks: false,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n" =>
        "POST / HTTP/1.1\ntrailer: X-Sum\ntransfer-encoding: chunked\n[body] +x-sum: 1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" => "HTTP/1.1 200 OK\ncontent-length: 2\n[ok]";
    get_with_body: false,
        b"GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody" => "GET / HTTP/1.1\ncontent-length: 4\n[body]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" => "HTTP/1.1 200 OK\ncontent-length: 2\n[ok]";
    method_of_its_own: false,
        b"BREW /pot HTTP/1.1\r\n\r\n" => "BREW /pot HTTP/1.1\n[]",
        b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n" => "HTTP/1.1 418 I'm a teapot\ncontent-length: 0\n[]";
    nothing_in_return: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"" =>
        "HTTP/1.1 502 Bad Gateway\ncontent-length: 98\ncontent-type: text/plain; charset=utf-8\n[no answer from the origin: client error (SendRequest): connection closed before message completed\\n]";
    nonsense_in_return: true,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"nonsense\r\n\r\n" =>
        "HTTP/1.1 502 Bad Gateway\ncontent-length: 83\ncontent-type: text/plain; charset=utf-8\n[no answer from the origin: client error (SendRequest): invalid HTTP version parsed\\n]";
    switched_unasked: false,
        b"GET / HTTP/1.1\r\n\r\n" => "GET / HTTP/1.1\n[]",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" =>
        "HTTP/1.1 502 Bad Gateway\ncontent-length: 28\ncontent-type: text/plain; charset=utf-8\n[the origin switched unasked\\n]";
}
