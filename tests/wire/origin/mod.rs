//! The origin, which is no friend of the proxy: what it does is in the target of
//! the request.

mod answer;
mod request;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use self::request::Body;
use super::{
    peer::{Peer, until},
    target::{Ask, GATED, Manner},
};

/// A request that it has read the head of.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The method, the host and the target.
    pub(crate) name: String,
    /// Has the body been read to its end?
    pub(crate) has_whole_body: bool,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    busy: AtomicUsize,
    panics: AtomicUsize,
    /// Bytes of endless bodies and of endless hints.
    sent: AtomicU64,
    /// Does it answer all in the plainest way?
    healed: AtomicBool,
    gate: watch::Sender<bool>,
    breaks: watch::Sender<bool>,
    /// Ends all connections whenever it changes.
    hang_up: watch::Sender<()>,
    /// What becomes of so many of the next connections.
    slams: AtomicUsize,
    unasked: AtomicUsize,
}

impl Origin {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(State::default());
        Self {
            address: listener.local_addr().unwrap(),
            state: Arc::clone(&state),
            accepting: tokio::spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let serving = tokio::spawn(serve(stream, Arc::clone(&state)));
                    let state = Arc::clone(&state);
                    tokio::spawn(async move {
                        if serving.await.is_err() {
                            state.panics.fetch_add(1, SeqCst);
                        }
                    });
                }
            }),
        }
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// How often it could make nothing of what the proxy sent.
    pub(crate) fn panics(&self) -> usize {
        self.state.panics.load(SeqCst)
    }

    /// How often it was asked so.
    pub(crate) fn asked(&self, ask: &Ask) -> usize {
        let name = ask.name();
        let seen = self.state.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.name == name).count()
    }

    /// How many requests it is at present reading or answering.
    pub(crate) fn busy(&self) -> usize {
        self.state.busy.load(SeqCst)
    }

    /// Waits until it has nothing to do.
    pub(crate) async fn let_go(&self) {
        until("the origin is let go", async || self.busy() == 0).await;
    }

    /// How many bytes of what is endless it could send.
    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(SeqCst)
    }

    /// Answers what is gated, from now on.
    pub(crate) fn open_gate(&self) {
        self.state.gate.send_replace(true);
    }

    /// Breaks off what is gated and has half of its body out, from now on.
    pub(crate) fn break_off(&self) {
        self.state.breaks.send_replace(true);
    }

    /// Behaves, from now on.
    pub(crate) fn heal(&self) {
        self.state.healed.store(true, SeqCst);
    }

    /// Closes so many of the next connections as soon as they are there, every
    /// second one with a reset.
    pub(crate) fn slam(&self, connections: usize) {
        self.state.slams.store(connections, SeqCst);
    }

    /// How many are still to be closed.
    pub(crate) fn slams_left(&self) -> usize {
        self.state.slams.load(SeqCst)
    }

    /// Answers on so many of the next connections before it is asked anything.
    pub(crate) fn answer_unasked(&self, connections: usize) {
        self.state.unasked.store(connections, SeqCst);
    }

    /// Ends all connections.
    pub(crate) async fn hang_up(&self) {
        self.state.hang_up.send_replace(());
        let connections = &self.state.connections;
        until("the origin hangs up", async || {
            connections.load(SeqCst) == 0
        })
        .await;
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One more, until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// One less of what is to be done, if it is to be done.
fn take_one(of: &AtomicUsize) -> Option<usize> {
    of.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
        .ok()
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut peer = Peer::new(stream);
    if let Some(left) = take_one(&state.slams) {
        if left % 2 == 0 {
            peer.reset();
        }
        return;
    }
    if take_one(&state.unasked).is_some() {
        peer.send(answer::UNASKED).await;
        return peer.closed().await;
    }
    let _open = Counted::new(&state.connections);
    let mut hang_up = state.hang_up.subscribe();
    tokio::select! {
        () = converse(peer, &state) => {}
        _ = hang_up.changed() => {}
    }
}

/// Answers one request after another.
async fn converse(mut peer: Peer, state: &State) {
    while let Some(request) = request::Head::read(&mut peer).await {
        let _busy = Counted::new(&state.busy);
        let number = {
            let mut seen = state.seen.lock().unwrap();
            seen.push(Seen {
                name: request.name(),
                has_whole_body: false,
                body: Vec::new(),
            });
            seen.len() - 1
        };
        let ask = request.ask();
        let manner = match state.healed.load(SeqCst) {
            true => Manner::Plain,
            false => ask.manner,
        };
        if manner != Manner::Early {
            let Some(body) = Body::read(&mut peer, &request).await else {
                return;
            };
            let seen = &mut state.seen.lock().unwrap()[number];
            seen.has_whole_body = true;
            seen.body = body.0;
        }
        if ask.token.starts_with(GATED) {
            let mut gate = state.gate.subscribe();
            // Whoever is gone by then has no use for an answer.
            tokio::select! {
                opened = gate.wait_for(|open| *open) => drop(opened),
                () = peer.closed() => return,
            }
        }
        match answer::answer(peer, &ask, manner, number, state).await {
            Some(same) => peer = same,
            None => return,
        }
    }
}
