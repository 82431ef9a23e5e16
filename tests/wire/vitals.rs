//! What can be seen of the proxy from outside: what its pool says, and what the
//! system says about its memory and files.

use std::fs;

use super::{peer::Peer, process::Process};

pub(crate) const MIB: u64 = 1024 * 1024;

/// What the pool has done so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stats {
    pub(crate) led: u64,
    pub(crate) joined: u64,
    pub(crate) solo: u64,
    pub(crate) shared: u64,
    pub(crate) released: u64,
    pub(crate) panicked: u64,
    pub(crate) in_flight: u64,
}

impl Stats {
    /// None, if there is no answer.
    async fn read(process: &Process) -> Option<Self> {
        let mut peer = Peer::connect(process.stats).await;
        let request = "GET /_pool/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        peer.send(request).await;
        let answer = String::from_utf8(peer.read_all().await).unwrap();
        let number = |name: &str| -> Option<u64> {
            let (_, rest) = answer.split_once(&format!("\"{name}\":"))?;
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            rest[..end].parse().ok()
        };
        Some(Self {
            led: number("led")?,
            joined: number("joined")?,
            solo: number("solo")?,
            shared: number("shared")?,
            released: number("released")?,
            panicked: number("panicked")?,
            in_flight: number("in_flight")?,
        })
    }

    /// How often the origin was asked, at most.
    pub(crate) fn calls(&self) -> u64 {
        self.led + self.solo + self.released
    }
}

impl Process {
    pub(crate) async fn stats(&self) -> Stats {
        Stats::read(self).await.expect("statistics")
    }

    /// In bytes: what it has in memory now.
    pub(crate) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it has ever had in memory.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    pub(crate) fn files(&self) -> usize {
        fs::read_dir(self.proc().join("fd")).unwrap().count()
    }

    /// Is there a number left for another file, of so many?
    pub(crate) fn may_open_files(&self, max_files: u32) -> bool {
        (0..max_files).any(|number| !self.proc().join(format!("fd/{number}")).exists())
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.proc().join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.expect(name).trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap() * 1024
    }
}
