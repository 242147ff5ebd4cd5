//! One run: wires reader, actors, ledger and store together, and drives files through them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Settings;
use crate::domain::receipt::Receipt;
use crate::fault::Fault;

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A path; a pipe or device is read like standard input.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// What a run is asked to do.
pub struct RunRequest {
    /// Files, one job each, in order.
    pub inputs: Vec<Input>,
    /// Write the events of the run here too, as JSON lines.
    pub events: Option<PathBuf>,
    /// Wait for the data directory's lock instead of refusing.
    pub wait: bool,
    /// Numbers for whoever shows them.
    pub progress: Arc<Progress>,
}

/// Numbers that grow while a run goes on. Relaxed: for people, never for a decision.
#[derive(Debug, Default)]
pub struct Progress {
    /// 1-based number of the file being read; 0 before the first.
    pub file: AtomicU64,
    /// Bytes of that file, as stored; 0 if unknown (a pipe).
    pub bytes_total: AtomicU64,
    /// Of these, read.
    pub bytes_read: AtomicU64,
    /// Data lines read of that file.
    pub records: AtomicU64,
    /// Rows durable of that file.
    pub stored: AtomicU64,
}

impl Progress {
    /// A new file begins.
    pub fn begin(&self, file: u64, bytes_total: u64) {
        self.bytes_total.store(bytes_total, Ordering::Relaxed);
        [&self.bytes_read, &self.records, &self.stored].iter().for_each(|n| n.store(0, Ordering::Relaxed));
        self.file.store(file, Ordering::Relaxed);
    }
}

/// Why a run could not even begin, or had to stop as a whole.
#[derive(Debug)]
pub enum RunError {
    /// Exit 75.
    Busy(String),
    /// Exit 74, or 78 if it is `Permanent`.
    Fault(Fault),
    /// Exit 70: a stage died more often than its restart budget allows.
    Internal(String),
}

/// A request to drain: set once, from a signal handler's thread or a test.
pub type Shutdown = tokio::sync::watch::Receiver<bool>;

/// Runs `request` to its end, or until `shutdown` turns true and the pipeline is drained. `each` gets one receipt per
/// input, in order, as soon as it is final; inputs not begun when a shutdown came get none.
///
/// # Errors
/// If the data directory cannot be used, or the engine itself fails. Everything about one file is in its receipt instead.
pub fn run(
    settings: &Settings,
    request: RunRequest,
    shutdown: Shutdown,
    each: &mut dyn FnMut(Receipt),
) -> Result<(), RunError> {
    let _ = (settings, request, shutdown, each);
    todo!()
}

/// The body of the hidden command `isolate`: handles one segment, read from standard input, in a process of its own, so
/// that a record that aborts can be found. Returns the exit code.
pub fn isolate() -> u8 {
    todo!()
}
