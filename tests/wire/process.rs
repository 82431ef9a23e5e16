//! The proxy as a process of its own: this program, started once more.

use std::{
    env,
    io::{self, BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{self, Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use clap::Parser;

use super::{
    example::{self, args::Args},
    peer::until,
};

/// The command line of the proxy.
const ARGUMENTS: &str = "TOWER_POOL_WIRE_PROXY";

/// Not a test, but the process that the tests start.
#[test]
#[ignore = "it is the proxy that the other tests start"]
fn proxy() {
    let Ok(arguments) = env::var(ARGUMENTS) else {
        return;
    };
    // The tests hold the other end. If they are killed, nobody would end this.
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(1);
    });
    let words = ["proxy"].into_iter().chain(arguments.split(' '));
    example::start(&Args::try_parse_from(words).unwrap()).unwrap();
}

pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) stats: SocketAddr,
    /// What it has written to its standard error.
    complaints: Arc<Mutex<Vec<u8>>>,
}

impl Process {
    /// Starts it, with as many open files as `max_files`.
    pub(crate) fn start(origin: SocketAddr, options: &str, max_files: Option<u32>) -> Self {
        let mut arguments =
            format!("--listen 127.0.0.1:0 --stats 127.0.0.1:0 --origin http://{origin}");
        if !options.is_empty() {
            arguments = format!("{arguments} {options}");
        }
        let limit = max_files.map_or(String::new(), |files| format!("ulimit -n {files} && "));
        let mut child = Command::new("sh")
            .args(["-c", &format!("{limit}exec \"$0\" \"$@\"")])
            .arg(env::current_exe().unwrap())
            .args(["process::proxy", "--exact", "--ignored"])
            .args(["--nocapture", "--test-threads=1"])
            .env(ARGUMENTS, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let complaints = Arc::new(Mutex::new(Vec::new()));
        collect(child.stderr.take().unwrap(), Arc::clone(&complaints));

        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (address, stats) = loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                let _ = child.wait();
                let complaints = complaints.lock().unwrap().clone();
                panic!("no proxy: {}", String::from_utf8_lossy(&complaints));
            }
            if let (Some(address), Some(stats)) = (
                address_after(&line, "listening on http://"),
                address_after(&line, "statistics on http://"),
            ) {
                break (address, stats);
            }
        };
        // It is not to be ended by a pipe that nobody reads.
        collect(output, Arc::default());
        Self {
            child,
            address,
            stats,
            complaints,
        }
    }

    /// Where the system tells about it.
    pub(crate) fn proc(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.child.id()))
    }

    pub(crate) fn complaints(&self) -> String {
        String::from_utf8_lossy(&self.complaints.lock().unwrap()).into_owned()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        let kill = format!("kill -TERM {}", self.child.id());
        let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(killed.success(), "the proxy is gone already");
        let mut status = None;
        until("the proxy ends", async || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            into.lock().unwrap().extend(&piece[..length]);
        }
    });
}

fn address_after(line: &str, what: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(what)?;
    let end = rest.find([',', '/', '\n']).unwrap_or(rest.len());
    rest[..end].parse().ok()
}
