//! Configuration: raw TOML with spans → [`Settings`]; every error at once, with file and line.
use crate::delivery::group::GroupLimits;
use crate::delivery::restart::RestartPolicy;
use crate::domain::triage::Triage;
use crate::vcf::ReadLimits;
use std::path::{Path, PathBuf};

/// Everything that can be configured, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where the ledger and the rows live.
    pub data_dir: PathBuf,
    /// Limits of the reader.
    pub read: ReadLimits,
    /// Credits of one job's source (bytes of memory, not of file).
    pub window_bytes: u64,
    /// When groups close.
    pub group: GroupLimits,
    /// Worker threads for parsing and encoding; 0 in the file means one per core.
    pub worker_threads: usize,
    /// More dead letters than this fail a job.
    pub dead_letters_max: u64,
    /// Restart budget of each stage.
    pub restart: RestartPolicy,
    /// How long a drain may take before the process gives up (ms).
    pub drain_timeout_ms: u64,
    /// The store.
    pub store: StoreSettings,
    /// `None`: nobody asked for anything.
    pub triage: Option<Triage>,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreSettings {
    /// The registered kind; `parquet`.
    pub kind: String,
    /// zstd level of the columns (1).
    pub zstd_level: i32,
    /// Rows per Parquet row group (131,072).
    pub row_group_rows_max: usize,
}

/// One problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// `file:line` or the environment variable or flag.
    pub place: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Settings {
    /// The embedded defaults, then `file` over them, then the environment, then `data_dir` from the command line.
    ///
    /// # Errors
    /// Every problem, not the first one only.
    pub fn load(file: Option<&Path>, data_dir: Option<&Path>) -> Result<Self, Vec<ConfigError>> {
        let _ = (file, data_dir);
        todo!()
    }
}
