//! The stampede: callers who ask at the same moment, and check what they get.
//!
//! They speak HTTP/2, where one connection carries many requests at a time. As
//! many callers as fit share a connection, so that ten thousand of them, all
//! waiting at once, take 200 file descriptors at both ends together: less than
//! any usual limit.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use reqwest::{Client, StatusCode};
use tokio::{
    sync::Barrier,
    task::{JoinSet, spawn_blocking},
};

use crate::{
    Error,
    args::Args,
    server::Server,
    table::counted,
    with_causes,
    workload::{Key, Workload},
};

/// Below what an HTTP/2 server lets one connection have under way, which is
/// about 200 for axum: no request waits in the client.
const CALLERS_PER_CONNECTION: usize = 100;

/// All callers, and what they will expect.
#[derive(Debug)]
pub(crate) struct Crowd {
    callers: u16,
    rounds: u16,
    /// The right answer for each key.
    expected: Vec<String>,
    /// How long a caller waits before it takes its request for lost.
    patience: Duration,
}

/// One right answer: when it was asked for, and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
}

impl Crowd {
    /// Works out all answers beforehand, without any server or pool.
    pub(crate) async fn gather(args: &Args, workload: &Arc<Workload>) -> Result<Self, Error> {
        let begun = Instant::now();
        let work_out = |key| {
            let workload = Arc::clone(workload);
            spawn_blocking(move || workload.digest(key))
        };
        let mut expected = Vec::new();
        for digest in (0..args.keys).map(work_out).collect::<Vec<_>>() {
            expected.push(digest.await??);
        }
        // Without a pool the last caller is answered when the work was done once
        // for each. To wait three times as long is to allow for a busy machine.
        let once_for_each = begun.elapsed() * u32::from(args.callers) / u32::from(args.keys);
        Ok(Self {
            callers: args.callers,
            rounds: args.rounds,
            expected,
            patience: Duration::from_secs(30) + 3 * once_for_each,
        })
    }

    pub(crate) fn callers(&self) -> usize {
        self.callers.into()
    }

    /// The number of answers that the whole crowd needs.
    pub(crate) fn answers(&self) -> u64 {
        u64::from(self.callers) * u64::from(self.rounds)
    }

    /// Lets the callers loose. Fails with the first that gets no answer, or a
    /// wrong one.
    pub(crate) async fn storm(
        &self,
        server: &Server,
        progress: &ProgressBar,
    ) -> Result<Vec<Answer>, Error> {
        let callers = usize::from(self.callers);
        let gate = Arc::new(Barrier::new(callers));
        let clients = (0..callers.div_ceil(CALLERS_PER_CONNECTION))
            .map(|_| client(self.patience))
            .collect::<Result<Vec<_>, _>>()?;
        let keys = (0..).zip(&self.expected).cycle();

        let mut crowd = JoinSet::new();
        for (number, (key, expected)) in (0..callers).zip(keys) {
            let caller = Caller {
                client: clients[number / CALLERS_PER_CONNECTION].clone(),
                key,
                url: server.url(key),
                expected: expected.clone(),
            };
            let (gate, progress) = (Arc::clone(&gate), progress.clone());
            crowd.spawn(caller.ask_each_round(self.rounds, gate, progress));
        }
        let mut answers = Vec::new();
        while let Some(caller) = crowd.join_next().await {
            answers.extend(caller??);
        }
        Ok(answers)
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let callers = counted(self.callers.into(), "caller");
        let keys = counted(self.expected.len(), "key");
        let rounds = counted(self.rounds.into(), "round");
        write!(f, "A stampede of {callers} for {keys}, {rounds}")
    }
}

fn client(patience: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .http2_prior_knowledge()
        // The server is right here, whatever the environment says about proxies.
        .no_proxy()
        .timeout(patience)
        .build()
}

struct Caller {
    client: Client,
    key: Key,
    url: String,
    expected: String,
}

impl Caller {
    async fn ask_each_round(
        self,
        rounds: u16,
        gate: Arc<Barrier>,
        progress: ProgressBar,
    ) -> Result<Vec<Answer>, Error> {
        let mut answers = Vec::with_capacity(rounds.into());
        for _ in 0..rounds {
            gate.wait().await;
            let asked = Instant::now();
            let (status, body) = self.ask().await.map_err(|error| {
                format!("no answer for key {}: {}", self.key, with_causes(&error))
            })?;
            let answered = Instant::now();
            self.check(status, &body)?;
            answers.push(Answer { asked, answered });
            progress.inc(1);
        }
        Ok(answers)
    }

    async fn ask(&self) -> reqwest::Result<(StatusCode, String)> {
        let response = self.client.get(&self.url).send().await?;
        Ok((response.status(), response.text().await?))
    }

    fn check(&self, status: StatusCode, body: &str) -> Result<(), Error> {
        let Self { key, expected, .. } = self;
        if status != StatusCode::OK {
            return Err(format!("the request for key {key} failed with {status}: {body}").into());
        }
        if *body != **expected {
            let message = format!("wrong answer for key {key}: {body} instead of {expected}");
            return Err(message.into());
        }
        Ok(())
    }
}
