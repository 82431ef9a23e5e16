//! The expensive work, and the service that does it.

use std::{
    fmt, fs,
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use flate2::{Compression, write::DeflateEncoder};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use tower::{Service, service_fn};
use tower_pool::SharedError;

use crate::table::counted;

/// What is asked for.
pub(crate) type Key = u16;

/// The answer. A pool gives a clone of it to each caller, so it is one that is
/// cheap to clone.
pub(crate) type Digest = Arc<str>;

/// A service that answers with digests. The server takes any, pooled or not.
pub(crate) trait DigestService:
    Service<Key, Response = Digest, Error = SharedError, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> DigestService for S where
    S: Service<Key, Response = Digest, Error = SharedError, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

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
    pub(crate) fn digest(&self, key: Key) -> io::Result<Digest> {
        let content = fs::read(&self.file)?;
        let mut salt = Sha256::digest(key.to_be_bytes());
        for _ in 0..self.passes {
            let mut encoder = DeflateEncoder::new(Sha256::new(), Compression::default());
            encoder.write_all(&salt)?;
            encoder.write_all(&content)?;
            salt = encoder.finish()?.finalize();
        }
        Ok(format!("{salt:x}").into())
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        let times = counted(self.passes.into(), "time");
        write!(f, "One call compresses and hashes {file} {times}")
    }
}

/// The calls that reached the service, counted at the service itself: what a
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

/// The service that does the work, on a thread where it keeps nobody waiting.
///
/// A [`SharedError`], because a pool hands errors to several callers too and
/// `io::Error` cannot be cloned.
pub(crate) fn service(workload: &Arc<Workload>, calls: &Calls) -> impl DigestService + use<> {
    let (workload, calls) = (Arc::clone(workload), calls.clone());
    service_fn(move |key| {
        let (workload, calls) = (Arc::clone(&workload), calls.clone());
        async move {
            calls.count_one();
            spawn_blocking(move || workload.digest(key))
                .await
                .map_err(SharedError::new)?
                .map_err(SharedError::new)
        }
    })
}
