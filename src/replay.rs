//! Dead letters tried again: from the command to rows among those of a complete job, under the data directory's lock.
//!
//! | file | idea |
//! |---|---|
//! | [`text`] | which text is tried |
//! | [`trial`] | whether it is a sound record now |
//! | [`segments`] | what the segments of the replayed records become |
//! | [`pace`] | how fast |
//!
//! Letters are tried in batches; the sound ones of a batch are published together, as one file and one revision of the receipt:
//! rows durable in staging → certificate of store and rows → intent in the ledger → rename → the ledger makes it true. A crash before the
//! intent leaves rows that nobody knows, which are removed; after it, the next start, or the same command, finishes the rest.

pub mod pace;
pub mod segments;
pub mod text;
pub mod trial;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use self::pace::Pace;
use self::text::Texts;
use self::trial::{Candidate, Tried, rows_of, try_all};
use crate::actors::isolate::{Isolation, StoreTrial};
use crate::actors::parsing::Parsing;
use crate::actors::replays::{finish_replay, finish_replays};
use crate::config::{Settings, StoreSettings};
use crate::data_dir::{DataDir, OpenError};
use crate::delivery::job::JobState;
use crate::domain::dead::{Counted, DeadLetter, DeadStage};
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;
use crate::ledger::replays::{Begun, Pick, Replay, Replayed};
use crate::ledger::{JobRow, JobSums, Ledger, LedgerReader, Mode};
use crate::report::{certify, now_ms};
use crate::run::{Shutdown, open_reference};
use crate::stores::{self, Store};
use crate::triage::{Rule, Selector};
use crate::vcf::header::{self, Header};
use crate::vcf::parse::ParseContext;

/// Most letters, and most text (bytes), that are published together.
const BATCH_RECORDS_MAX: usize = 4096;
const BATCH_BYTES_MAX: usize = 16 << 20;

/// With a rate, what was tried is published after so long (ms).
const BATCH_AGE_MAX_MS: u64 = 10_000;

/// Dead letters read at once.
const PAGE: usize = 64;

/// What to replay, and how.
pub struct ReplayRequest {
    /// The job.
    pub job: JobId,
    /// Which of its dead letters.
    pub pick: Pick,
    /// The text for the one letter that is picked, without line end.
    pub edit: Option<Vec<u8>>,
    /// Letters a second at most.
    pub rate: Option<u64>,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Who wants it.
    pub by: String,
    /// Wait for the data directory's lock instead of refusing.
    pub wait: bool,
    /// This program, to try letters in a process of their own; `None` where there is no such program.
    pub program: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Replays {
    /// Receipt revision afterwards.
    pub revision: u32,
    /// Letters that are records now (in a dry run: that would be).
    pub replayed: u64,
    /// Of these, with another text than the file's.
    pub edited: u64,
    /// Their rows.
    pub rows: u64,
    /// Letters that were tried and are still dead, by reason.
    pub still_dead: BTreeMap<String, u64>,
    /// Letters that could not be tried, by why.
    pub not_tried: BTreeMap<String, u64>,
    /// Whether somebody stopped it before all were tried.
    pub interrupted: bool,
}

/// Why a replay could not begin, or had to stop.
#[derive(Debug)]
pub enum ReplayError {
    /// Another process writes to the data directory.
    Busy(String),
    /// Ledger, store or the file failed.
    Fault(Fault),
    /// The job is not complete.
    NotComplete(JobState),
    /// The text that was given is no record either: reason and detail.
    Edit(String, String),
    /// What is stored does not add up, before or with the replay: nothing was published.
    NoProof(String),
}

impl From<Fault> for ReplayError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<OpenError> for ReplayError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Busy { .. } => Self::Busy(error.to_string()),
            OpenError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// A data directory that is written to without a run.
pub struct Desk {
    _lock: DataDir,
    /// The ledger.
    pub ledger: Ledger,
    /// The store.
    pub store: Arc<dyn Store>,
}

impl Desk {
    /// Takes the lock, and finishes what an earlier replay has begun.
    ///
    /// # Errors
    /// If another process writes there, or ledger or store fail.
    pub fn open(settings: &Settings, wait: bool) -> Result<Self, ReplayError> {
        let lock = DataDir::lock(&settings.data_dir, wait)?;
        let ledger = Ledger::open(lock.path(), Mode::Thread)?;
        let StoreSettings { kind, zstd_level, row_group_rows_max } = &settings.store;
        let store = stores::open(kind, lock.path(), *zstd_level, *row_group_rows_max)?;
        finish_replays(&ledger, &*store, now_ms())?;
        Ok(Self { _lock: lock, ledger, store })
    }
}

/// Replays letters until all were tried or `shutdown` turns true.
///
/// # Errors
/// As [`ReplayError`] says; what was published before stays.
pub fn replay(settings: &Settings, request: ReplayRequest, shutdown: &Shutdown) -> Result<Replays, ReplayError> {
    let desk = if request.dry_run { None } else { Some(Desk::open(settings, request.wait)?) };
    let reader = match &desk {
        Some(desk) => desk.ledger.reader()?,
        None => LedgerReader::open(&settings.data_dir)?,
    };
    let row = job_row(&reader, &request.job)?;
    if row.state != JobState::Complete {
        return Err(ReplayError::NotComplete(row.state));
    }
    let StoreSettings { kind, zstd_level, row_group_rows_max } = settings.store.clone();
    let store = match &desk {
        Some(desk) => desk.store.clone(),
        None => stores::open(&kind, &settings.data_dir, zstd_level, row_group_rows_max)?,
    };
    let header = header::parse(&reader.header(&row.job)?).map_err(|error| Fault::permanent(error.to_string()))?;
    let trial = StoreTrial { kind, zstd_level, row_group_rows_max };
    let mut replaying = Replaying {
        desk,
        store,
        parsing: parsing(settings, &row, &header)?,
        isolation: request.program.clone().map(|program| Isolation { program: Arc::new(program), store: trial }),
        rule: Rule::from_text(&row.triage)?.for_file(&header),
        done: Replays { revision: row.revision, ..Replays::default() },
        request,
    };
    replaying.run(&reader, &mut Texts::new(&row, &settings.read), shutdown)?;
    Ok(replaying.done)
}

/// The way in which the job's lines became rows: with the same reference, or without one.
fn parsing(settings: &Settings, row: &JobRow, header: &Header) -> Result<Parsing, Fault> {
    let reference = settings.reference.as_deref().map(open_reference).transpose()?;
    let said = |digest: Option<&str>| format!(" reference={}", digest.unwrap_or("none"));
    if !row.layout.contains(" reference=") {
        return Err(Fault::permanent(format!(
            "job {} was stored by an older version, whose rows have other columns: run its file again first",
            row.job
        )));
    }
    if !row.layout.ends_with(&said(reference.as_ref().map(|(_, digest)| digest.as_str()))) {
        return Err(Fault::permanent(format!(
            "job {} was stored with another `alleles.reference`, or without one: configure the same, so that replayed rows are like the others",
            row.job
        )));
    }
    let context = ParseContext::new(header, &settings.read).annotated(header, &settings.frequencies).0;
    Ok(Parsing { context: Arc::new(context), reference: reference.map(|(reference, _)| reference) })
}

fn job_row(reader: &LedgerReader, job: &JobId) -> Result<JobRow, Fault> {
    reader.job(job)?.ok_or_else(|| Fault::permanent(format!("job {job} is not in the ledger any more")))
}

/// Calls `each` with the dead letters that are meant, in the order of the file, until it says stop.
///
/// # Errors
/// If the ledger cannot be read, or `each` fails.
pub fn picked<E: From<Fault>>(
    reader: &LedgerReader,
    job: &JobId,
    pick: &Pick,
    each: &mut dyn FnMut(DeadLetter) -> Result<bool, E>,
) -> Result<(), E> {
    if let Pick::Records(ordinals) = pick {
        let mut ordinals = ordinals.clone();
        ordinals.sort_unstable();
        ordinals.dedup();
        for ordinal in ordinals {
            let found = reader.dead_letters(job, ordinal, 1)?.pop().filter(|letter| letter.ordinal == ordinal);
            if let Some(letter) = found
                && !each(letter)?
            {
                return Ok(());
            }
        }
        return Ok(());
    }
    let mut from = 0;
    loop {
        let page = reader.dead_letters(job, from, PAGE)?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
        let notes = reader.notes(job, first.ordinal, last.ordinal)?;
        from = last.ordinal + 1;
        for letter in page {
            let is_open = notes.get(&letter.ordinal).is_none_or(|note| note.dropped.is_none());
            let is_meant = is_open && !matches!(pick, Pick::Reason(reason) if *reason != letter.reason);
            if is_meant && !each(letter)? {
                return Ok(());
            }
        }
    }
}

struct Replaying {
    /// Absent in a dry run.
    desk: Option<Desk>,
    store: Arc<dyn Store>,
    parsing: Parsing,
    isolation: Option<Isolation>,
    rule: Selector,
    request: ReplayRequest,
    done: Replays,
}

impl Replaying {
    fn run(&mut self, reader: &LedgerReader, texts: &mut Texts<'_>, shutdown: &Shutdown) -> Result<(), ReplayError> {
        let (job, pick, edit) = (self.request.job.clone(), self.request.pick.clone(), self.request.edit.take());
        let mut pace = self.request.rate.map(|rate| Pace::new(rate, now_ms()));
        let (mut batch, mut bytes, mut begun_ms) = (Vec::new(), 0, now_ms());
        picked(reader, &job, &pick, &mut |letter| -> Result<bool, ReplayError> {
            let (text, edited) = match &edit {
                Some(text) => (Ok(text.clone()), true),
                None => (texts.of(&letter)?, false),
            };
            let text = match text {
                Ok(text) => text,
                Err(why) => {
                    *self.done.not_tried.entry(why.to_owned()).or_default() += 1;
                    return Ok(true);
                }
            };
            if is_asked_to_stop(pace.as_mut().map_or(0, |pace| pace.take(now_ms())), shutdown) {
                self.done.interrupted = true;
                return Ok(false);
            }
            bytes += text.len();
            batch.push(Candidate { letter, text, edited });
            let is_old = pace.is_some() && now_ms().saturating_sub(begun_ms) >= BATCH_AGE_MAX_MS;
            if batch.len() >= BATCH_RECORDS_MAX || bytes >= BATCH_BYTES_MAX || is_old {
                self.batch(reader, &std::mem::take(&mut batch))?;
                (bytes, begun_ms) = (0, now_ms());
            }
            Ok(true)
        })?;
        self.batch(reader, &batch)
    }

    fn batch(&mut self, reader: &LedgerReader, candidates: &[Candidate]) -> Result<(), ReplayError> {
        if candidates.is_empty() {
            return Ok(());
        }
        let select = |rows: &Rows| drop(self.rule.select(rows));
        let encode = |rows: &Rows| drop(self.store.try_encode(rows));
        let tried = try_all(&self.parsing, self.isolation.as_ref(), candidates, &[&select, &encode]);
        let (mut sound, mut dead) = (Vec::new(), Vec::new());
        for (candidate, tried) in candidates.iter().zip(&tried) {
            match tried {
                Tried::Sound(_, counted) => sound.push((replayed(candidate, counted), candidate.letter.stage)),
                Tried::Dead(reason, detail) if candidate.edited => {
                    return Err(ReplayError::Edit(reason.clone(), detail.clone()));
                }
                Tried::Dead(reason, detail) => dead.push((candidate.letter.ordinal, reason.clone(), detail.clone())),
            }
        }
        if !sound.is_empty() {
            self.publish(reader, &sound, &rows_of(&tried))?;
        }
        for (_, reason, _) in &dead {
            *self.done.still_dead.entry(reason.clone()).or_default() += 1;
        }
        if let (Some(desk), false) = (&self.desk, dead.is_empty()) {
            desk.ledger.still_dead(&self.request.job, dead, &self.request.by, now_ms()).wait()?;
        }
        Ok(())
    }

    fn publish(
        &mut self,
        reader: &LedgerReader,
        records: &[(Replayed, DeadStage)],
        rows: &Rows,
    ) -> Result<(), ReplayError> {
        if let Some(desk) = &self.desk {
            self.done.revision = publish(desk, reader, &self.rule, &self.request, records, rows)?;
        }
        self.done.replayed += records.len() as u64;
        self.done.edited += records.iter().filter(|(record, _)| record.edited.is_some()).count() as u64;
        self.done.rows += rows.len() as u64;
        Ok(())
    }
}

/// Store, certificate, intent, rename, ledger; returns the new revision.
fn publish(
    desk: &Desk,
    reader: &LedgerReader,
    rule: &Selector,
    request: &ReplayRequest,
    records: &[(Replayed, DeadStage)],
    rows: &Rows,
) -> Result<u32, ReplayError> {
    let (job, store) = (&request.job, &*desk.store);
    let row = job_row(reader, job)?;
    let revision = row.revision + 1;
    let segments = segments::with_rows((reader, store, rule), job, records, rows)?;
    let staged = store.stage_replay(job, revision, rows)?;
    crate::crash_point("replay_before_intent");
    let sums = with_records(reader.sums(job)?, records);
    let scan = store.scan_with_replay(job, &staged.name)?;
    let certificate = certify(&row, &sums, &scan).filter(|certificate| certificate.holds);
    let Some(certificate) = certificate else {
        store.discard_replays()?;
        return Err(ReplayError::NoProof(format!("the store does not hold what job {job} says: nothing was replayed")));
    };
    let begun = Begun { job: job.clone(), revision, group: staged.name.clone() };
    let intent = Replay {
        job: job.clone(),
        revision,
        group: (staged.name, staged.rows),
        certificate,
        records: records.iter().map(|(record, _)| record.clone()).collect(),
        segments,
        by: request.by.clone(),
        now_ms: now_ms(),
    };
    desk.ledger.begin_replay(intent).wait()?;
    finish_replay(&desk.ledger, store, &begun, now_ms())?;
    Ok(revision)
}

/// A job's sums as they are once these records are replayed, as far as a certificate asks.
fn with_records(mut sums: JobSums, records: &[(Replayed, DeadStage)]) -> JobSums {
    for (record, stage) in records {
        sums.replayed.add(record, *stage);
        if *stage == DeadStage::Store {
            sums.dead_rows -= record.was.rows().min(sums.dead_rows);
            sums.dead_digest_sum = sums.dead_digest_sum.less(record.was.digest_sum);
            sums.dead_line_digest_sum = sums.dead_line_digest_sum.less(record.was.line_digest_sum);
        }
    }
    sums
}

/// What is written down about a candidate that is a record now.
fn replayed(candidate: &Candidate, now: &Counted) -> Replayed {
    let Candidate { letter, text, edited } = candidate;
    let rows = u64::from(letter.rows);
    // Of the file's own text it is what it is now; of another it was one row, and ALT was `.`.
    let had_no_alt = if *edited {
        rows == 1 && letter.raw.split(|&byte| byte == b'\t').nth(4) == Some(b".")
    } else {
        now.no_alt > 0
    };
    let no_alt = rows.min(u64::from(had_no_alt));
    Replayed {
        ordinal: letter.ordinal,
        edited: edited.then(|| (DeadLetter::cut(text), text.len() as u64)),
        now: *now,
        was: Counted {
            alleles: rows - no_alt,
            no_alt,
            digest_sum: letter.digest_sum,
            line_digest_sum: letter.line_digest,
        },
    }
}

/// Waits, or hears sooner that somebody wants to stop.
fn is_asked_to_stop(wait_ms: u64, shutdown: &Shutdown) -> bool {
    if wait_ms == 0 || *shutdown.borrow() {
        return *shutdown.borrow();
    }
    let mut shutdown = shutdown.clone();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return true };
    let asked = async { shutdown.wait_for(|asked| *asked).await.is_ok() };
    // Without a sender nobody will ask: then it is only a wait.
    runtime.block_on(async {
        let wait = tokio::time::sleep(Duration::from_millis(wait_ms));
        tokio::pin!(wait);
        tokio::select! {
            biased;
            true = asked => true,
            () = &mut wait => false,
        }
    })
}
