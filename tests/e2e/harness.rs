//! Starts the binary in a folder of its own, never longer than a deadline, and reads what it said.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A run that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(300);

/// What a finished process said.
#[derive(Debug)]
pub struct Said {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// The exit code; a process that a signal ended has none.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:?}"))
    }

    /// Demands this exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// Every line of standard output as a JSON object.
    #[track_caller]
    pub fn objects(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line:?}\n{self:#?}"));
        self.stdout.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
    }

    /// The one JSON object on standard output, on one line or several.
    #[track_caller]
    pub fn object(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

/// A process under way, which dies with this value.
pub struct Running {
    child: Child,
    stdout: Option<thread::JoinHandle<String>>,
    stderr: Option<thread::JoinHandle<String>>,
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> Option<thread::JoinHandle<String>> {
    let mut pipe = pipe?;
    Some(thread::spawn(move || {
        let mut bytes = Vec::new();
        let _what_came = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }))
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
        Self { child, stdout, stderr }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, if it was asked for.
    pub fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().expect("started with a pipe")
    }

    /// Sends a signal by name (`INT`, `TERM`); to this process only.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap();
        assert!(sent.success(), "signal {name}");
    }

    /// SIGKILL, and waits until it is gone; false if it was gone already.
    pub fn kill(mut self) -> bool {
        let alive = self.child.try_wait().unwrap().is_none();
        let _may_be_gone = self.child.kill();
        let _status = self.child.wait();
        alive
    }

    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Said {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > DEADLINE {
                let _may_be_gone = self.child.kill();
                let _status = self.child.wait();
                panic!("still running after {DEADLINE:?}; standard error: {}", text(self.stderr.take()));
            }
            thread::sleep(Duration::from_millis(5));
        };
        Said { status, stdout: text(self.stdout.take()), stderr: text(self.stderr.take()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _may_be_gone = self.child.kill();
            let _status = self.child.wait();
        }
    }
}

fn text(handle: Option<thread::JoinHandle<String>>) -> String {
    handle.map(|handle| handle.join().unwrap()).unwrap_or_default()
}

/// A folder with a data directory, and the binary that works there.
pub struct Place {
    folder: TempDir,
    /// Set for every process started here.
    pub env: Vec<(String, String)>,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("vcf-agent-e2e-").tempdir().unwrap(), env: Vec::new() }
    }

    /// With crash points, as the crate `fail` reads them: `name=return`, several separated by `;`.
    #[cfg(feature = "failpoints")]
    pub fn with_failpoints(mut self, failpoints: &str) -> Self {
        self.env = vec![("FAILPOINTS".into(), failpoints.into())];
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The binary with this place's data directory; nothing of the caller's settings reaches it.
    pub fn command(&self) -> Command {
        self.prepare(Command::new(env!("CARGO_BIN_EXE_vcf-agent")))
    }

    /// A program that starts the binary (strace, sh), prepared like it.
    pub fn prepare(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VCF_AGENT_") || name == "FAILPOINTS") {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).stdin(Stdio::null()).env("VCF_AGENT_DATA_DIR", self.data());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn start<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Running {
        let mut command = self.command();
        command.args(args);
        Running::start(command)
    }

    /// Starts a command that was made with [`Place::command`] or [`Place::prepare`].
    pub fn start_command(&self, command: Command) -> Running {
        Running::start(command)
    }

    /// With a pipe as standard input.
    pub fn start_piped<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Running {
        let mut command = self.command();
        command.args(args).stdin(Stdio::piped());
        Running::start(command)
    }

    #[track_caller]
    pub fn call<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        self.start(args).finish()
    }

    /// `run --json` of one file.
    #[track_caller]
    pub fn run(&self, file: &Path) -> Said {
        self.call([OsStr::new("run"), OsStr::new("--json"), file.as_os_str()])
    }

    /// `run --json -` with these bytes on standard input.
    #[track_caller]
    pub fn run_stdin(&self, bytes: &[u8]) -> Said {
        let mut running = self.start_piped(["run", "--json", "-"]);
        let mut stdin = running.stdin();
        let bytes = bytes.to_vec();
        let writer = thread::spawn(move || drop(stdin.write_all(&bytes)));
        let said = running.finish();
        writer.join().unwrap();
        said
    }

    /// `receipt JOB --json`, with more arguments.
    #[track_caller]
    pub fn receipt(&self, job: &str, more: &[&str]) -> Said {
        self.call(["receipt", job, "--json"].iter().chain(more))
    }
}

/// A field of a receipt as a number.
#[track_caller]
pub fn number(receipt: &Value, field: &str) -> u64 {
    receipt[field].as_u64().unwrap_or_else(|| panic!("{field} is no number in {receipt}"))
}

/// A field of a receipt as text.
#[track_caller]
pub fn string<'a>(receipt: &'a Value, field: &str) -> &'a str {
    receipt[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {receipt}"))
}

/// The equations of the contract, computed here and not by the product.
#[track_caller]
pub fn adds_up(receipt: &Value) {
    let n = |field| number(receipt, field);
    let dropped: u64 = receipt["dropped"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(n("records"), n("parsed") + n("dead_records"), "{receipt}");
    assert_eq!(n("alleles") + n("no_alt"), n("stored") + n("dead_rows"), "{receipt}");
    assert_eq!(n("stored"), n("selected") + dropped, "{receipt}");
    let done = n("cached") + n("answered") + n("abstained") + n("dead_tasks") + n("pending");
    assert_eq!(n("selected"), done, "{receipt}");
    if string(receipt, "state") == "COMPLETE" {
        let certificate = &receipt["certificate"];
        assert_eq!(certificate["rows"].as_u64(), Some(n("stored")), "{receipt}");
        assert_eq!(certificate["holds"], Value::Bool(true), "{receipt}");
        assert_eq!(certificate["digest_sum"], certificate["expected_digest_sum"], "{receipt}");
    }
}
