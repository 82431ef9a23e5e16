//! Every reader gets all of it, while it arrives; frames are kept no longer than
//! somebody needs them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::Bytes;
use tower_pool::http::{ShareBody, ShareBodyFuture, ShareBodyLayer, SharedBody, SharedBodyError};

use crate::bodies::{Random, Reader, Script, trailers};

#[test]
fn types_are_what_services_ask_for() {
    fn all<T: Send + Sync + Unpin + Clone + std::fmt::Debug + 'static>() {}
    fn plain<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    all::<SharedBody>();
    all::<SharedBodyError>();
    all::<ShareBodyLayer>();
    all::<ShareBody<()>>();
    plain::<ShareBodyFuture<()>>();
    let _: fn(SharedBodyError) -> tower::BoxError = Into::into;
}

#[test]
fn a_clone_gets_all_from_the_first_byte_wherever_the_others_are() {
    let (script, body) = Script::new();
    let keeper = Reader::new(SharedBody::new(body));
    let mut early = keeper.clone();
    script.data("one ").data("two ");
    assert_eq!(early.data(), "one ");
    assert_eq!(early.data(), "two ");

    let mut late = keeper.clone();
    assert_eq!(late.data(), "one ");
    script.data("three").trailers(trailers("sum", "6")).end();
    assert_eq!(
        late.rest(),
        (b"two three".into(), Some(trailers("sum", "6")))
    );

    let mut last = keeper.clone();
    assert_eq!(last.rest().0, b"one two three");
    assert_eq!(early.rest(), (b"three".into(), Some(trailers("sum", "6"))));
}

#[test]
fn being_cloned_does_not_disturb_the_original() {
    let (script, body) = Script::new();
    let mut original = Reader::new(SharedBody::new(body));
    let keeper = original.clone();
    script.data("a").data("b").data("c").end();
    for byte in ["a", "b", "c"] {
        let before = original.hint();
        let mut clone = original.clone();
        assert_eq!(original.hint(), before);
        assert_eq!(clone.data(), "a");
        assert_eq!(original.data(), byte);
    }
    original.assert_end();
    drop(keeper);
}

#[test]
fn followers_get_the_first_bytes_before_the_body_has_ended() {
    let (script, body) = Script::new();
    let mut leader = Reader::new(SharedBody::new(body));
    let mut follower = leader.clone();
    leader.assert_pending();
    follower.assert_pending();
    script.data("first");
    assert!(leader.is_woken() && follower.is_woken());
    assert_eq!(follower.data(), "first");
    assert_eq!(leader.data(), "first");
    follower.assert_pending();
}

#[test]
fn a_hundred_readers_at_their_own_speeds_get_the_same_bytes_and_trailers() {
    let (script, body) = Script::new();
    let mut random = Random::new(7);
    let mut expected = Vec::new();
    let first = Reader::new(SharedBody::new(body));
    let mut readers: Vec<_> = (0..99).map(|_| first.clone()).collect();
    readers.push(first);
    let mut got = vec![Vec::new(); 100];
    for n in 0..200_u8 {
        let data = vec![n; random.below(50) as usize];
        expected.extend_from_slice(&data);
        script.data(data);
        for _ in 0..60 {
            let who = random.below(100) as usize;
            for _ in 0..random.below(1 + who as u64 % 10) {
                if let std::task::Poll::Ready(frame) = readers[who].poll() {
                    let frame = frame.unwrap().unwrap();
                    got[who].extend_from_slice(frame.data_ref().unwrap());
                }
            }
        }
    }
    script.trailers(trailers("grpc-status", "0")).end();
    for (mut reader, mut got) in readers.into_iter().zip(got) {
        let (rest, end) = reader.rest();
        got.extend(rest);
        assert_eq!(got, expected);
        assert_eq!(end, Some(trailers("grpc-status", "0")));
        reader.assert_end();
    }
}

#[test]
fn data_is_never_copied() {
    let (script, body) = Script::new();
    let mut readers = vec![Reader::new(SharedBody::new(body))];
    readers.extend((0..9).map(|_| readers[0].clone()).collect::<Vec<_>>());
    let data = Bytes::from(vec![1; 1000]);
    script.data(data.clone()).end();
    for reader in &mut readers {
        assert_eq!(reader.data().as_ptr(), data.as_ptr());
    }
}

/// Bytes that count their drops.
struct Probe(Arc<AtomicUsize>);

impl AsRef<[u8]> for Probe {
    fn as_ref(&self) -> &[u8] {
        b"probe"
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_frame_is_freed_as_the_last_reader_passes_it() {
    let (script, body) = Script::new();
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut fast = Reader::new(SharedBody::new(body));
    let mut slow = fast.clone();
    for _ in 0..3 {
        script.data(Bytes::from_owner(Probe(dropped.clone())));
    }
    script.end();
    fast.data();
    fast.data();
    fast.data();
    assert_eq!(dropped.load(Relaxed), 0);
    for n in 1..=3 {
        slow.data();
        assert_eq!(dropped.load(Relaxed), n);
    }
}

#[test]
fn the_frames_that_only_a_dropped_reader_needed_are_freed_with_it() {
    let (script, body) = Script::new();
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut fast = Reader::new(SharedBody::new(body));
    let (mut middle, slow) = (fast.clone(), fast.clone());
    for _ in 0..4 {
        script.data(Bytes::from_owner(Probe(dropped.clone())));
        fast.data();
    }
    middle.data();
    drop(slow);
    assert_eq!(dropped.load(Relaxed), 1);
    drop(middle);
    assert_eq!(dropped.load(Relaxed), 4);
}

#[test]
fn dropping_all_readers_drops_the_body_and_its_frames_at_once() {
    let (script, body) = Script::new();
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut fast = Reader::new(SharedBody::new(body));
    let unread = fast.clone();
    script.data(Bytes::from_owner(Probe(dropped.clone())));
    fast.data();
    fast.assert_pending();
    drop(fast);
    assert!(!script.is_dropped());
    drop(unread);
    assert!(script.is_dropped());
    assert_eq!(dropped.load(Relaxed), 1);
}

#[test]
fn a_body_that_keeps_its_own_waker_is_dropped_with_its_readers() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    reader.assert_pending();
    let waker = script.waker();
    drop(reader);
    assert!(script.is_dropped());
    waker.wake();
}

#[test]
fn a_clone_made_after_the_start_is_gone_gets_an_error_and_the_others_go_on() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    script.data("a").data("b").end();
    reader.data();
    let mut late = reader.clone();
    let mut later = late.clone();
    for clone in [&mut late, &mut later] {
        assert!(!clone.hint().2);
        let error = clone.error();
        assert!(error.is_lagged());
        assert!(error.to_string().contains("start"), "{error}");
        clone.assert_end();
    }
    assert_eq!(reader.data(), "b");
    reader.assert_end();
}

#[test]
fn late_clones_do_not_keep_the_body() {
    let (script, body) = Script::new();
    let mut reader = Reader::new(SharedBody::new(body));
    script.data("a");
    reader.data();
    let late = reader.clone();
    drop(reader);
    assert!(script.is_dropped());
    drop(late);
}

#[test]
fn a_million_frames_are_read_late_and_dropped_unread() {
    let (script, body) = Script::new();
    let mut fast = Reader::new(SharedBody::new(body));
    let (mut late, unread) = (fast.clone(), fast.clone());
    let data = Bytes::from_static(b"x");
    for _ in 0..1_000_000 {
        script.data(data.clone());
        fast.data();
    }
    script.end();
    fast.assert_end();
    assert_eq!(late.rest().0.len(), 1_000_000);
    drop(unread);
    drop(late);
}
