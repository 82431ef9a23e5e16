//! Where and of what the figures are.

use std::{fs, process::Command, thread::available_parallelism};

/// The crates that are compared, as the lock file has them.
const CRATES: [&str; 12] = [
    "tower-pool",
    "tower-resilience-coalesce",
    "uniflight",
    "rs-singleflight",
    "singleflight-async",
    "async_singleflight",
    "moka",
    "quick_cache",
    "futures-util",
    "dashmap",
    "tokio",
    "tower",
];

pub(crate) fn describe() -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    format!(
        "{}, {cores} cores, {}, {}; {}.",
        cpu().unwrap_or_else(|| "an unknown processor".to_owned()),
        system().unwrap_or_else(|| "an unknown system".to_owned()),
        compiler().unwrap_or_else(|| "an unknown compiler".to_owned()),
        jiff::Timestamp::now().strftime("%F"),
    )
}

fn cpu() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split(':').nth(1)?.trim().to_owned())
}

fn system() -> Option<String> {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    // What follows the version is a name that some builder gave it.
    let version = kernel.trim().split('-').next()?;
    Some(format!("Linux {version}"))
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The versions of all that was compared.
pub(crate) fn versions() -> String {
    let lock: toml::Table = include_str!("../../../../../Cargo.lock")
        .parse()
        .expect("a lock file");
    let packages = lock["package"].as_array().expect("packages");
    let version = |name: &&str| {
        let package = packages
            .iter()
            .find(|package| package["name"].as_str() == Some(name))
            .expect("it is locked");
        format!("{name} {}", package["version"].as_str().expect("a version"))
    };
    CRATES.iter().map(version).collect::<Vec<_>>().join(", ")
}
