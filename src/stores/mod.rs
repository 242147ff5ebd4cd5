//! Stores: where rows live. One file per kind; nothing outside this folder knows which kind it is.
//!
//! A job's rows are written in groups into *staging*, where no reader looks, and made visible all at once by
//! [`Store::publish`]. Every call blocks, may be repeated, and is durable when it returns.

use std::ops::Range;
use std::path::Path;

use crate::domain::answer::Answer;
use crate::domain::digest::DigestSum;
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;
use std::sync::Arc;

pub mod find;
pub mod parquet;

pub use find::Find;
pub use parquet::table;

/// The kinds that can be configured.
pub const KINDS: &[&str] = &["parquet"];

/// Opens the store of this kind in a data directory.
///
/// # Errors
/// `Permanent` for an unknown kind.
pub fn open(kind: &str, root: &Path, zstd_level: i32, row_group_rows_max: usize) -> Result<Arc<dyn Store>, Fault> {
    match kind {
        "parquet" => Ok(Arc::new(parquet::Parquet::new(root, zstd_level, row_group_rows_max)?)),
        other => Err(Fault::permanent(format!("`{other}` is not a store that is built in: {}", KINDS.join(", ")))),
    }
}

/// A group that is durable in staging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedGroup {
    /// The store's own name for it; the ledger keeps it.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

/// Which of the columns that are not always needed a reader looks at. The numbers, ID, REF, ALT and FILTER always come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts {
    /// INFO.
    pub info: bool,
    /// FORMAT and the samples.
    pub samples: bool,
    /// What a line needs to be written again byte for byte: the text of QUAL, and whole lines that are odd.
    pub as_read: bool,
    /// What the file's annotator says, and who each allele is.
    pub annotations: bool,
}

impl Texts {
    /// What the lines of the file are made of.
    pub const LINES: Self = Self { info: true, samples: true, as_read: true, annotations: false };
    /// All of it.
    pub const ALL: Self = Self { annotations: true, ..Self::LINES };
}

/// Takes a batch of answers.
pub type Take<'t> = dyn FnMut(&[Answer]) -> Result<(), Fault> + 't;

/// Gives answers, batch by batch, to the function that it gets.
pub type Fill<'f> = dyn FnMut(&mut Take<'_>) -> Result<(), Fault> + 'f;

/// What a scan of a job's rows found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreScan {
    /// Rows.
    pub rows: u64,
    /// Digests recomputed from the stored columns.
    pub digest_sum: DigestSum,
    /// Rows whose (ordinal, ALT index) was met before.
    pub duplicates: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

/// A place for rows. Blocking; called from worker threads, several at once, for one job by one process.
pub trait Store: Send + Sync + 'static {
    /// Makes one group durable in staging: `segments` are (segment number, rows), ascending. File synced, renamed, folder
    /// synced before it returns. `block` is the aligned block of 16 segments; a block may come in several groups.
    ///
    /// # Errors
    /// `Unavailable` if the disk is full or broken; nothing of the group is left then (or is removed at the next boot).
    fn write_group(&self, job: &JobId, block: u32, segments: &[(u32, Arc<Rows>)]) -> Result<StagedGroup, Fault>;

    /// Whether a group of these rows can be encoded, without writing anything: the trial for poison.
    ///
    /// # Errors
    /// As [`Store::write_group`].
    fn try_encode(&self, rows: &Rows) -> Result<(), Fault>;

    /// At boot: removes everything staged for `job` that is not in `known`, and leftovers of unfinished writes; returns
    /// the names in `known` that are *not* there.
    ///
    /// # Errors
    /// If the store cannot be read or cleaned.
    fn recover(&self, job: &JobId, known: &[String]) -> Result<Vec<String>, Fault>;

    /// Jobs that have anything staged.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn staged_jobs(&self) -> Result<Vec<JobId>, Fault>;

    /// Removes everything staged for `job`.
    ///
    /// # Errors
    /// If the store cannot be cleaned.
    fn discard(&self, job: &JobId) -> Result<(), Fault>;

    /// Merges blocks that came in several groups, so that the rows of a job are in order of (ordinal, ALT index) across
    /// its groups in name order. Returns the groups that replaced others: (new group, names it replaced). The new ones are durable; the old
    /// ones are still there and are removed by `recover` once the ledger knows the new.
    ///
    /// # Errors
    /// As [`Store::write_group`].
    fn merge(&self, job: &JobId, known: &[String]) -> Result<Vec<(StagedGroup, Vec<String>)>, Fault>;

    /// Scans the job's rows, staged or published, and recomputes their digests from the columns.
    ///
    /// # Errors
    /// If a file is missing, torn or not ours.
    fn scan(&self, job: &JobId) -> Result<StoreScan, Fault>;

    /// Makes the staged rows of a job visible, all at once, and durable. Finishes what a crash interrupted; done already is fine.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails; a job with nothing staged and nothing published is published as an empty job.
    fn publish(&self, job: &JobId) -> Result<(), Fault>;

    /// Removes a job's rows, staged and published.
    ///
    /// # Errors
    /// If the store cannot be cleaned.
    fn delete(&self, job: &JobId) -> Result<(), Fault>;

    /// Calls `each` with the job's rows (staged or published) in order, in batches that never split a record.
    ///
    /// # Errors
    /// If a file cannot be read, or `each` fails.
    fn read(&self, job: &JobId, each: &mut dyn FnMut(&Rows) -> Result<(), Fault>) -> Result<(), Fault>;

    /// As [`Store::read`], for a reader that looks at some columns only: the others may be null.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn read_some(
        &self,
        job: &JobId,
        texts: Texts,
        each: &mut dyn FnMut(&Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let _ = texts;
        self.read(job, each)
    }

    /// Ordinal and ALT index of the rows of a published job's records with these ordinals, in order, which stand in this group
    /// and in replays.
    ///
    /// # Errors
    /// If the group is not there or cannot be read.
    fn keys(&self, job: &JobId, group: Option<&str>, ordinals: Range<u64>) -> Result<Vec<(i64, i32)>, Fault>;

    /// The rows of a published job's records with these ordinals, in order, which stand in this group and in replays. The ranges
    /// ascend and do not touch.
    ///
    /// # Errors
    /// If the group is not there or cannot be read.
    fn read_records(&self, job: &JobId, group: Option<&str>, ordinals: &[Range<u64>]) -> Result<Rows, Fault>;

    /// Whether what was concluded about a job's alleles is where readers look.
    ///
    /// # Errors
    /// If the store cannot be looked at.
    fn has_assessments(&self, job: &JobId) -> Result<bool, Fault>;

    /// The records of a job (staged or published) that are looked for, in order, so many at most.
    ///
    /// # Errors
    /// If a file cannot be read.
    fn find(&self, job: &JobId, what: &Find, records_max: usize) -> Result<Rows, Fault> {
        let mut found = Rows::default();
        self.read(job, &mut |rows| {
            find::gather(what, rows, &mut found, records_max);
            Ok(())
        })?;
        Ok(found)
    }

    /// Puts what was concluded about a job's alleles where readers look, in place of what was there, all at once and durable.
    /// `fill` gives the answers, batch by batch, to the function that it gets. Returns how many there were.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails: what was there stays; otherwise as `fill`.
    fn write_assessments(&self, job: &JobId, fill: &mut Fill<'_>) -> Result<u64, Fault>;
    /// Makes the rows of replayed dead letters, in order of (ordinal, ALT index), durable where no reader looks: an addition to a
    /// published job, one for each receipt revision. Staged again, it takes the place of the first.
    ///
    /// # Errors
    /// As [`Store::write_group`]; `Permanent` if the job's rows have other columns than this version writes.
    fn stage_replay(&self, job: &JobId, revision: u32, rows: &Rows) -> Result<StagedGroup, Fault>;

    /// As [`Store::scan`], of the job as it will be once this staged replay is published.
    ///
    /// # Errors
    /// As [`Store::scan`].
    fn scan_with_replay(&self, job: &JobId, name: &str) -> Result<StoreScan, Fault>;

    /// Makes a staged replay visible, all at once, and durable; nothing else of the job changes. Done already is fine. False if it is neither
    /// staged nor visible.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails.
    fn publish_replay(&self, job: &JobId, name: &str) -> Result<bool, Fault>;

    /// Removes every replay that is staged and not published, of all jobs.
    ///
    /// # Errors
    /// If the store cannot be cleaned.
    fn discard_replays(&self) -> Result<(), Fault>;

    /// A query of a published job's rows that a user can type as it stands, and into what; `None` if there is no such thing.
    fn query(&self, job: &JobId) -> Option<String> {
        let _ = job;
        None
    }
}
