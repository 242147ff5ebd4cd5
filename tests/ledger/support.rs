//! A ledger in a folder of its own, and plain values to put into it.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use vcf_agent::delivery::job::JobState;
use vcf_agent::domain::counts::JobEnd;
use vcf_agent::domain::dead::{DeadLetter, DeadStage};
use vcf_agent::domain::digest::DigestSum;
use vcf_agent::domain::ids::{FileDigest, JobId};
use vcf_agent::domain::receipt::Certificate;
use vcf_agent::fault::Kind;
use vcf_agent::ledger::{GroupCommit, JobRow, Ledger, LedgerReader, Mode, OpenJob, OutboxRow, SegmentDone};

/// Wall clock of every call that does not care.
pub const NOW_MS: u64 = 1_800_000_000_000;

/// A folder with a ledger.
pub struct Place {
    pub dir: TempDir,
    pub ledger: Ledger,
}

impl Place {
    pub fn new(mode: Mode) -> Self {
        // Memory where there is some: every call syncs.
        let shared_memory = Path::new("/dev/shm");
        let dir =
            if shared_memory.is_dir() { tempfile::tempdir_in(shared_memory) } else { tempfile::tempdir() }.unwrap();
        let ledger = Ledger::open(dir.path(), mode).unwrap();
        Self { dir, ledger }
    }

    /// Closes the ledger and opens it again, as the next process does.
    pub fn reopen(self, mode: Mode) -> Self {
        let Self { dir, ledger } = self;
        drop(ledger);
        let ledger = Ledger::open(dir.path(), mode).unwrap();
        Self { dir, ledger }
    }

    pub fn reader(&self) -> LedgerReader {
        self.ledger.reader().unwrap()
    }

    /// A second connection, with which nobody else would write.
    pub fn sql(&self) -> Connection {
        sql(self.dir.path())
    }

    /// A job that was just accepted.
    pub fn job(&self, file: u8) -> JobId {
        self.ledger.open_job(open(file)).wait().unwrap().job
    }

    pub fn row(&self, job: &JobId) -> JobRow {
        self.reader().job(job).unwrap().expect("the job")
    }

    pub fn events(&self) -> Vec<OutboxRow> {
        self.reader().outbox("notifier", 10_000).unwrap()
    }

    /// Moves a job along one arrow; PUBLISHING with a certificate that holds.
    pub fn become_state(&self, job: &JobId, next: JobState) -> Result<(), Kind> {
        let certificate = (next == JobState::Publishing).then_some(certificate(true));
        self.ledger.set_state(job, next, certificate, None, NOW_MS).wait().map_err(|fault| fault.kind)
    }
}

pub fn sql(dir: &Path) -> Connection {
    let connection = Connection::open(dir.join("ledger.db")).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
    connection
}

pub fn digest(file: u8) -> FileDigest {
    FileDigest([file; 32])
}

/// The file number `file` wants to become a job.
pub fn open(file: u8) -> OpenJob {
    OpenJob {
        tenant: "default".into(),
        file_digest: Some(digest(file)),
        layout: "layout 1".into(),
        file: format!("file-{file}.vcf"),
        bytes: 1_000,
        header: b"##fileformat=VCFv4.3\n#CHROM\tPOS\n".to_vec(),
        samples: 3,
        assembly: Some("GRCh38".into()),
        triage: "triage 1".into(),
        random: 7,
        now_ms: NOW_MS,
    }
}

/// A segment of ten records, one of them dead at the parse stage, twelve rows.
pub fn segment(segment: u32) -> SegmentDone {
    SegmentDone {
        segment,
        first_ordinal: u64::from(segment) * 10,
        records: 10,
        dead_records: 1,
        alleles: 11,
        no_alt: 1,
        rows: 12,
        digest_sum: DigestSum(u128::MAX - u128::from(segment)),
        line_digest_sum: DigestSum(1 << 127 | u128::from(segment)),
        selected: 2,
        selection: vec![0b0001_0001, 0],
        dropped: vec![("filter".into(), 4), ("quality".into(), 6)],
    }
}

/// The dead letter of a segment's fourth record.
pub fn dead(segment: u32, stage: DeadStage) -> DeadLetter {
    let ordinal = u64::from(segment) * 10 + 3;
    let is_store = stage == DeadStage::Store;
    DeadLetter {
        ordinal,
        stage,
        reason: if is_store { "poison".into() } else { "pos_not_a_number".into() },
        detail: "POS is `x`, not a number".into(),
        line: ordinal + 3,
        offset: ordinal * 40,
        raw: vec![0xff, b'\t', 0, b'x'],
        raw_bytes: 70_000,
        rows: u32::from(is_store) * 2,
        digest_sum: DigestSum(u128::from(is_store) * 5),
        line_digest: DigestSum(u128::from(is_store) * 7),
    }
}

/// A group of these segments in one file, each with a dead letter of stage `parse`.
pub fn group(job: &JobId, segments: impl IntoIterator<Item = u32>) -> GroupCommit {
    let segments: Vec<SegmentDone> = segments.into_iter().map(segment).collect();
    let first = segments.first().map_or(0, |segment| segment.segment);
    let rows = segments.iter().map(|segment| segment.rows).sum();
    let dead = segments.iter().map(|segment| dead(segment.segment, DeadStage::Parse)).collect();
    let name = format!("part-{:08}-{first:08}.parquet", first / 16);
    GroupCommit { job: job.clone(), staged: Some((name, rows)), segments, dead, now_ms: NOW_MS }
}

pub fn certificate(holds: bool) -> Certificate {
    Certificate { rows: 12, digest_sum: DigestSum(3), expected_digest_sum: DigestSum(if holds { 3 } else { 4 }), holds }
}

pub fn end(file: u8, segments: u32) -> JobEnd {
    JobEnd {
        segments,
        records: u64::from(segments) * 10,
        dead_records: u64::from(segments),
        alleles: u64::from(segments) * 11,
        no_alt: u64::from(segments),
        digest_sum: DigestSum(99),
        line_digest_sum: DigestSum(98),
        file_digest: digest(file),
        bytes: 1_234,
        warnings: Vec::new(),
    }
}
