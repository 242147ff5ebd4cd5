//! Configuration: raw TOML with spans → [`Settings`]; every error at once, with file and line.
//!
//! | file | idea |
//! |---|---|
//! | [`keys`] | the one table of keys: kind, range, default, what it is for |
//! | `nearest` | what was probably meant |
//! | [`value`] | one value: read from TOML or text, checked, printed |
//! | [`raw`] | the layers: embedded defaults, file, environment, command line |
//! | [`mod@check`] | the layers' values → [`Settings`], and what must hold between them |
//! | `triage` | the same for `[triage]` |
//! | [`show`] | the effective configuration with the origin of each value |
//! | [`docs`] | `config/default.toml` and `docs/configuration.md`, made from the table |

pub mod check;
pub mod docs;
pub mod keys;
mod nearest;
pub mod raw;
pub mod show;
mod triage;
pub mod value;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::annotation::Frequencies;
use crate::delivery::group::GroupLimits;
use crate::delivery::restart::RestartPolicy;
use crate::domain::rows::SCHEMA_VERSION;
use crate::providers::Options;
use crate::triage::Triage;
use crate::vcf::ReadLimits;

pub use nearest::{distance, nearest_of};
pub use raw::Layers;

/// The embedded defaults: every key, with what it is for.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

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
    /// An indexed FASTA by which alleles are left-aligned.
    pub reference: Option<PathBuf>,
    /// The assembly that every file must be of.
    pub assembly: Option<String>,
    /// Where frequencies of populations are.
    pub frequencies: Frequencies,
    /// Kinds of providers that are asked about selected alleles.
    pub providers: Vec<String>,
    /// Options of the provider `rules`.
    pub rules: Options,
    /// `None`: nothing is to be asked.
    pub triage: Option<Triage>,
    /// The values as they were loaded, with their origins: what [`Settings::show`] prints.
    pub layers: Layers,
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

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Settings {
    /// The embedded defaults, then `file` over them, then the environment, then `data_dir` from the command line.
    ///
    /// # Errors
    /// Every problem, not the first one only.
    pub fn load(file: Option<&Path>, data_dir: Option<&Path>) -> Result<Self, Vec<ConfigError>> {
        Self::load_with(file, std::env::vars_os(), data_dir)
    }

    /// As [`Settings::load`], with `environment` in the place of the process's own.
    ///
    /// # Errors
    /// Every problem, not the first one only.
    pub fn load_with(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        data_dir: Option<&Path>,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut errors = Vec::new();
        let mut layers = Layers::defaults(&mut errors);
        if let Some(file) = file {
            layers.file(file, &mut errors);
        }
        layers.environment(environment, &mut errors);
        if let Some(data_dir) = data_dir {
            layers.data_dir(data_dir, &mut errors);
        }
        let settings = check::settings(layers, &mut errors);
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }

    /// Whether the configuration says anything about triage: otherwise the one by default is asked.
    pub fn triage_is_configured(&self) -> bool {
        self.layers.has_table("triage")
    }

    /// Canonical text of everything that decides how lines become rows and segments: part of a job's id. `reference` is the digest
    /// of the reference, if there is one.
    pub fn layout(&self, reference: Option<&str>) -> String {
        let ReadLimits { line_bytes_max, segment_lines_max, segment_bytes_max, alts_max, .. } = self.read;
        format!(
            "schema={SCHEMA_VERSION} line_bytes_max={line_bytes_max} segment_lines_max={segment_lines_max} \
             segment_bytes_max={segment_bytes_max} alts_max={alts_max} frequencies={}|{} \
             reference={}",
            self.frequencies.sub_fields.join(","),
            self.frequencies.info_keys.join(","),
            reference.unwrap_or("none")
        )
    }

    /// The effective configuration as TOML, the origin of each value as a comment; read again it gives the same
    /// settings. There is no secret in it.
    pub fn show(&self) -> String {
        show::toml(&self.layers)
    }
}

/// Checks a configuration file as [`Settings::load`] would, the environment included.
///
/// # Errors
/// Every problem, not the first one only.
pub fn check(file: Option<&Path>) -> Result<(), Vec<ConfigError>> {
    Settings::load(file, None).map(drop)
}
