//! The expensive work, and the app that does it.

use std::{
    fmt, fs,
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use flate2::{Compression, write::DeflateEncoder};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use crate::{Error, table::counted, with_causes};

/// What is asked for.
pub(crate) type Key = u16;

/// What one call has to do.
#[derive(Debug)]
pub(crate) struct Workload {
    file: PathBuf,
    passes: u16,
}

impl Workload {
    pub(crate) fn new(file: PathBuf, passes: u16) -> Self {
        Self { file, passes }
    }

    /// Compresses and hashes the file several times over. The salt of a pass is
    /// the hash of the one before, so that none of them can be left out.
    ///
    /// This takes its time: not to be called on an async thread.
    pub(crate) fn digest(&self, key: Key) -> io::Result<String> {
        let content = fs::read(&self.file)?;
        let mut salt = Sha256::digest(key.to_be_bytes());
        for _ in 0..self.passes {
            let mut encoder = DeflateEncoder::new(Sha256::new(), Compression::default());
            encoder.write_all(&salt)?;
            encoder.write_all(&content)?;
            salt = encoder.finish()?.finalize();
        }
        Ok(format!("{salt:x}"))
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        let times = counted(self.passes.into(), "time");
        write!(f, "One call compresses and hashes {file} {times}")
    }
}

/// The calls that reached the handler, counted in the handler itself: what a
/// pool in front of it says about them is not taken on trust.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(Arc<Mutex<Vec<Instant>>>);

impl Calls {
    fn count_one(&self) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(Instant::now());
    }

    /// When each call came in.
    pub(crate) fn times(&self) -> Vec<Instant> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clone()
    }
}

/// The app: `GET /digest/{key}` does the work, on a thread where it keeps nobody
/// waiting. It knows of no pool.
pub(crate) fn app(workload: &Arc<Workload>, calls: &Calls) -> Router {
    let (workload, calls) = (Arc::clone(workload), calls.clone());
    let digest = move |Path(key): Path<Key>| async move {
        calls.count_one();
        let digest = spawn_blocking(move || workload.digest(key)).await;
        let digest = digest.map_err(Error::from).and_then(|digest| Ok(digest?));
        digest.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, with_causes(&*error)))
    };
    Router::new().route("/digest/{key}", get(digest))
}
