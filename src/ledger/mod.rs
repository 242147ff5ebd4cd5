//! The ledger: small, fsynced truth beside the file. SQLite, one writer thread with group commit, read-only readers.
//!
//! | file | idea |
//! |---|---|
//! | [`schema`] | migrations, from version 1 on |
//! | [`writer`] | the one writing connection, behind a queue: what waits together is committed together |
//! | `jobs`, `groups` | what the writer does with one request |
//! | [`answers`] | what was concluded about selected alleles: the same, and the reading of it |
//! | [`replays`] | dead letters that are replayed or dropped: the same, and the reading of it |
//! | [`read`] | short reads on read-only connections, beside a running writer |
//!
//! A call is durable when its [`Reply`] resolves.

pub mod answers;
mod groups;
mod jobs;
pub mod read;
pub mod replays;
pub mod schema;
pub mod writer;

use crate::delivery::job::JobState;
use crate::delivery::segment::SegmentSet;
use crate::domain::counts::JobEnd;
use crate::domain::dead::DeadLetter;
use crate::domain::digest::DigestSum;
use crate::domain::ids::{FileDigest, JobId};
use crate::domain::receipt::{Certificate, ReceiptError};
use crate::domain::selection::Selection;
use crate::domain::warning::Warning;

pub use answers::{Analysis, AnswerBatch, AnswerCounts, PendingSegment};
pub use read::LedgerReader;
pub use writer::{Ledger, Mode, Reply};

/// A file that wants to become, or go on as, a job.
#[derive(Clone)]
pub struct OpenJob {
    /// Whose.
    pub tenant: String,
    /// SHA-256 of the whole file; `None` for standard input: always a new job.
    pub file_digest: Option<FileDigest>,
    /// Layout digest: row schema version, reference, segment limits.
    pub layout: String,
    /// As named by the user, `-` for standard input.
    pub file: String,
    /// Bytes as stored, 0 if not known yet.
    pub bytes: u64,
    /// Header text as read.
    pub header: Vec<u8>,
    /// Sample columns.
    pub samples: u64,
    /// Where the header tells.
    pub assembly: Option<String>,
    /// The triage configuration that selects for this job, as canonical text; kept when a job is resumed.
    pub triage: String,
    /// Names a job whose bytes are not known yet.
    pub random: u64,
    /// Wall clock (ms since 1970).
    pub now_ms: u64,
}

/// The home's answer to [`OpenJob`].
#[derive(Clone)]
pub struct JobAccepted {
    /// The job.
    pub job: JobId,
    /// 1, and one more after FAILED, CANCELLED or DELETED.
    pub run: u32,
    /// Open or Stalled: go on (Stalled became Open); Publishing: boot finishes it; Complete: nothing to do.
    pub state: JobState,
    /// Whether it existed before.
    pub resumed: bool,
    /// The triage text that is in force for it.
    pub triage: String,
    /// Segments in the sink.
    pub done: SegmentSet,
    /// Ordinals of records known to be poison at the parse stage: dead letters unseen.
    pub poison: Vec<u64>,
    /// The unfinished job of another layout that was cancelled for this one: its rows are to be discarded.
    pub cancelled: Option<JobId>,
    /// The complete job of the same file and another layout, to be replaced once this one is complete.
    pub replaces: Option<JobId>,
}

/// One committed segment, as the sink knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SegmentDone {
    /// 0-based number.
    pub segment: u32,
    /// Ordinal of its first data line.
    pub first_ordinal: u64,
    /// Data lines.
    pub records: u64,
    /// Of these, dead at the parse stage.
    pub dead_records: u64,
    /// ALT entries of the sound ones, stored or dead.
    pub alleles: u64,
    /// Sound records without ALT, stored or dead.
    pub no_alt: u64,
    /// Rows stored.
    pub rows: u64,
    /// Sum of the row digests of the stored rows.
    pub digest_sum: DigestSum,
    /// Sum of the line digests of the stored records.
    pub line_digest_sum: DigestSum,
    /// Rows selected by triage, of the stored ones.
    pub selected: u64,
    /// One bit per stored row, low bit first; empty when nothing is selected.
    pub selection: Vec<u8>,
    /// Stored rows dropped, by clause.
    pub dropped: Vec<(String, u64)>,
}

/// Which records a committed segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentBounds {
    /// 0-based number.
    pub segment: u32,
    /// Ordinal after its last data line.
    pub end_ordinal: u64,
    /// Rows stored.
    pub rows: u64,
}

/// What triage decided about a segment's stored rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SegmentSelection {
    /// 0-based number.
    pub segment: u32,
    /// Rows selected.
    pub selected: u64,
    /// One bit per stored row, low bit first; empty when nothing is selected.
    pub selection: Vec<u8>,
    /// Rows dropped, by clause.
    pub dropped: Vec<(String, u64)>,
}

impl SegmentSelection {
    /// As it is kept.
    pub fn new(segment: u32, selection: &Selection) -> Self {
        Self {
            segment,
            selected: selection.selected,
            selection: if selection.selected == 0 { Vec::new() } else { selection.bits.bytes().to_vec() },
            dropped: selection.dropped.iter().map(|(clause, n)| ((*clause).to_owned(), *n)).collect(),
        }
    }
}

/// One group: everything that becomes true in one transaction.
#[derive(Clone)]
pub struct GroupCommit {
    /// The job.
    pub job: JobId,
    /// The store's group; `None` if every record of its segments is dead.
    pub staged: Option<(String, u64)>,
    /// Its segments.
    pub segments: Vec<SegmentDone>,
    /// Records of these segments that are not stored.
    pub dead: Vec<DeadLetter>,
    /// Wall clock (ms since 1970).
    pub now_ms: u64,
}

/// What a committed group leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Dead letters of the job so far.
    pub dead_letters: u64,
}

/// A job as the ledger knows it.
#[derive(Clone)]
pub struct JobRow {
    /// The job.
    pub job: JobId,
    /// Whose.
    pub tenant: String,
    /// Run number.
    pub run: u32,
    /// State.
    pub state: JobState,
    /// Receipt revision.
    pub revision: u32,
    /// As named by the user.
    pub file: String,
    /// SHA-256, once known.
    pub file_digest: Option<FileDigest>,
    /// Layout digest.
    pub layout: String,
    /// Bytes as stored.
    pub bytes: u64,
    /// Sample columns.
    pub samples: u64,
    /// Assembly.
    pub assembly: Option<String>,
    /// Triage text in force.
    pub triage: String,
    /// The parser's counts, once it reached the end.
    pub end: Option<JobEnd>,
    /// Stored with PUBLISHING.
    pub certificate: Option<Certificate>,
    /// Why it failed.
    pub error: Option<ReceiptError>,
    /// Wall clock (ms since 1970) of the first acceptance.
    pub started_at_ms: u64,
    /// Of the last acceptance (a resumed job).
    pub resumed_at_ms: u64,
    /// Of the end, whatever it was.
    pub finished_at_ms: Option<u64>,
}

impl JobRow {
    /// Whether its bytes came through a pipe and cannot be had again: then its name is random, not made of the bytes.
    pub fn is_pipe(&self) -> bool {
        let name = |digest: &FileDigest| JobId::derive(&self.tenant, digest, &self.layout, self.run);
        self.file_digest.as_ref().is_none_or(|digest| name(digest) != self.job)
    }
}

/// Sums over a job's committed segments and dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobSums {
    /// Segments committed.
    pub segments: u32,
    /// Sums of the [`SegmentDone`] fields; `segment`, `first_ordinal` and `selection` are unused.
    pub total: SegmentDone,
    /// Rows of dead letters of stage `store`.
    pub dead_rows: u64,
    /// Their digest sum.
    pub dead_digest_sum: DigestSum,
    /// Their line digest sum.
    pub dead_line_digest_sum: DigestSum,
    /// All dead letters.
    pub dead_letters: u64,
    /// What became of the selected rows.
    pub answers: AnswerCounts,
    /// Kinds of providers that were asked about them.
    pub providers: Vec<String>,
    /// Of these, those that somebody dropped.
    pub dropped_dead: u64,
    /// What the records of published replays count as, and counted as before.
    pub replayed: replays::ReplaySums,
}

/// An event waiting for those who follow the outbox (notifier, projections).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Grows by one.
    pub seq: u64,
    /// Wall clock (ms since 1970).
    pub at_ms: u64,
    /// The job.
    pub job: Option<String>,
    /// `job_accepted`, `group_committed`, `job_stalled`, `job_publishing`, `job_complete`, `job_failed`, `job_cancelled`, ….
    pub kind: String,
    /// A JSON object.
    pub payload: String,
}

/// How the process before this one ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastProcess {
    /// Its pid.
    pub pid: u32,
    /// Whether it said goodbye.
    pub clean: bool,
    /// Segments it committed.
    pub progress: u64,
}
