//! What only a pool does: one request to the origin for all who ask.

use tokio::net::TcpSocket;

use super::{
    message::Message,
    support::{Origin, POOLED, Peer, Proxy},
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Waits for `number` clients of one target, who are then all aboard.
async fn crowd(proxy: &Proxy, target: &str, number: usize) -> Vec<Peer> {
    let mut clients = Vec::new();
    for _ in 0..number {
        clients.push(Peer::get(proxy.address, target).await);
    }
    proxy.until(&format!("\"joined\":{}", number - 1)).await;
    clients
}

#[tokio::test]
async fn many_requests_are_one_at_the_origin() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let clients = crowd(&proxy, "/a", 50).await;
    assert!(proxy.stats().await.contains("\"in_flight\":1}"));
    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    server.send(OK).await;
    for mut client in clients {
        assert_eq!(Message::read(&mut client).await.body, "ok");
    }
    let stats = "{\"led\":1,\"joined\":49,\"solo\":0,\"shared\":49,\"released\":0,\
        \"retried\":0,\"cancelled\":0,\"panicked\":0,\"in_flight\":0}\\n";
    assert_eq!(proxy.stats().await, stats);
}

#[tokio::test]
async fn other_targets_and_hosts_are_other_flights() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let mut clients = Vec::new();
    for (led, (host, target)) in [("a", "/"), ("b", "/"), ("a", "/?")].iter().enumerate() {
        let mut client = Peer::connect(proxy.address).await;
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        client.send(request.as_bytes()).await;
        proxy.until(&format!("\"led\":{}", led + 1)).await;
        clients.push(client);
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        let request = Message::read(&mut origin.accept().await).await;
        seen.push(format!("{} {:?}", request.start, request.field("host")));
    }
    seen.sort();
    let expected = [
        "GET / HTTP/1.1 Some(\"a\")",
        "GET / HTTP/1.1 Some(\"b\")",
        "GET /? HTTP/1.1 Some(\"a\")",
    ];
    assert_eq!(seen, expected);
}

/// The first is the one whose request the origin got.
#[tokio::test]
async fn whoever_leaves_hurts_nobody() {
    for leaver in 0..3 {
        let origin = Origin::bind().await;
        let proxy = Proxy::start(origin.address(), POOLED).await;
        let mut clients = crowd(&proxy, "/a", 3).await;
        let mut server = origin.accept().await;
        Message::read(&mut server).await;
        server
            .send(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello")
            .await;
        for client in &mut clients {
            let (head, _) = client.read_until(b"\r\n\r\n").await;
            assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
            assert_eq!(client.read(5).await, b"hello");
        }
        drop(clients.remove(leaver));
        server.send(b" world").await;
        for client in &mut clients {
            assert_eq!(client.read(6).await, b" world");
        }
    }
}

/// The origin sees that nobody is there any more.
#[tokio::test]
async fn when_all_have_left_the_request_is_dropped() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let clients = crowd(&proxy, "/a", 3).await;
    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    drop(clients);
    assert!(server.read_all().await.is_empty());
    assert!(proxy.stats().await.contains("\"cancelled\":1"));
}

#[tokio::test]
async fn all_are_told_that_the_origin_cannot_be_reached() {
    // Nobody listens, and nobody else gets the port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let proxy = Proxy::start(socket.local_addr().unwrap(), POOLED).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(Peer::get(proxy.address, "/a").await);
    }
    for mut client in clients {
        let answer = Message::read(&mut client).await;
        assert_eq!(answer.start, "HTTP/1.1 502 Bad Gateway");
        let why = "no answer from the origin: client error (Connect): ";
        assert!(answer.body.starts_with(why), "{}", answer.body);
    }
}

#[tokio::test]
async fn all_are_told_that_the_origin_has_hung_up() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let clients = crowd(&proxy, "/a", 20).await;
    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    drop(server);
    for mut client in clients {
        let answer = Message::read(&mut client).await;
        assert_eq!(answer.start, "HTTP/1.1 502 Bad Gateway");
        let why = "connection closed before message completed\\n";
        assert!(answer.body.ends_with(why), "{}", answer.body);
    }
    assert!(proxy.stats().await.contains("\"led\":1,"));
}

#[tokio::test]
async fn all_see_that_a_body_breaks_off() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let mut clients = crowd(&proxy, "/a", 3).await;
    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    server
        .send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let mut answers = Vec::new();
    for client in &mut clients {
        answers.push(Message::read_head(client).await);
    }
    server.send(b"5\r\nhello\r\n").await;
    drop(server);
    for (client, answer) in clients.iter_mut().zip(&mut answers) {
        answer.read_body(client).await;
        assert_eq!((&*answer.body, answer.is_complete), ("hello", false));
    }
}

#[tokio::test]
async fn an_answer_for_one_goes_to_one() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let clients = crowd(&proxy, "/a", 3).await;
    // All but the first get connections of their own.
    for number in 0..3 {
        let mut server = origin.accept().await;
        Message::read(&mut server).await;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nCache-Control: private\r\nConnection: close\r\n\
            Content-Length: 1\r\n\r\n{number}"
        );
        server.send(answer.as_bytes()).await;
    }
    let mut bodies = Vec::new();
    for mut client in clients {
        bodies.push(Message::read(&mut client).await.body);
    }
    bodies.sort();
    assert_eq!(bodies, ["0", "1", "2"]);
    assert!(proxy.stats().await.contains("\"released\":2"));
}

#[tokio::test]
async fn an_offer_to_upgrade_does_not_keep_an_answer_from_others() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let clients = crowd(&proxy, "/a", 2).await;
    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    let answer = b"HTTP/1.1 200 OK\r\nUpgrade: h2, h2c\r\nConnection: Upgrade\r\n\
        Content-Length: 2\r\n\r\nok";
    server.send(answer).await;
    for mut client in clients {
        let answer = Message::read(&mut client).await;
        assert_eq!(
            answer.to_string(),
            "HTTP/1.1 200 OK\ncontent-length: 2\n[ok]"
        );
    }
}

#[tokio::test]
async fn a_body_can_be_joined_until_its_end() {
    let origin = Origin::bind().await;
    let options = [POOLED, &["--join", "until-body", "--cache-status"]].concat();
    let proxy = Proxy::start(origin.address(), &options).await;
    let mut first = Peer::get(proxy.address, "/a").await;
    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    server
        .send(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello")
        .await;
    let mut answer = Message::read_head(&mut first).await;

    let mut late = Peer::get(proxy.address, "/a").await;
    let mut late_answer = Message::read_head(&mut late).await;
    let status = Some("proxy; fwd=miss; collapsed");
    assert_eq!(late_answer.field("cache-status"), status);
    server.send(b" world").await;
    answer.read_body(&mut first).await;
    late_answer.read_body(&mut late).await;
    assert_eq!(
        (&*answer.body, &*late_answer.body),
        ("hello world", "hello world")
    );

    // It is over: this one is sent anew.
    let _afresh = Peer::get(proxy.address, "/a").await;
    proxy.until("\"led\":2").await;
}

#[tokio::test]
async fn a_head_ends_a_flight_unless_asked_otherwise() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let mut first = Peer::get(proxy.address, "/a").await;
    let mut server = origin.accept().await;
    Message::read(&mut server).await;
    server
        .send(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello")
        .await;
    Message::read_head(&mut first).await;
    let _late = Peer::get(proxy.address, "/a").await;
    let request = Message::read(&mut origin.accept().await).await;
    assert_eq!(request.start, "GET /a HTTP/1.1");
}

#[tokio::test]
async fn statistics_are_served_alone() {
    let origin = Origin::bind().await;
    let proxy = Proxy::start(origin.address(), POOLED).await;
    let answers = [
        ("GET /", "404 Not Found", None),
        ("POST /_pool/stats", "405 Method Not Allowed", Some("GET")),
    ];
    for (request, status, allow) in answers {
        let mut client = Peer::connect(proxy.stats.unwrap()).await;
        let request = format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n");
        client.send(request.as_bytes()).await;
        let answer = Message::read(&mut client).await;
        assert_eq!(answer.start, format!("HTTP/1.1 {status}"));
        assert_eq!(answer.field("allow"), allow);
    }
}
