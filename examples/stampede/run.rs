//! One run of the stampede against one app, and what was measured in it.

use std::time::{Duration, Instant};

use axum::Router;
use cpu_time::ProcessTime;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    Error,
    callers::{Answer, Crowd},
    server::Server,
    workload::Calls,
};

/// All times but latencies count from the first request. All lists are sorted.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) name: &'static str,
    /// How many asked at a time, round after round.
    pub(crate) callers: usize,
    /// When each inner call reached the handler.
    pub(crate) calls: Vec<Duration>,
    /// When each caller had its answer.
    pub(crate) answers: Vec<Duration>,
    /// How long each caller waited for it.
    pub(crate) latencies: Vec<Duration>,
    /// What the whole process spent: server, callers and all.
    pub(crate) cpu: Duration,
}

impl Run {
    /// Serves `app`, which counts its own `calls`, and sends the crowd to it.
    pub(crate) async fn measure(
        name: &'static str,
        app: Router,
        calls: &Calls,
        crowd: &Crowd,
    ) -> Result<Self, Error> {
        let progress = progress_bar(name, crowd)?;
        let server = Server::start(app).await?;

        let cpu_before = ProcessTime::try_now()?;
        let answers = crowd.storm(&server, &progress).await?;
        let cpu = cpu_before.try_elapsed()?;

        server.stop().await?;
        progress.finish();
        Ok(Self::new(
            name,
            crowd.callers(),
            &answers,
            &calls.times(),
            cpu,
        ))
    }

    fn new(
        name: &'static str,
        callers: usize,
        answers: &[Answer],
        calls: &[Instant],
        cpu: Duration,
    ) -> Self {
        let begun = answers.iter().map(|answer| answer.asked).min();
        let since = |time: Instant| begun.map_or(Duration::ZERO, |begun| time - begun);
        Self {
            name,
            callers,
            calls: sorted(calls.iter().map(|&call| since(call))),
            answers: sorted(answers.iter().map(|answer| since(answer.answered))),
            latencies: sorted(answers.iter().map(|answer| answer.answered - answer.asked)),
            cpu,
        }
    }

    /// From the first request to the last answer.
    pub(crate) fn wall(&self) -> Duration {
        self.answers.last().copied().unwrap_or_default()
    }

    pub(crate) fn requests_per_second(&self) -> f64 {
        self.answers.len() as f64 / self.wall().as_secs_f64()
    }

    /// The latency that the given share of callers did not exceed.
    pub(crate) fn latency(&self, share: f64) -> Duration {
        let rank = (share * self.latencies.len() as f64).ceil() as usize;
        let index = rank.saturating_sub(1);
        self.latencies.get(index).copied().unwrap_or_default()
    }
}

fn sorted(times: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times
}

/// Where stderr is not a terminal the bar stays hidden, and one line has to do.
fn progress_bar(name: &'static str, crowd: &Crowd) -> Result<ProgressBar, Error> {
    let template = "{msg:>8} {bar:40} {human_pos}/{human_len} answers, {elapsed}";
    let progress = ProgressBar::new(crowd.answers())
        .with_style(ProgressStyle::with_template(template)?)
        .with_message(name);
    if progress.is_hidden() {
        eprintln!("{name}: waiting for {} answers", crowd.answers());
    }
    Ok(progress)
}
