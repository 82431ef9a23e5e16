//! Random bodies, cut at random, and a plain model of what is shared: two equal
//! bodies of exactly one message that is not too large, and nothing else. Whatever
//! it is, the inner service reads what was sent.
//!
//! The same cases each time. With `PROPTEST_CASES` set they are as many as it
//! says, and others each time.

use std::time::Duration;

use http::HeaderValue;
use http_body::Body as _;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{TestCaseError, TestError, TestRng, TestRunner},
};
use tokio::{runtime, time};
use tokio_test::{assert_pending, task};
use tonic::{Code, Status, body::Body};
use tower_pool::{PoolLayer, grpc::GrpcPool};

use crate::{
    bodies::{Script, trailers},
    inner::{Caller, End, Inner, ask, message, pool, read},
    support::GET,
};

const CASES: u32 = 1_000;

/// Whose request it is. Metadata that makes it no other.
const ID: &str = "x-request-id";

#[derive(Clone, Debug)]
struct Sent {
    bytes: Vec<u8>,
    /// The lengths of its frames, but for the last.
    cuts: Vec<usize>,
    /// Does its caller come back after each frame, or when all is there?
    trickles: bool,
    says_length: bool,
    /// Does it say that it is over before it was polled for that?
    tells_end: bool,
    end: End,
}

#[derive(Clone, Debug)]
struct Case {
    callers: [Sent; 2],
    max_message: usize,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let payload = || vec(0..2_u8, 0..4).prop_map(|payload| message(&payload));
    prop_oneof![
        6 => payload(),
        2 => vec(payload(), 0..4).prop_map(|messages| messages.concat()),
        1 => (payload(), 0..9_usize).prop_map(|(mut message, length)| {
            message.truncate(length);
            message
        }),
        1 => vec(prop_oneof![Just(0), 0..4_u8, any::<u8>()], 0..12),
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        8 => Just(End::Over),
        1 => Just(End::Open),
        1 => Just(End::Trailers(trailers("x-sum", "6"))),
        1 => Just(End::Failed(Code::DataLoss, "the boiler is out".into())),
    ]
}

fn sent(bytes: Vec<u8>) -> impl Strategy<Value = Sent> {
    let cuts = vec(0..6_usize, 0..8);
    let how = (cuts, any::<[bool; 3]>(), end());
    how.prop_map(
        move |(cuts, [trickles, says_length, tells_end], end)| Sent {
            bytes: bytes.clone(),
            cuts,
            trickles,
            says_length,
            tells_end,
            end,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let both = prop_oneof![
        2 => bytes().prop_map(|bytes| [bytes.clone(), bytes]),
        1 => [bytes(), bytes()],
    ];
    let callers = both.prop_flat_map(|[a, b]| [sent(a), sent(b)]);
    let max_message = prop_oneof![Just(256 << 10), 0..12_usize];
    (callers, max_message).prop_map(|(callers, max_message)| Case {
        callers,
        max_message,
    })
}

impl Sent {
    fn is_one_message(&self, max_message: usize) -> bool {
        let is_message = match self.bytes[..] {
            [_, a, b, c, d, ref payload @ ..] => {
                u32::from_be_bytes([a, b, c, d]) as usize == payload.len()
            }
            _ => false,
        };
        is_message && self.end == End::Over && self.bytes.len() <= max_message
    }

    /// Sends all of it.
    fn send(&self, pool: &GrpcPool<Inner, Body>, id: &'static str) -> Caller {
        let (script, body) = match self.says_length {
            true => Script::of_length(self.bytes.len() as u64),
            false => Script::new(),
        };
        if self.tells_end {
            script.tell_end();
        }
        let mut request = ask(body);
        let id = HeaderValue::from_static(id);
        request.headers_mut().insert(ID, id);
        let mut caller = task::spawn(pool.request(request));
        let mut come_back = || {
            if self.trickles {
                assert_pending!(caller.poll());
            }
        };
        let mut left = &self.bytes[..];
        for cut in &self.cuts {
            let (frame, rest) = left.split_at(left.len().min(*cut));
            script.data(frame.to_owned());
            come_back();
            left = rest;
        }
        script.data(left.to_owned());
        come_back();
        match &self.end {
            End::Open => {}
            End::Over => _ = script.end(),
            End::Trailers(trailers) => _ = script.trailers(trailers.clone()).end(),
            End::Failed(code, message) => _ = script.error(Status::new(*code, message)),
        }
        assert_pending!(caller.poll());
        caller
    }
}

async fn play(case: &Case) -> Result<(), TestCaseError> {
    let [a, b] = &case.callers;
    let (pool, mut calls) = pool(PoolLayer::grpc().method(GET).max_message(case.max_message));
    let mut callers = [a.send(&pool, "0"), b.send(&pool, "1")];
    // For those that are still open.
    time::advance(Duration::from_millis(100)).await;
    for caller in &mut callers {
        assert_pending!(caller.poll());
    }

    let may_share = |sent: &Sent| sent.is_one_message(case.max_message);
    let shares = may_share(a) && may_share(b) && a.bytes == b.bytes;
    let stats = pool.stats();
    let led = case.callers.iter().filter(|sent| may_share(sent)).count() - usize::from(shares);
    prop_assert_eq!(stats.led, led as u64);
    prop_assert_eq!(stats.joined, u64::from(shares));
    prop_assert_eq!(stats.led + stats.joined + stats.solo, 2);

    let mut seen = Vec::new();
    for _ in 0..stats.led + stats.solo {
        let request = calls.next().request;
        let whose = usize::from(request.headers()[ID] == "1");
        let sent = &case.callers[whose];
        let mut body = request.into_body();
        // An empty one may say so: there is nothing to send, and it is not sent.
        if !sent.says_length {
            prop_assert_eq!(body.size_hint().exact(), None);
        }
        prop_assert_eq!(read(&mut body), (sent.bytes.clone(), sent.end.clone()));
        seen.push(whose);
    }
    seen.sort_unstable();
    prop_assert_eq!(seen.len(), if shares { 1 } else { 2 });
    prop_assert_eq!(seen[0], 0, "the first leads");
    calls.assert_no_more();
    Ok(())
}

#[test]
fn the_inner_service_reads_what_was_sent_and_only_equal_messages_are_shared() {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = if std::env::var_os("PROPTEST_CASES").is_some() {
        TestRunner::new(config)
    } else {
        config.cases = CASES;
        let rng = TestRng::deterministic_rng(config.rng_algorithm);
        TestRunner::new_with_rng(config, rng)
    };
    let outcome = runner.run(&case(), |case| {
        let runtime = runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(play(&case))
    });
    match outcome {
        Err(TestError::Fail(why, case)) => panic!("{why}\n{case:#?}"),
        other => other.unwrap(),
    }
}
