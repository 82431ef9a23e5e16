//! The command line, with the checks that have to be made before a run rather
//! than in the middle of one.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use clap::{CommandFactory, Parser, error::ErrorKind, value_parser};

/// Each call reads the whole file, so that a large one would be a test of the disk.
const LARGEST_FILE: u64 = 64 << 20;

const EXPLANATION: &str = "\
Each request asks for the digest of a file, salted with the request's key. The
pool lets concurrent requests for one key share the work. Both runs are compared
in a table and a picture.";

/// Sends a stampede of requests to a real server, without a pool and with one
#[derive(Debug, Parser)]
#[command(name = "stampede", after_help = EXPLANATION)]
pub(crate) struct Args {
    /// Callers, who all ask at the same moment
    #[arg(long, value_name = "N", default_value_t = 1000)]
    #[arg(value_parser = value_parser!(u16).range(1..=10_000))]
    pub(crate) callers: u16,

    /// Different things to ask for, at most one for each caller
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = value_parser!(u16).range(1..=10_000))]
    pub(crate) keys: u16,

    /// Times that all callers ask, once they have all been answered
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,

    /// Times that one call compresses and hashes the file
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = value_parser!(u16).range(1..=10_000))]
    pub(crate) work: u16,

    /// The file to compress and hash, of at most 64 MiB
    #[arg(long, value_name = "PATH")]
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"))]
    pub(crate) file: PathBuf,

    /// Where to write the picture
    #[arg(long, value_name = "PATH", default_value = "stampede.svg")]
    pub(crate) svg: PathBuf,
}

impl Args {
    /// Reads and checks the command line. Ends the program with a message if
    /// there is something wrong with it.
    pub(crate) fn from_command_line() -> Self {
        let args = Self::parse();
        if let Err(complaint) = args.check() {
            let kind = ErrorKind::ValueValidation;
            Self::command().error(kind, complaint).exit()
        }
        args
    }

    fn check(&self) -> Result<(), String> {
        let Self { callers, keys, .. } = self;
        if keys > callers {
            return Err(format!(
                "--keys {keys} is more than --callers {callers}: some keys would have no caller"
            ));
        }
        let (file, svg) = (self.file.display(), self.svg.display());
        check_input(&self.file).map_err(|why| format!("--file {file}: {why}"))?;
        check_output(&self.svg).map_err(|why| format!("--svg {svg}: {why}"))?;
        if is_same(&self.file, &self.svg) {
            return Err(format!("--svg {svg} would overwrite --file {file}"));
        }
        Ok(())
    }
}

fn check_input(path: &Path) -> Result<(), String> {
    let cannot_read = |error| format!("cannot be read: {error}");
    let metadata = fs::metadata(path).map_err(cannot_read)?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    match metadata.len() {
        0 => return Err("is empty".to_owned()),
        1..=LARGEST_FILE => {}
        _ => return Err("is larger than 64 MiB".to_owned()),
    }
    File::open(path).map(drop).map_err(cannot_read)
}

/// Tries whether the picture can be written, and leaves everything as it was:
/// an earlier picture is kept in case that the run fails.
fn check_output(path: &Path) -> Result<(), String> {
    // Anything else may block when it is opened, as a pipe does.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err("is not a file".to_owned());
    }
    let tried = match File::create_new(path) {
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().append(true).open(path).map(drop)
        }
        Err(error) => Err(error),
    };
    tried.map_err(|error| format!("cannot be written: {error}"))
}

/// Whether both paths lead to one file. A picture that does not exist yet leads
/// nowhere.
fn is_same(file: &Path, svg: &Path) -> bool {
    match (file.canonicalize(), svg.canonicalize()) {
        (Ok(file), Ok(svg)) => file == svg,
        _ => false,
    }
}
