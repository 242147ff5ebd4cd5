//! What is known of dead letters besides themselves: which were replayed, as what, and which were dropped.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::*;
use crate::domain::dead::Counted;
use crate::fault::Fault;
use crate::ledger::jobs::job_id;
use crate::ledger::read::{dead_letter, digest, get, stage_of};
use crate::ledger::writer::sql;

/// Adds what was replayed and dropped to a job's sums.
pub fn add_to(connection: &Connection, job: &JobId, sums: &mut JobSums) -> Result<(), Fault> {
    sums.dropped_dead = connection
        .query_row(
            "SELECT count(*) FROM dead_letter_notes WHERE job = ?1 AND dropped_at_ms IS NOT NULL",
            [job.as_str()],
            |row| row.get(0),
        )
        .map_err(sql("count dropped dead letters"))?;
    // Without the texts, which may be long.
    let query = "SELECT f.ordinal, stage, new_text_bytes, alleles, no_alt, digest_sum, line_digest, was_alleles, was_no_alt, dead_digest_sum,
             dead_line_digest
         FROM replayed_records f JOIN replays USING (job, revision) WHERE job = ?1 AND is_published";
    let mut statement = connection.prepare_cached(query).map_err(sql("add replayed records up"))?;
    let mut rows = statement.query([job.as_str()]).map_err(sql("add replayed records up"))?;
    while let Some(row) = rows.next().map_err(sql("add replayed records up"))? {
        let bytes: Option<u64> = get(row, 2)?;
        let record = Replayed {
            ordinal: get(row, 0)?,
            edited: bytes.map(|bytes| (Vec::new(), bytes)),
            now: counted(row, 3, 5)?,
            was: counted(row, 7, 9)?,
        };
        sums.replayed.add(&record, stage_of(&get::<String>(row, 1)?)?);
    }
    Ok(())
}

/// Two counts from `counts` on, two digests from `digests` on.
fn counted(row: &Row<'_>, counts: usize, digests: usize) -> Result<Counted, Fault> {
    Ok(Counted {
        alleles: get(row, counts)?,
        no_alt: get(row, counts + 1)?,
        digest_sum: digest(row, digests)?,
        line_digest_sum: digest(row, digests + 1)?,
    })
}

const FORMER: &str = "SELECT ordinal, stage, reason, detail, line, offset, raw, raw_bytes, dead_rows, dead_digest_sum, dead_line_digest,
         f.revision, new_text, new_text_bytes, alleles, no_alt, digest_sum, line_digest, was_alleles, was_no_alt, by_whom, at_ms
     FROM replayed_records f JOIN replays USING (job, revision)
     WHERE job = ?1 AND is_published AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3";

fn each_former(
    connection: &Connection,
    job: &JobId,
    from_ordinal: u64,
    limit: usize,
    each: &mut dyn FnMut(Former),
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(FORMER).map_err(sql("read replayed records"))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![job.as_str(), from_ordinal, limit]).map_err(sql("read replayed records"))?;
    while let Some(row) = rows.next().map_err(sql("read replayed records"))? {
        let letter = dead_letter(row)?;
        let (text, bytes): (Option<Vec<u8>>, Option<u64>) = (get(row, 12)?, get(row, 13)?);
        let (now, was) = (counted(row, 14, 16)?, counted(row, 18, 9)?);
        each(Former {
            replayed: Replayed { ordinal: letter.ordinal, edited: text.zip(bytes), now, was },
            letter,
            revision: get(row, 11)?,
            by: get(row, 20)?,
            at_ms: get(row, 21)?,
        });
    }
    Ok(())
}

impl LedgerReader {
    /// Replays that were begun and not finished, of all jobs, or of one.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn replays_begun(&self, job: Option<&JobId>) -> Result<Vec<Begun>, Fault> {
        let query = "SELECT job, revision, group_name FROM replays WHERE NOT is_published AND (?1 IS NULL OR job = ?1) ORDER BY job";
        let mut statement = self.connection.prepare_cached(query).map_err(sql("read replays"))?;
        let mut rows = statement.query([job.map(JobId::as_str)]).map_err(sql("read replays"))?;
        let mut begun = Vec::new();
        while let Some(row) = rows.next().map_err(sql("read replays"))? {
            begun.push(Begun { job: job_id(&get::<String>(row, 0)?)?, revision: get(row, 1)?, group: get(row, 2)? });
        }
        Ok(begun)
    }

    /// Replayed records of a job by ordinal, from `from_ordinal` on.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn replayed(&self, job: &JobId, from_ordinal: u64, limit: usize) -> Result<Vec<Former>, Fault> {
        let mut all = Vec::new();
        each_former(&self.connection, job, from_ordinal, limit, &mut |former| all.push(former))?;
        Ok(all)
    }

    /// What people did about the dead letters of a job with these ordinals, both ends included; those without a note are left out.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn notes(&self, job: &JobId, first: u64, last: u64) -> Result<BTreeMap<u64, Note>, Fault> {
        let query = "SELECT ordinal, failed_replays, dropped_at_ms, dropped_by, dropped_why FROM dead_letter_notes
             WHERE job = ?1 AND ordinal BETWEEN ?2 AND ?3";
        let mut statement = self.connection.prepare_cached(query).map_err(sql("read notes"))?;
        let rows = statement
            .query_map(params![job.as_str(), first, last], |row| {
                let at_ms: Option<u64> = row.get(2)?;
                let dropped = match at_ms {
                    Some(at_ms) => Some(Dropped { at_ms, by: row.get(3)?, why: row.get(4)? }),
                    None => None,
                };
                Ok((row.get(0)?, Note { failed_replays: row.get(1)?, dropped }))
            })
            .map_err(sql("read notes"))?;
        rows.collect::<Result<_, _>>().map_err(sql("read notes"))
    }

    /// A job's dead letters by stage and reason, those that are open most often first.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn dead_reasons(&self, job: &JobId) -> Result<Vec<ReasonGroup>, Fault> {
        // With min(), SQLite takes the other columns from the row that has the least.
        let query = "SELECT stage, reason, count(*) - count(dropped_at_ms) AS open, count(dropped_at_ms), min(d.ordinal), line, detail
             FROM dead_letters d LEFT JOIN dead_letter_notes USING (job, ordinal)
             WHERE job = ?1 GROUP BY stage, reason ORDER BY open DESC, count(*) DESC, reason, stage";
        let mut statement = self.connection.prepare_cached(query).map_err(sql("group dead letters"))?;
        let rows = statement
            .query_map([job.as_str()], |row| {
                Ok(ReasonGroup {
                    stage: row.get(0)?,
                    reason: row.get(1)?,
                    open: row.get(2)?,
                    dropped: row.get(3)?,
                    first: (row.get(4)?, row.get(5)?, row.get(6)?),
                })
            })
            .map_err(sql("group dead letters"))?;
        rows.collect::<Result<_, _>>().map_err(sql("group dead letters"))
    }
}
