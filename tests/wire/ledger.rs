//! Who was given which answer of the origin, and when.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::time::Instant;

use super::target::{Ask, Manner};

#[derive(Clone, Default)]
pub(crate) struct Ledger {
    /// Every answer of the origin has a number.
    given: Arc<Mutex<HashMap<u64, Given>>>,
    started: Arc<AtomicUsize>,
}

struct Given {
    ask: Ask,
    clients: usize,
    /// When somebody had read all of it.
    read: Instant,
    /// When the last one asked who was given it.
    asked: Instant,
}

impl Ledger {
    /// A client has read all of an answer.
    pub(crate) fn note(&self, number: u64, ask: &Ask, asked: Instant) {
        let read = Instant::now();
        let mut ledger = self.given.lock().unwrap();
        let given = ledger.entry(number).or_insert_with(|| Given {
            ask: ask.clone(),
            clients: 0,
            read,
            asked,
        });
        assert_eq!(given.ask, *ask, "one answer to two questions");
        given.clients += 1;
        given.read = given.read.min(read);
        given.asked = given.asked.max(asked);
    }

    /// A client has read the first bytes of an answer.
    pub(crate) fn note_start(&self) {
        self.started.fetch_add(1, SeqCst);
    }

    /// How many have.
    pub(crate) fn started(&self) -> usize {
        self.started.load(SeqCst)
    }

    /// How many answers there were, and how many clients had them.
    pub(crate) fn count(&self) -> (usize, usize) {
        let ledger = self.given.lock().unwrap();
        let clients = ledger.values().map(|given| given.clients).sum();
        (ledger.len(), clients)
    }

    /// Nobody was given what was over before it was asked for: there is no cache.
    /// And what is for one was given to one.
    pub(crate) fn check(&self) {
        for (number, given) in &*self.given.lock().unwrap() {
            let name = given.ask.name();
            assert!(given.asked <= given.read, "{number}, {name}: it is old");
            let ask = &given.ask;
            let may_be_shared = ask.manner != Manner::Private && ask.user.is_none();
            assert!(
                may_be_shared || given.clients == 1,
                "{number}, {name}: it is for one"
            );
        }
    }
}
