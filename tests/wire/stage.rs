//! An origin, a proxy before it, and what has to be true when all is over.

use tokio::task::JoinSet;

use super::{
    honest::{Honest, Outcome, Version},
    ledger::Ledger,
    origin::Origin,
    peer::until,
    process::Process,
    target::{Ask, Manner},
};

pub(crate) struct Stage {
    pub(crate) origin: Origin,
    pub(crate) proxy: Process,
    pub(crate) ledger: Ledger,
    /// How many files the proxy has open when nobody is there.
    idle_files: usize,
}

impl Stage {
    pub(crate) async fn new(options: &str) -> Self {
        Self::with_files(options, None).await
    }

    pub(crate) async fn with_files(options: &str, max_files: Option<u32>) -> Self {
        // For the tests of all threads together.
        rlimit::increase_nofile_limit(u64::MAX).expect("as many as the system lets");
        let origin = Origin::start().await;
        let proxy = Process::start(origin.address, options, max_files);
        Self {
            idle_files: proxy.files(),
            origin,
            proxy,
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn honest(&self, version: Version) -> Honest {
        Honest::new(self.proxy.address, version, self.ledger.clone())
    }

    /// So many clients of either version who ask for the same, each on its own
    /// connection, and all aboard of one flight. The answer has to be gated.
    pub(crate) async fn herd(&self, ask: &Ask, number: u64) -> Herd {
        let before = self.proxy.stats().await;
        let mut herd = JoinSet::new();
        for client in 0..number {
            let version = match client % 2 {
                0 => Version::Http1,
                _ => Version::Http2,
            };
            let (mut honest, ask) = (self.honest(version), ask.clone());
            herd.spawn(async move { honest.ask(&ask).await });
        }
        let aboard = before.led + before.joined + number;
        self.until_aboard(aboard).await;
        Herd(herd)
    }

    /// Waits until so many have led or joined a flight, ever.
    pub(crate) async fn until_aboard(&self, number: u64) {
        until("all come aboard", async || {
            let stats = self.proxy.stats().await;
            stats.led + stats.joined >= number
        })
        .await;
    }

    pub(crate) async fn until_no_flight(&self) {
        until("the last flight ends", async || {
            self.proxy.stats().await.in_flight == 0
        })
        .await;
    }

    /// What has to be true in the end, whatever has been. All clients have to be
    /// gone.
    pub(crate) async fn end(self) {
        for version in [Version::Http1, Version::Http2] {
            let ask = Ask::new(Manner::Plain, format!("after-all-{version:?}"), 1000);
            let outcome = self.honest(version).ask(&ask).await;
            assert_eq!(outcome, Outcome::Whole, "it still answers");
        }
        self.until_no_flight().await;
        self.ledger.check();
        self.let_go().await;
        assert_eq!(self.origin.panics(), 0);
        let stats = self.proxy.stats().await;
        assert_eq!(stats.panicked, 0);
        let asked = self.origin.seen().len() as u64;
        assert!(asked <= stats.calls(), "asked {asked} times: {stats:?}");
        let complaints = self.proxy.complaints();
        assert!(!complaints.contains("panicked"), "{complaints}");
        let status = self.proxy.terminate().await;
        assert!(status.success(), "{status}");
    }

    /// Waits until the proxy has no connection any more.
    pub(crate) async fn let_go(&self) {
        self.origin.hang_up().await;
        until("all connections are closed", async || {
            self.proxy.files() == self.idle_files
        })
        .await;
    }
}

/// Clients who wait for one answer.
pub(crate) struct Herd(JoinSet<Outcome>);

impl Herd {
    pub(crate) async fn outcomes(self) -> Vec<Outcome> {
        self.0.join_all().await
    }

    /// All of them get it.
    pub(crate) async fn are_answered(self) {
        for outcome in self.outcomes().await {
            assert_eq!(outcome, Outcome::Whole);
        }
    }
}
