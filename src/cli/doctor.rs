//! `doctor [FILE]`: what a run will find on this machine, and in a file. Changes nothing, takes no lock.

mod file;

use std::fs::{self, File};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::failure::{AGAIN, CONFIG, Failure, IO};
use super::lock::{self, Lock};
use super::render::{json_line, table, text, thousands};
use super::{Global, print};
use crate::config::Settings;
use crate::domain::rows::SCHEMA_VERSION;
use crate::ledger::LedgerReader;
use crate::report;

/// Less free space than this is worth a warning (bytes).
const FREE_BYTES_LOW: u64 = 10 << 30;

/// Less than this cannot hold a ledger and one group (bytes).
const FREE_BYTES_MIN: u64 = 256 << 20;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Also say what this VCF or BCF file lacks for the triage that is asked, and how to get it; only its header is read
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// One JSON object per check: `name`, `state` (ok, warn, fail), `says`
    #[arg(long)]
    pub json: bool,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    says: String,
    /// The exit code that a failure asks for.
    #[serde(skip)]
    code: u8,
}

impl Check {
    fn new(name: &'static str, state: State, says: impl Into<String>) -> Self {
        Self { name, state, says: says.into(), code: if state == State::Fail { IO } else { 0 } }
    }

    fn ok(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, State::Ok, says)
    }

    fn fail(name: &'static str, code: u8, says: impl Into<String>) -> Self {
        Self { code, ..Self::new(name, State::Fail, says) }
    }
}

/// Prints every check; exit 0 unless one failed.
///
/// # Errors
/// If standard output cannot be written to.
pub fn run(global: &Global, args: &DoctorArgs) -> Result<u8, Failure> {
    let mut checks = vec![versions(), cores(), terminal()];
    match Settings::load(global.config.as_deref(), global.data_dir.as_deref()) {
        Ok(settings) => {
            checks.push(Check::ok("configuration", "sound"));
            checks.extend(data_directory(&settings.data_dir));
            checks.extend(args.file.iter().flat_map(|file| file::checks(file, &settings)));
        }
        Err(errors) => checks
            .extend(errors.iter().map(|e| Check::fail("configuration", CONFIG, format!("{}: {}", e.place, e.message)))),
    }
    print(&if args.json { checks.iter().map(json_line).collect() } else { shown(&checks) })?;
    Ok(report::exit_code(checks.iter().map(|check| check.code)))
}

fn shown(checks: &[Check]) -> String {
    let word = |state| match state {
        State::Ok => "ok",
        State::Warn => "warn",
        State::Fail => "FAIL",
    };
    let row = |check: &Check| vec![word(check.state).to_owned(), check.name.to_owned(), text(&check.says)];
    table(&checks.iter().map(row).collect::<Vec<_>>(), &[])
}

fn versions() -> Check {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let version = env!("CARGO_PKG_VERSION");
    Check::ok("version", format!("vcf-agent {version}, row schema {SCHEMA_VERSION}, {os} {arch}"))
}

fn cores() -> Check {
    match std::thread::available_parallelism() {
        Ok(cores) => Check::ok("cores", format!("{cores}")),
        Err(error) => Check::new("cores", State::Warn, format!("cannot be counted: {error}")),
    }
}

fn terminal() -> Check {
    let kind = |is_terminal| if is_terminal { "terminal" } else { "no terminal" };
    let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let progress = if err { "a bar" } else { "a line every few seconds" };
    Check::ok("terminal", format!("output: {}, errors: {}; progress is {progress}", kind(out), kind(err)))
}

fn data_directory(dir: &Path) -> Vec<Check> {
    let shown = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let shown = shown.display();
    match fs::metadata(dir) {
        Ok(found) if !found.is_dir() => vec![Check::fail("data directory", CONFIG, format!("{shown} is no directory"))],
        Ok(_) => vec![
            match writable(dir) {
                Ok(()) => Check::ok("data directory", format!("{shown} can be written to")),
                Err(error) => Check::fail("data directory", IO, format!("{shown} cannot be written to: {error}")),
            },
            lock(dir),
            space(dir),
            filesystem(dir),
            ledger(dir),
        ],
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let parent = ancestor(dir);
            vec![
                match writable(&parent) {
                    Ok(()) => Check::ok("data directory", format!("{shown} is not there yet; `run` makes it")),
                    Err(error) => {
                        let what =
                            format!("{shown} cannot be made: {} cannot be written to: {error}", parent.display());
                        Check::fail("data directory", IO, what)
                    }
                },
                space(&parent),
                filesystem(&parent),
            ]
        }
        Err(error) => vec![Check::fail("data directory", IO, format!("{shown} cannot be looked at: {error}"))],
    }
}

/// The nearest directory above `dir` that exists.
fn ancestor(dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    absolute.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

/// Makes and syncs a file, and removes it.
fn writable(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".vcf-agent-doctor-{}", std::process::id()));
    let written = File::create_new(&path).and_then(|file| file.sync_all());
    let removed = fs::remove_file(&path);
    written.and(removed)
}

fn lock(dir: &Path) -> Check {
    match lock::look(dir) {
        Lock::None => Check::ok("lock", "free: no run has been here"),
        Lock::Free(pid) => Check::ok("lock", format!("free; last held by {}", lock::process(pid))),
        Lock::Held(pid) => {
            let holder = lock::process(pid);
            Check::new(
                "lock",
                State::Warn,
                format!("held by {holder}: another run exits {AGAIN}, or waits with --wait"),
            )
        }
        Lock::Unknown(pid) => {
            let last = lock::process(pid);
            Check::ok(
                "lock",
                format!("last held by {last}; this system has no table of locks that says whether it is held"),
            )
        }
    }
}

fn space(dir: &Path) -> Check {
    let free = match rustix::fs::statvfs(dir) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => return Check::fail("disk", IO, format!("free space is unknown: {error}")),
    };
    let state = match free {
        FREE_BYTES_LOW.. => State::Ok,
        FREE_BYTES_MIN.. => State::Warn,
        _ => State::Fail,
    };
    Check::new("disk", state, format!("{} MiB free", thousands(free >> 20)))
}

/// Locks and shared memory of a network file system are not to be relied on.
#[cfg(target_os = "linux")]
fn filesystem(dir: &Path) -> Check {
    // f_type: NFS, SMB, CIFS, SMB2, 9p, Ceph, Lustre, GPFS.
    const REMOTE: [u64; 8] =
        [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x00c3_6400, 0x0bd0_0bd0, 0x4750_4653];
    match rustix::fs::statfs(dir) {
        Ok(found) if REMOTE.contains(&(found.f_type as u64 & 0xffff_ffff)) => {
            let says = "on a network: its locks may not hold between machines; put the data directory on a local disk";
            Check::new("file system", State::Warn, says)
        }
        Ok(_) => Check::ok("file system", "local"),
        Err(error) => Check::new("file system", State::Warn, format!("unknown: {error}")),
    }
}

#[cfg(not(target_os = "linux"))]
fn filesystem(_: &Path) -> Check {
    Check::ok("file system", "not looked at on this system")
}

fn ledger(dir: &Path) -> Check {
    if !dir.join("ledger.db").exists() {
        return Check::ok("ledger", "none yet");
    }
    match LedgerReader::open(dir).and_then(|ledger| ledger.jobs()) {
        Ok(jobs) => {
            let running = jobs.iter().filter(|job| job.state.is_running()).count();
            Check::ok("ledger", format!("readable; {} jobs, {running} not finished", thousands(jobs.len() as u64)))
        }
        Err(fault) => {
            let Failure { code, .. } = fault.clone().into();
            Check::fail("ledger", code, fault.what)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let absent = dir.path().join("a/b");
        let checks = data_directory(&absent);
        assert!(checks[0].says.contains("not there yet"), "{}", checks[0].says);
        assert!(!dir.path().join("a").exists());
    }

    #[test]
    fn a_file_in_the_place_of_the_directory_fails() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let checks = data_directory(file.path());
        assert_eq!((checks[0].state, checks[0].code), (State::Fail, 78));
    }
}
