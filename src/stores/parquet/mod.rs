//! The default store: a dataset of Parquet files, one per group, one folder per job.
//!
//! ```text
//! DATA/staging/JOB/part-BLOCK-SEGMENT.parquet     while the job runs: no reader looks here
//! DATA/alleles/job=JOB/part-….parquet             once its certificate holds: one rename of the folder
//! DATA/assessments/job=JOB/assessments.parquet    what was concluded about selected alleles
//! DATA/alleles/job=JOB/replay-REVISION.parquet    dead letters that were replayed: one rename of the file
//! ```
//!
//! | file | idea |
//! |---|---|
//! | [`schema`] | the columns, how each is encoded |
//! | [`convert`] | rows ⇄ Arrow |
//! | [`encode`] | rows → file, in pieces |
//! | [`batches`] | file → rows, in batches |
//! | [`mod@find`] | records that are looked for, without reading all |
//! | [`merge`] | several files of a block → one |
//! | [`assessments`] | what was concluded → a file |
//! | [`ordered`] | several files → rows in the order of the records |
//! | [`replays`] | files that are added to a published job |
//! | [`scan`] | digests from the columns |
//! | [`table`] | rows, and what is known beside them → one file for people |

pub mod assessments;
pub mod batches;
pub mod convert;
pub mod encode;
pub mod find;
pub mod merge;
pub mod ordered;
pub mod replays;
pub mod scan;
pub mod schema;
pub mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;

use self::encode::Encoder;
use super::{Fill, Find, StagedGroup, Store, StoreScan, Texts};
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::durable;
use crate::fault::Fault;

/// See the module.
pub struct Parquet {
    staging: PathBuf,
    published: PathBuf,
    assessments: PathBuf,
    zstd_level: i32,
    row_group_rows_max: usize,
    /// Jobs whose folder in staging this process has made durable.
    made: Mutex<BTreeSet<JobId>>,
}

impl Parquet {
    /// A store in the data directory `root`. Nothing is created before something is written.
    ///
    /// # Errors
    /// `Permanent` for a level that zstd does not have.
    pub fn new(root: &Path, zstd_level: i32, row_group_rows_max: usize) -> Result<Self, Fault> {
        schema::compression(zstd_level)?;
        let (staging, published, made) = (root.join("staging"), root.join("alleles"), Mutex::default());
        let assessments = root.join("assessments");
        Ok(Self { staging, published, assessments, zstd_level, row_group_rows_max, made })
    }

    fn staged(&self, job: &JobId) -> PathBuf {
        self.staging.join(job.as_str())
    }

    /// The job's folder in staging. Its name is durable when this returns, whoever made it: another thread may be about to sync it, a
    /// former process may have died before it did.
    fn make_staged(&self, job: &JobId) -> Result<PathBuf, Fault> {
        let folder = self.staged(job);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(job) || !folder.is_dir() {
            durable::create_folder(&folder)?;
            durable::sync_folder(&self.staging)?;
            durable::sync_folder(self.staging.parent().unwrap_or(Path::new(".")))?;
            made.insert(job.clone());
        }
        Ok(folder)
    }

    fn visible(&self, job: &JobId) -> PathBuf {
        self.published.join(format!("job={job}"))
    }

    /// Where the job's files are: staged, or published.
    fn folder(&self, job: &JobId) -> PathBuf {
        let staged = self.staged(job);
        if staged.is_dir() { staged } else { self.visible(job) }
    }

    /// The files in which records of a group may stand.
    fn with_replays(&self, job: &JobId, group: Option<&str>) -> Result<Vec<PathBuf>, Fault> {
        let folder = self.folder(job);
        let (_, mut files) = replays::apart(paths(&folder)?);
        files.extend(group.map(|group| folder.join(group)));
        Ok(files)
    }

    /// Encodes segments into `out`; returns the rows.
    fn encode<W: std::io::Write + Send>(&self, job: Option<&JobId>, parts: &[&Rows], out: W) -> Result<u64, Fault> {
        let mut encoder = Encoder::new(out, schema::arrow(), self.properties(job)?)?;
        for part in parts {
            trip(part);
            encoder.write_rows(part)?;
        }
        encoder.close()
    }

    fn properties(&self, job: Option<&JobId>) -> Result<WriterProperties, Fault> {
        schema::properties(job, self.zstd_level, self.row_group_rows_max)
    }

    /// Writes a file whose rows `fill` puts into it, and counts.
    fn write_file(
        &self,
        job: &JobId,
        name: &str,
        fill: &mut dyn FnMut(&mut File) -> Result<u64, Fault>,
    ) -> Result<StagedGroup, Fault> {
        let folder = self.make_staged(job)?;
        let mut rows = 0;
        let bytes = durable::write_durably(&folder, name, |file| {
            rows = fill(file)?;
            Ok(())
        })?;
        Ok(StagedGroup { name: name.to_owned(), rows, bytes })
    }
}

pub(super) fn parquet_fault(error: ParquetError) -> Fault {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => Fault::io("cannot write Parquet", &io),
            Err(other) => Fault::permanent(format!("Parquet: {other}")),
        },
        other => Fault::permanent(format!("Parquet: {other}")),
    }
}

/// The Parquet files of a folder, in name order; none if there is no folder (a job without rows, or rows that were taken away: what
/// is missing shows in the certificate).
fn paths(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let names = durable::list(folder)?.into_iter().filter(|name| name.ends_with(".parquet") && !name.starts_with('.'));
    Ok(names.map(|name| folder.join(name)).collect())
}

/// The block in a file's name.
fn block_of(name: &str) -> Option<u32> {
    name.strip_prefix("part-")?.get(..8)?.parse().ok()
}

impl Store for Parquet {
    fn write_group(&self, job: &JobId, block: u32, segments: &[(u32, Arc<Rows>)]) -> Result<StagedGroup, Fault> {
        let first = segments.first().map_or(0, |(segment, _)| *segment);
        let parts: Vec<&Rows> = segments.iter().map(|(_, rows)| &**rows).collect();
        let name = format!("part-{block:08}-{first:08}.parquet");
        self.write_file(job, &name, &mut |file| self.encode(Some(job), &parts, file))
    }

    fn try_encode(&self, rows: &Rows) -> Result<(), Fault> {
        self.encode(None, &[rows], std::io::sink()).map(drop)
    }

    fn recover(&self, job: &JobId, known: &[String]) -> Result<Vec<String>, Fault> {
        let folder = self.folder(job);
        let is_staged = folder.starts_with(&self.staging);
        let mut lost: Vec<String> = known.to_vec();
        let mut removed = false;
        for name in durable::list(&folder)? {
            if let Some(at) = lost.iter().position(|known| *known == name) {
                lost.swap_remove(at);
            } else if is_staged {
                durable::remove(&folder.join(name))?;
                removed = true;
            }
        }
        if removed {
            // Otherwise a power cut after publishing might bring back what was merged, for every reader to see twice.
            durable::sync_folder(&folder)?;
        }
        lost.sort();
        Ok(lost)
    }

    fn staged_jobs(&self) -> Result<Vec<JobId>, Fault> {
        Ok(durable::list(&self.staging)?.iter().filter_map(|name| JobId::parse(name)).collect())
    }

    fn discard(&self, job: &JobId) -> Result<(), Fault> {
        durable::remove_folder(&self.staged(job))
    }

    fn merge(&self, job: &JobId, known: &[String]) -> Result<Vec<(StagedGroup, Vec<String>)>, Fault> {
        let mut blocks: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for name in known {
            if let Some(block) = block_of(name) {
                blocks.entry(block).or_default().push(name.clone());
            }
        }
        let mut merged = Vec::new();
        for (block, names) in blocks.into_iter().filter(|(_, names)| names.len() > 1) {
            // A name that none of them has: they must stay until the ledger knows the new one.
            let free = (1u32..).map(|nth| format!("part-{block:08}-merged{nth}.parquet"));
            let name = free.into_iter().find(|name| !names.contains(name)).expect("names do not run out");
            let files: Vec<PathBuf> = names.iter().map(|name| self.staged(job).join(name)).collect();
            let group =
                self.write_file(job, &name, &mut |file| merge::merge(&files, file, self.properties(Some(job))?))?;
            merged.push((group, names));
        }
        Ok(merged)
    }

    fn scan(&self, job: &JobId) -> Result<StoreScan, Fault> {
        let (groups, replays) = replays::apart(paths(&self.folder(job))?);
        scan::scan(&groups, &replays)
    }

    fn publish(&self, job: &JobId) -> Result<(), Fault> {
        let (staged, visible) = (self.staged(job), self.visible(job));
        durable::create_folder(&self.published)?;
        if !visible.is_dir() {
            durable::create_folder(&staged)?;
        }
        crate::crash_point("publish_before_rename");
        if staged.is_dir() {
            durable::rename(&staged, &visible)?;
        }
        crate::crash_point("publish_after_rename");
        durable::sync_folder(&self.published)?;
        durable::create_folder(&self.staging)?;
        durable::sync_folder(&self.staging)
    }

    fn delete(&self, job: &JobId) -> Result<(), Fault> {
        self.discard(job)?;
        durable::remove_folder(&replays::staged(self, job))?;
        let (visible, gone) = (self.visible(job), self.staging.join(format!(".deleted-{job}")));
        // What a crash has left of an earlier deletion.
        durable::remove_folder(&gone)?;
        if visible.is_dir() {
            // Out of the readers' sight at once, then away.
            durable::create_folder(&self.staging)?;
            durable::rename(&visible, &gone)?;
            durable::sync_folder(&self.published)?;
            durable::remove_folder(&gone)?;
        }
        durable::remove_folder(&self.assessments.join(format!("job={job}")))?;
        // So that no power cut brings it back.
        if self.staging.is_dir() { durable::sync_folder(&self.staging) } else { Ok(()) }
    }

    fn read(&self, job: &JobId, each: &mut dyn FnMut(&Rows) -> Result<(), Fault>) -> Result<(), Fault> {
        self.read_some(job, Texts::ALL, each)
    }

    fn read_some(
        &self,
        job: &JobId,
        texts: Texts,
        each: &mut dyn FnMut(&Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (groups, replays) = replays::apart(paths(&self.folder(job))?);
        ordered::read(&groups, &replays, &schema::columns(texts), each)
    }

    fn find(&self, job: &JobId, what: &Find, records_max: usize) -> Result<Rows, Fault> {
        find::find(&paths(&self.folder(job))?, what, records_max)
    }

    fn stage_replay(&self, job: &JobId, revision: u32, rows: &Rows) -> Result<StagedGroup, Fault> {
        replays::stage(self, job, revision, rows)
    }

    fn scan_with_replay(&self, job: &JobId, name: &str) -> Result<StoreScan, Fault> {
        let (groups, mut replays) = replays::apart(paths(&self.folder(job))?);
        replays.push(replays::staged(self, job).join(name));
        scan::scan(&groups, &replays)
    }

    fn publish_replay(&self, job: &JobId, name: &str) -> Result<bool, Fault> {
        replays::publish(self, job, name)
    }

    fn discard_replays(&self) -> Result<(), Fault> {
        replays::discard_all(self)
    }

    fn keys(&self, job: &JobId, group: Option<&str>, ordinals: Range<u64>) -> Result<Vec<(i64, i32)>, Fault> {
        ordered::keys(&self.with_replays(job, group)?, &ordinals)
    }

    fn read_records(&self, job: &JobId, group: Option<&str>, ordinals: &[Range<u64>]) -> Result<Rows, Fault> {
        ordered::read_records(&self.with_replays(job, group)?, ordinals)
    }

    fn has_assessments(&self, job: &JobId) -> Result<bool, Fault> {
        let folder = self.assessments.join(format!("job={job}"));
        Ok(durable::list(&folder)?.iter().any(|name| name == "assessments.parquet"))
    }

    fn write_assessments(&self, job: &JobId, fill: &mut Fill<'_>) -> Result<u64, Fault> {
        let folder = self.assessments.join(format!("job={job}"));
        durable::create_folder(&folder)?;
        durable::sync_folder(&self.assessments)?;
        durable::sync_folder(self.assessments.parent().unwrap_or(Path::new(".")))?;
        let mut count = 0;
        durable::write_durably(&folder, "assessments.parquet", |file| {
            count = assessments::write(file, job, self.zstd_level, fill)?;
            Ok(())
        })?;
        Ok(count)
    }

    fn query(&self, job: &JobId) -> Option<String> {
        // In SQL a quote inside of a text is doubled.
        let files = self.visible(job).join("*.parquet").display().to_string().replace('\'', "''");
        Some(format!("DuckDB: SELECT chrom, pos, \"ref\", alt, qual, filter FROM '{files}' LIMIT 10"))
    }
}

/// Where torture tests let a record end the process, or panic, while it is encoded.
#[cfg(feature = "failpoints")]
fn trip(rows: &Rows) {
    for row in 0..rows.len() {
        let (chrom, pos) = (rows.contigs.name(rows.contig[row]), rows.pos[row].to_string());
        if crate::failpoint_at("encode_record_abort", chrom, &pos) {
            std::process::abort();
        }
        assert!(!crate::failpoint_at("encode_record_panic", chrom, &pos), "failpoint encode_record_panic");
    }
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
fn trip(_: &Rows) {}
