//! Short reads beside a running writer.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::jobs::{damaged, end_from_json, job_id, job_state};
use super::writer::sql;
use super::*;
use crate::domain::dead::DeadStage;
use crate::fault::Fault;

/// A read-only connection. Each call is one short transaction: an open one would keep the write-ahead log from shrinking.
pub struct LedgerReader {
    pub(super) connection: Connection,
}

impl LedgerReader {
    /// Opens `dir/ledger.db` for reading.
    ///
    /// # Errors
    /// `Permanent` if there is none, or its schema is not ours; `Unavailable` if it cannot be opened.
    pub fn open(dir: &Path) -> Result<Self, Fault> {
        let path = dir.join("ledger.db");
        if !path.exists() {
            return Err(Fault::permanent(format!(
                "{} holds no ledger: nothing was run with this data directory yet (choose it with --data-dir)",
                dir.display()
            )));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(sql("open the ledger"))?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(sql("open the ledger"))?;
        match schema::check(&connection)? {
            version if version == schema::MIGRATIONS.len() => Ok(Self { connection }),
            version => Err(Fault::permanent(format!(
                "the ledger has version {version}: `vcf-agent run` brings it to version {}",
                schema::MIGRATIONS.len()
            ))),
        }
    }

    /// All jobs, newest first.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn jobs(&self) -> Result<Vec<JobRow>, Fault> {
        self.jobs_where("1", "")
    }

    /// One job.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn job(&self, job: &JobId) -> Result<Option<JobRow>, Fault> {
        Ok(self.jobs_where("job = ?1", job.as_str())?.pop())
    }

    /// Jobs whose id starts with `prefix` (with or without the leading `j`).
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn jobs_by_prefix(&self, prefix: &str) -> Result<Vec<JobRow>, Fault> {
        let with_j = format!("j{}", prefix.strip_prefix('j').unwrap_or(prefix));
        self.jobs_where("substr(job, 1, length(?1)) = ?1", &with_j)
    }

    fn jobs_where(&self, condition: &str, value: &str) -> Result<Vec<JobRow>, Fault> {
        let query = format!(
            "SELECT job, tenant, run, state, revision, file, file_digest, layout, bytes, samples, assembly, triage, end, certificate,
                 error, started_at_ms, resumed_at_ms, finished_at_ms
             FROM sink_jobs JOIN source_jobs USING (job) WHERE {condition} AND ?1 IS NOT NULL
             ORDER BY started_at_ms DESC, job"
        );
        let mut statement = self.connection.prepare(&query).map_err(sql("read jobs"))?;
        let mut rows = statement.query([value]).map_err(sql("read jobs"))?;
        let mut jobs = Vec::new();
        while let Some(row) = rows.next().map_err(sql("read jobs"))? {
            jobs.push(job_row(row)?);
        }
        Ok(jobs)
    }

    /// The header text of a job.
    ///
    /// # Errors
    /// If the ledger cannot be read, or has no such job.
    pub fn header(&self, job: &JobId) -> Result<Vec<u8>, Fault> {
        let compressed: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT header FROM source_jobs WHERE job = ?1", [job.as_str()], |row| row.get(0))
            .optional()
            .map_err(sql("read a header"))?;
        let compressed = compressed.ok_or_else(|| Fault::permanent(format!("job {job} is not in the ledger")))?;
        zstd::stream::decode_all(&compressed[..])
            .map_err(|error| Fault::permanent(format!("the header of {job} is damaged: {error}")))
    }

    /// Sums over the committed segments, from the segments themselves.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn sums(&self, job: &JobId) -> Result<JobSums, Fault> {
        let transaction = self.connection.unchecked_transaction().map_err(sql("read segments"))?;
        let mut sums = JobSums::default();
        let mut dropped = std::collections::BTreeMap::new();
        each_segment(&transaction, job, |segment| {
            let total = &mut sums.total;
            sums.segments += 1;
            total.records += segment.records;
            total.dead_records += segment.dead_records;
            total.alleles += segment.alleles;
            total.no_alt += segment.no_alt;
            total.rows += segment.rows;
            total.digest_sum.add(segment.digest_sum.0);
            total.line_digest_sum.add(segment.line_digest_sum.0);
            total.selected += segment.selected;
            segment.dropped.into_iter().for_each(|(clause, n)| *dropped.entry(clause).or_insert(0) += n);
        })?;
        sums.total.dropped = dropped.into_iter().collect();
        add_dead(&transaction, job, &mut sums)?;
        replays::add_to(&transaction, job, &mut sums)?;
        answers::add_to(&transaction, job, &mut sums)?;
        Ok(sums)
    }

    /// One committed segment.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn segment(&self, job: &JobId, segment: u32) -> Result<Option<SegmentDone>, Fault> {
        let mut found = None;
        let mut statement = self
            .connection
            .prepare_cached(&format!("{SEGMENT_COLUMNS} WHERE job = ?1 AND segment = ?2"))
            .map_err(sql("read a segment"))?;
        let mut rows = statement.query(params![job.as_str(), segment]).map_err(sql("read a segment"))?;
        if let Some(row) = rows.next().map_err(sql("read a segment"))? {
            found = Some(segment_row(row)?);
        }
        Ok(found)
    }

    /// The committed segments, ascending.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn segments(&self, job: &JobId) -> Result<Vec<SegmentBounds>, Fault> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT segment, first_ordinal + records, rows FROM segments WHERE job = ?1 ORDER BY segment",
            )
            .map_err(sql("read segments"))?;
        let rows = statement
            .query_map([job.as_str()], |row| {
                Ok(SegmentBounds { segment: row.get(0)?, end_ordinal: row.get(1)?, rows: row.get(2)? })
            })
            .map_err(sql("read segments"))?;
        rows.collect::<Result<_, _>>().map_err(sql("read segments"))
    }

    /// The done set.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn done(&self, job: &JobId) -> Result<SegmentSet, Fault> {
        done_of(&self.connection, job)
    }

    /// The store's groups of a job, by name.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn groups(&self, job: &JobId) -> Result<Vec<String>, Fault> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT name FROM staged_groups WHERE job = ?1 ORDER BY name")
            .map_err(sql("read groups"))?;
        let rows = statement.query_map([job.as_str()], |row| row.get(0)).map_err(sql("read groups"))?;
        rows.collect::<Result<_, _>>().map_err(sql("read groups"))
    }

    /// Dead letters of a job by ordinal, `raw` included, from `from_ordinal` on.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn dead_letters(&self, job: &JobId, from_ordinal: u64, limit: usize) -> Result<Vec<DeadLetter>, Fault> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT ordinal, stage, reason, detail, line, offset, raw, raw_bytes, rows, digest_sum, line_digest FROM dead_letters
                 WHERE job = ?1 AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3",
            )
            .map_err(sql("read dead letters"))?;
        let mut rows =
            statement.query(params![job.as_str(), from_ordinal, limit as u64]).map_err(sql("read dead letters"))?;
        let mut letters = Vec::new();
        while let Some(row) = rows.next().map_err(sql("read dead letters"))? {
            letters.push(dead_letter(row)?);
        }
        Ok(letters)
    }

    /// Outbox rows that `consumer` has not handled.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, Fault> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT seq, at_ms, job, kind, payload FROM outbox
                 WHERE seq > (SELECT seq FROM outbox_cursors WHERE consumer = ?1) ORDER BY seq LIMIT ?2",
            )
            .map_err(sql("read the outbox"))?;
        let rows = statement
            .query_map(params![consumer, limit as u64], |row| {
                Ok(OutboxRow {
                    seq: row.get(0)?,
                    at_ms: row.get(1)?,
                    job: row.get(2)?,
                    kind: row.get(3)?,
                    payload: row.get(4)?,
                })
            })
            .map_err(sql("read the outbox"))?;
        rows.collect::<Result<_, _>>().map_err(sql("read the outbox"))
    }
}

const SEGMENT_COLUMNS: &str = "SELECT segment, first_ordinal, records, dead_records, alleles, no_alt, rows, digest_sum,
     line_digest_sum, selected, selection, dropped FROM segments";

fn each_segment(connection: &Connection, job: &JobId, mut each: impl FnMut(SegmentDone)) -> Result<(), Fault> {
    let query = format!("{SEGMENT_COLUMNS} WHERE job = ?1 ORDER BY segment");
    let mut statement = connection.prepare_cached(&query).map_err(sql("read segments"))?;
    let mut rows = statement.query([job.as_str()]).map_err(sql("read segments"))?;
    while let Some(row) = rows.next().map_err(sql("read segments"))? {
        each(segment_row(row)?);
    }
    Ok(())
}

fn add_dead(connection: &Connection, job: &JobId, sums: &mut JobSums) -> Result<(), Fault> {
    let mut statement = connection
        .prepare_cached("SELECT stage, rows, digest_sum, line_digest FROM dead_letters WHERE job = ?1")
        .map_err(sql("read dead letters"))?;
    let mut rows = statement.query([job.as_str()]).map_err(sql("read dead letters"))?;
    while let Some(row) = rows.next().map_err(sql("read dead letters"))? {
        sums.dead_letters += 1;
        if get::<String>(row, 0)? == "store" {
            sums.dead_rows += get::<u64>(row, 1)?;
            sums.dead_digest_sum.add(digest(row, 2)?.0);
            sums.dead_line_digest_sum.add(digest(row, 3)?.0);
        }
    }
    Ok(())
}

pub(super) fn done_of(connection: &Connection, job: &JobId) -> Result<SegmentSet, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT segment FROM segments WHERE job = ?1").map_err(sql("read the done set"))?;
    let rows = statement.query_map([job.as_str()], |row| row.get::<_, u32>(0)).map_err(sql("read the done set"))?;
    rows.collect::<Result<_, _>>().map_err(sql("read the done set"))
}

pub(super) fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: usize) -> Result<T, Fault> {
    row.get(column).map_err(sql("read a row"))
}

pub(super) fn digest(row: &Row<'_>, column: usize) -> Result<DigestSum, Fault> {
    get::<[u8; 16]>(row, column).map(|bytes| DigestSum(u128::from_be_bytes(bytes)))
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize, what: &str) -> Result<Option<T>, Fault> {
    let text: Option<String> = get(row, column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| damaged(what, &text))).transpose()
}

fn segment_row(row: &Row<'_>) -> Result<SegmentDone, Fault> {
    Ok(SegmentDone {
        segment: get(row, 0)?,
        first_ordinal: get(row, 1)?,
        records: get(row, 2)?,
        dead_records: get(row, 3)?,
        alleles: get(row, 4)?,
        no_alt: get(row, 5)?,
        rows: get(row, 6)?,
        digest_sum: digest(row, 7)?,
        line_digest_sum: digest(row, 8)?,
        selected: get(row, 9)?,
        selection: get(row, 10)?,
        dropped: json(row, 11, "list of dropped rows")?.unwrap_or_default(),
    })
}

pub(super) fn stage_of(name: &str) -> Result<DeadStage, Fault> {
    match name {
        "parse" => Ok(DeadStage::Parse),
        "store" => Ok(DeadStage::Store),
        other => Err(damaged("stage", other)),
    }
}

pub(super) fn dead_letter(row: &Row<'_>) -> Result<DeadLetter, Fault> {
    let stage: String = get(row, 1)?;
    Ok(DeadLetter {
        ordinal: get(row, 0)?,
        stage: stage_of(&stage)?,
        reason: get(row, 2)?,
        detail: get(row, 3)?,
        line: get(row, 4)?,
        offset: get(row, 5)?,
        raw: get(row, 6)?,
        raw_bytes: get(row, 7)?,
        rows: get(row, 8)?,
        digest_sum: digest(row, 9)?,
        line_digest: digest(row, 10)?,
    })
}

fn job_row(row: &Row<'_>) -> Result<JobRow, Fault> {
    let (job, state, digest): (String, String, Option<String>) = (get(row, 0)?, get(row, 3)?, get(row, 6)?);
    let end: Option<String> = get(row, 12)?;
    Ok(JobRow {
        job: job_id(&job)?,
        tenant: get(row, 1)?,
        run: get(row, 2)?,
        state: job_state(&state)?,
        revision: get(row, 4)?,
        file: get(row, 5)?,
        file_digest: digest
            .map(|digest| FileDigest::parse(&digest).ok_or_else(|| damaged("file digest", &digest)))
            .transpose()?,
        layout: get(row, 7)?,
        bytes: get(row, 8)?,
        samples: get(row, 9)?,
        assembly: get(row, 10)?,
        triage: get(row, 11)?,
        end: end.map(|end| end_from_json(&end)).transpose()?,
        certificate: json(row, 13, "certificate")?,
        error: json(row, 14, "error")?,
        started_at_ms: get(row, 15)?,
        resumed_at_ms: get(row, 16)?,
        finished_at_ms: get(row, 17)?,
    })
}
