//! What a program has of its own: memory, files, tasks.

use std::fs;

use tokio::runtime::Handle;

use super::memory::live_bytes;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Vitals {
    pub(crate) live_bytes: isize,
    /// None where the system does not tell.
    pub(crate) files: Option<usize>,
    pub(crate) tasks: usize,
}

impl Vitals {
    pub(crate) fn take(runtime: &Handle) -> Self {
        Self {
            live_bytes: live_bytes(),
            files: open_files(),
            tasks: runtime.metrics().num_alive_tasks(),
        }
    }
}

/// File descriptors, but for the one to look with. Linux tells.
fn open_files() -> Option<usize> {
    let files = fs::read_dir("/proc/self/fd").ok()?;
    Some(files.count().saturating_sub(1))
}
