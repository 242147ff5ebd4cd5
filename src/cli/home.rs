//! From what was typed to settings, ledger, job and store. Nothing here takes the lock: a run may go on beside it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::Global;
use super::failure::{Failure, USAGE};
use super::render::{shell_word, text};
use crate::config::{Settings, StoreSettings};
use crate::domain::ids::{FileDigest, JobId};
use crate::ledger::{JobRow, LedgerReader};
use crate::stores::{self, Store};
use crate::vcf::reader::file_digest;

/// How a job can be named, for the help of every command that takes one.
pub const JOB_HELP: &str = "\
A job is named by its id (or the beginning of it), by the VCF file that it read (found by its SHA-256, whatever the \
name; the latest job of these bytes), or by `last`. A file that is called like a job: ./NAME.";

/// Fewest digits of a job id that count as the beginning of one.
const PREFIX_DIGITS_MIN: usize = 3;

impl Global {
    /// The settings that are in force.
    ///
    /// # Errors
    /// Every problem of the configuration.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Settings::load(self.config.as_deref(), self.data_dir.as_deref()).map_err(|errors| {
            Failure::from(errors).hint("`vcf-agent config show` prints a whole configuration with every option")
        })
    }

    /// A command line that goes on from this one, `--data-dir` and `--config` as they were given.
    pub fn command(&self, rest: &str) -> String {
        let option = |name: &str, path: &Option<std::path::PathBuf>| match path {
            Some(path) => format!(" {name} {}", shell_word(&path.to_string_lossy())),
            None => String::new(),
        };
        let (dir, config) = (option("--data-dir", &self.data_dir), option("--config", &self.config));
        format!("vcf-agent {rest}{dir}{config}")
    }
}

/// A data directory, for reading.
pub struct Home<'a> {
    /// What was typed.
    pub global: &'a Global,
    /// The settings that are in force.
    pub settings: Settings,
    /// The ledger.
    pub ledger: LedgerReader,
}

impl<'a> Home<'a> {
    /// Opens what is there; `None` if no run has made a ledger yet.
    ///
    /// # Errors
    /// If the configuration is wrong or the ledger cannot be read.
    pub fn open(global: &'a Global) -> Result<Result<Self, Failure>, Failure> {
        let settings = global.settings()?;
        let dir = &settings.data_dir;
        if !dir.join("ledger.db").exists() {
            let shown = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
            let none = Failure::new(USAGE, format!("no run has left a ledger in {} yet", shown.display()));
            return Ok(Err(none.hint("`vcf-agent run FILE` makes it; --data-dir names another directory")));
        }
        let ledger = LedgerReader::open(dir)?;
        Ok(Ok(Self { global, settings, ledger }))
    }

    /// The store.
    ///
    /// # Errors
    /// As [`open_store`].
    pub fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        open_store(&self.settings)
    }

    /// The job that `name` means; see [`JOB_HELP`].
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<JobRow, Failure> {
        if let Some(job) = JobId::parse(name) {
            return self.ledger.job(&job)?.ok_or_else(|| self.no_job(name));
        }
        if name == "last" {
            return self.ledger.jobs()?.into_iter().next().ok_or_else(|| self.no_job(name));
        }
        let path = Path::new(name);
        if path.is_file() {
            return self.find_file(path);
        }
        let digits = name.strip_prefix('j').unwrap_or(name);
        let is_prefix = digits.len() >= PREFIX_DIGITS_MIN && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let mut found = if is_prefix { self.ledger.jobs_by_prefix(&name.to_ascii_lowercase())? } else { Vec::new() };
        match found.len() {
            0 => Err(self.no_job(name)),
            1 => Ok(found.swap_remove(0)),
            many => {
                let names: Vec<&str> = found.iter().take(10).map(|row| row.job.as_str()).collect();
                let message = format!("{} begins the names of {many} jobs", text(name));
                Err(Failure::new(USAGE, message).hint(format!("give more of it: {}", names.join(", "))))
            }
        }
    }

    /// The latest job of these bytes.
    fn find_file(&self, path: &Path) -> Result<JobRow, Failure> {
        let shown = path.display();
        let mut file = File::open(path)
            .map_err(|error| Failure::new(super::failure::IO, format!("cannot open {shown}: {error}")))?;
        let (digest, _): (FileDigest, u64) = file_digest(&mut file)?;
        let found = self.ledger.jobs()?.into_iter().find(|row| row.file_digest == Some(digest));
        found.ok_or_else(|| {
            let run = self.global.command(&format!("run {}", shell_word(&path.to_string_lossy())));
            Failure::new(USAGE, format!("no job has read the bytes of {shown} (sha-256 {digest})"))
                .hint(format!("`{run}`"))
        })
    }

    fn no_job(&self, name: &str) -> Failure {
        let message = format!("there is no job or file {}", text(name));
        let digits = name.strip_prefix('j').unwrap_or(name);
        let is_short = digits.len() < PREFIX_DIGITS_MIN && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let more =
            if is_short { format!("of an id at least {PREFIX_DIGITS_MIN} digits are needed; ") } else { String::new() };
        Failure::new(USAGE, message).hint(format!("{more}`{}` lists the jobs", self.global.command("jobs")))
    }
}

/// The store of these settings.
///
/// # Errors
/// If there is no store of the configured kind.
pub fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    let StoreSettings { kind, zstd_level, row_group_rows_max } = &settings.store;
    Ok(stores::open(kind, &settings.data_dir, *zstd_level, *row_group_rows_max)?)
}
