//! Answers: which alleles are selected and wait, and what was concluded about those that do not.
//!
//! A batch of answers is one row, never one row for each allele. That no allele is answered twice is checked here, in the
//! transaction that records a batch: the first durable answer wins.

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use super::JobSums;
use super::read::LedgerReader;
use super::writer::{add_event, sql};
use crate::domain::answer::{Answer, Answered, DeadTask, bits_of, count_both, join_bits, pack, set_bits, unpack};
use crate::domain::finding::Conclusion;
use crate::domain::ids::JobId;
use crate::fault::Fault;

/// Answers to rows of one segment, to be recorded together.
#[derive(Clone)]
pub struct AnswerBatch {
    /// The job.
    pub job: JobId,
    /// The segment of all of them.
    pub segment: u32,
    /// Rows that were answered, by number in the segment.
    pub answered: Vec<u32>,
    /// Rows for which the evidence is not enough.
    pub abstained: Vec<u32>,
    /// The answers of both, packed.
    pub body: Vec<u8>,
    /// Rows that get no answer.
    pub dead: Vec<DeadTask>,
    /// Alleles that people want to hear of at once, for the event: JSON objects.
    pub notable: Vec<serde_json::Value>,
    /// Wall clock (ms since 1970).
    pub now_ms: u64,
}

/// A segment with selected rows that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSegment {
    /// 0-based number.
    pub segment: u32,
    /// The store's group that holds its rows; `None` if all of them were replayed.
    pub group: Option<String>,
    /// Ordinals of its data lines.
    pub ordinals: Range<u64>,
    /// Rows stored.
    pub rows: u64,
    /// One bit per stored row.
    pub pending: Vec<u8>,
}

/// Counts of a job's selected rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerCounts {
    /// Answered.
    pub answered: u64,
    /// The evidence is not enough.
    pub abstained: u64,
    /// Dead.
    pub dead: u64,
}

/// Who was asked about a job, and how many batches its projection holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Kinds of providers.
    pub providers: Vec<String>,
    /// Batches in the ledger.
    pub batches: u64,
    /// Of these, batches in the store's projection; fewer than all means that it must be made again.
    pub projected: u64,
}

/// Notes who is asked about a job.
pub(super) fn begin(connection: &Connection, job: &JobId, providers: &str) -> Result<(), Fault> {
    connection
        .execute(
            "INSERT INTO analyses (job, providers, projected) VALUES (?1, ?2, 0)
             ON CONFLICT (job) DO UPDATE SET providers = ?2",
            params![job.as_str(), providers],
        )
        .map(drop)
        .map_err(sql("begin an analysis"))
}

/// Records a batch.
pub(super) fn record(connection: &Connection, batch: &AnswerBatch) -> Result<(), Fault> {
    let known = answered_of(connection, &batch.job, Some(batch.segment))?.remove(&batch.segment).unwrap_or_default();
    let new = bits_of(batch.answered.iter().chain(&batch.abstained).copied().chain(batch.dead.iter().map(|d| d.row)));
    if known.pending(&new) != new {
        let what = format!("rows of segment {} of job {} are answered already", batch.segment, batch.job);
        return Err(Fault::permanent(what));
    }
    let (answered, abstained) = (bits_of(batch.answered.iter().copied()), bits_of(batch.abstained.iter().copied()));
    if !(batch.answered.is_empty() && batch.abstained.is_empty()) {
        connection
            .prepare_cached(
                "INSERT INTO answers (job, segment, answered, abstained, body, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    batch.job.as_str(),
                    batch.segment,
                    answered,
                    abstained,
                    batch.body,
                    batch.now_ms
                ])
            })
            .map_err(sql("record answers"))?;
    }
    batch.dead.iter().try_for_each(|dead| add_dead_task(connection, batch, dead))?;
    let payload = json!({
        "segment": batch.segment,
        "answered": batch.answered.len(),
        "abstained": batch.abstained.len(),
        "dead": batch.dead.len(),
        "notable": batch.notable,
    });
    add_event(connection, Some(&batch.job), "alleles_assessed", &payload.to_string(), batch.now_ms)
}

fn add_dead_task(connection: &Connection, batch: &AnswerBatch, dead: &DeadTask) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO dead_tasks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
        .and_then(|mut statement| {
            statement.execute(params![
                batch.job.as_str(),
                dead.ordinal,
                dead.alt_index,
                batch.segment,
                dead.row,
                dead.provider,
                dead.reason,
                dead.detail,
                dead.attempts,
                batch.now_ms
            ])
        })
        .map(drop)
        .map_err(sql("record a dead task"))
}

/// The projection holds so many batches.
pub(super) fn projected(connection: &Connection, job: &JobId, batches: u64) -> Result<(), Fault> {
    connection
        .execute("UPDATE analyses SET projected = ?2 WHERE job = ?1", params![job.as_str(), batches])
        .map(drop)
        .map_err(sql("record a projection"))
}

/// Forgets dead tasks, so that they wait again; returns how many.
pub(super) fn revive(connection: &Connection, job: &JobId, now_ms: u64) -> Result<u64, Fault> {
    let revived = connection
        .execute("DELETE FROM dead_tasks WHERE job = ?1", [job.as_str()])
        .map_err(sql("revive dead tasks"))? as u64;
    if revived > 0 {
        let payload = json!({ "tasks": revived }).to_string();
        add_event(connection, Some(job), "dead_tasks_revived", &payload, now_ms)?;
    }
    Ok(revived)
}

/// What is known of the rows of each segment, or of one.
fn answered_of(connection: &Connection, job: &JobId, only: Option<u32>) -> Result<BTreeMap<u32, Answered>, Fault> {
    let mut all: BTreeMap<u32, Answered> = BTreeMap::new();
    let mut statement = connection
        .prepare_cached(
            "SELECT segment, answered, abstained FROM answers WHERE job = ?1 AND (?2 IS NULL OR segment = ?2)",
        )
        .map_err(sql("read answers"))?;
    let mut rows = statement.query(params![job.as_str(), only]).map_err(sql("read answers"))?;
    while let Some(row) = rows.next().map_err(sql("read answers"))? {
        let (segment, answered, abstained): (u32, Vec<u8>, Vec<u8>) = (
            row.get(0).map_err(sql("read answers"))?,
            row.get(1).map_err(sql("read answers"))?,
            row.get(2).map_err(sql("read answers"))?,
        );
        let known = all.entry(segment).or_default();
        join_bits(&mut known.answered, &answered);
        join_bits(&mut known.abstained, &abstained);
    }
    let mut statement = connection
        .prepare_cached("SELECT segment, row FROM dead_tasks WHERE job = ?1 AND (?2 IS NULL OR segment = ?2)")
        .map_err(sql("read dead tasks"))?;
    let mut rows = statement.query(params![job.as_str(), only]).map_err(sql("read dead tasks"))?;
    while let Some(row) = rows.next().map_err(sql("read dead tasks"))? {
        let (segment, nth): (u32, u32) =
            (row.get(0).map_err(sql("read dead tasks"))?, row.get(1).map_err(sql("read dead tasks"))?);
        join_bits(&mut all.entry(segment).or_default().dead, &bits_of([nth]));
    }
    Ok(all)
}

/// Adds what became of the selected rows to a job's sums.
pub(super) fn add_to(connection: &Connection, job: &JobId, sums: &mut JobSums) -> Result<(), Fault> {
    sums.providers = analysis_of(connection, job)?.map(|analysis| analysis.providers).unwrap_or_default();
    let known = answered_of(connection, job, None)?;
    let mut statement = connection
        .prepare_cached("SELECT selection FROM segments WHERE job = ?1 AND segment = ?2")
        .map_err(sql("read selections"))?;
    for (segment, known) in known {
        let selection: Option<Vec<u8>> = statement
            .query_row(params![job.as_str(), segment], |row| row.get(0))
            .optional()
            .map_err(sql("read selections"))?;
        let selection = selection.unwrap_or_default();
        sums.answers.answered += count_both(&selection, &known.answered);
        sums.answers.abstained += count_both(&selection, &known.abstained);
        sums.answers.dead += count_both(&selection, &known.dead);
    }
    Ok(())
}

/// The segments of a replay get rows: what is known of the others' answers moves to their new places.
pub(super) fn make_room(connection: &Connection, job: &JobId, revision: u32) -> Result<(), Fault> {
    let inserted: BTreeMap<u64, u64> = connection
        .prepare_cached("SELECT ordinal, alleles + no_alt FROM replayed_records WHERE job = ?1 AND revision = ?2")
        .and_then(|mut statement| {
            statement.query_map(params![job.as_str(), revision], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .map_err(sql("read replayed records"))?;
    let growing: Vec<(u32, u64)> = connection
        .prepare_cached(
            "SELECT segment, first_ordinal FROM replay_segments JOIN segments USING (job, segment)
             WHERE job = ?1 AND revision = ?2",
        )
        .and_then(|mut statement| {
            statement.query_map(params![job.as_str(), revision], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .map_err(sql("read replayed segments"))?;
    for (segment, first) in growing {
        let before = |ordinal: u64| inserted.range(first..ordinal).map(|(_, rows)| *rows).sum::<u64>() as u32;
        move_answers(connection, job, segment, &before)?;
        let mut move_task = connection
            .prepare_cached("UPDATE dead_tasks SET row = row + ?3 WHERE job = ?1 AND ordinal = ?2")
            .map_err(sql("move a dead task"))?;
        let ordinals: Vec<u64> = connection
            .prepare_cached("SELECT DISTINCT ordinal FROM dead_tasks WHERE job = ?1 AND segment = ?2")
            .and_then(|mut statement| statement.query_map(params![job.as_str(), segment], |row| row.get(0))?.collect())
            .map_err(sql("read dead tasks"))?;
        for ordinal in ordinals {
            move_task.execute(params![job.as_str(), ordinal, before(ordinal)]).map_err(sql("move a dead task"))?;
        }
    }
    Ok(())
}

fn move_answers(connection: &Connection, job: &JobId, segment: u32, before: &dyn Fn(u64) -> u32) -> Result<(), Fault> {
    let batches: Vec<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT batch, body FROM answers WHERE job = ?1 AND segment = ?2")
        .and_then(|mut statement| {
            statement.query_map(params![job.as_str(), segment], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .map_err(sql("read answers"))?;
    for (batch, body) in batches {
        let damaged = |why: String| Fault::permanent(format!("answers of job {job} in the ledger are damaged: {why}"));
        let mut answers = unpack(&body).map_err(damaged)?;
        answers.iter_mut().for_each(|answer| answer.row += before(answer.ordinal));
        let is_abstained = |answer: &&Answer| answer.assessment.conclusion == Conclusion::Abstained;
        let rows = |abstained| bits_of(answers.iter().filter(|a| is_abstained(a) == abstained).map(|a| a.row));
        let (answered, abstained) = (rows(false), rows(true));
        connection
            .prepare_cached("UPDATE answers SET answered = ?2, abstained = ?3, body = ?4 WHERE batch = ?1")
            .and_then(|mut statement| {
                let body = pack(&answers).map_err(|why| rusqlite::Error::ToSqlConversionFailure(why.into()))?;
                statement.execute(params![batch, answered, abstained, body])
            })
            .map_err(sql("move answers"))?;
    }
    Ok(())
}

fn analysis_of(connection: &Connection, job: &JobId) -> Result<Option<Analysis>, Fault> {
    let mut statement = connection
            .prepare_cached(
                "SELECT providers, projected, (SELECT count(*) FROM answers WHERE answers.job = ?1) FROM analyses WHERE job = ?1",
            )
            .map_err(sql("read an analysis"))?;
    let mut rows = statement
        .query_map([job.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))
        .map_err(sql("read an analysis"))?;
    let found = rows.next().transpose().map_err(sql("read an analysis"))?;
    Ok(found.map(|(providers, projected, batches)| Analysis {
        providers: providers.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
        batches,
        projected,
    }))
}

/// Number, group, first ordinal, ordinal after the last, rows and selection of a segment.
type Selected = (u32, Option<String>, u64, u64, u64, Vec<u8>);

impl LedgerReader {
    fn selected(&self, job: &JobId) -> Result<Vec<Selected>, Fault> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT segment, group_name, first_ordinal, first_ordinal + records, rows, selection FROM segments
                 WHERE job = ?1 ORDER BY segment",
            )
            .map_err(sql("read selections"))?;
        let selected = |row: &Row<'_>| -> rusqlite::Result<Selected> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        };
        let rows = statement.query_map([job.as_str()], selected).map_err(sql("read selections"))?;
        rows.collect::<Result<_, _>>().map_err(sql("read selections"))
    }

    /// The segments with rows that are selected and wait, ascending.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn pending(&self, job: &JobId) -> Result<Vec<PendingSegment>, Fault> {
        let mut known = answered_of(&self.connection, job, None)?;
        let mut all = Vec::new();
        for (segment, group, first, end, rows, selection) in self.selected(job)? {
            let pending = known.remove(&segment).unwrap_or_default().pending(&selection);
            if pending.iter().any(|&byte| byte != 0) {
                all.push(PendingSegment { segment, group, ordinals: first..end, rows, pending });
            }
        }
        Ok(all)
    }

    /// Who was asked about a job; `None` if nobody was.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn analysis(&self, job: &JobId) -> Result<Option<Analysis>, Fault> {
        analysis_of(&self.connection, job)
    }

    /// Calls `each` with the answers of a job, batch by batch, in the order of the segments; of one segment, or of all.
    ///
    /// # Errors
    /// If the ledger cannot be read or is damaged, or `each` fails.
    pub fn each_answers(
        &self,
        job: &JobId,
        only: Option<u32>,
        each: &mut dyn FnMut(Vec<Answer>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT body FROM answers WHERE job = ?1 AND (?2 IS NULL OR segment = ?2) ORDER BY segment, batch",
            )
            .map_err(sql("read answers"))?;
        let mut rows = statement.query(params![job.as_str(), only]).map_err(sql("read answers"))?;
        while let Some(row) = rows.next().map_err(sql("read answers"))? {
            let body: Vec<u8> = row.get(0).map_err(sql("read answers"))?;
            let answers = unpack(&body)
                .map_err(|why| Fault::permanent(format!("answers of job {job} in the ledger are damaged: {why}")))?;
            each(answers)?;
        }
        Ok(())
    }

    /// Tasks of a job that get no answer, in order.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn dead_tasks(&self, job: &JobId) -> Result<Vec<DeadTask>, Fault> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT ordinal, alt_index, row, provider, reason, detail, attempts FROM dead_tasks WHERE job = ?1
                 ORDER BY ordinal, alt_index",
            )
            .map_err(sql("read dead tasks"))?;
        let rows = statement
            .query_map([job.as_str()], |row| {
                Ok(DeadTask {
                    ordinal: row.get(0)?,
                    alt_index: row.get(1)?,
                    row: row.get(2)?,
                    provider: row.get(3)?,
                    reason: row.get(4)?,
                    detail: row.get(5)?,
                    attempts: row.get(6)?,
                })
            })
            .map_err(sql("read dead tasks"))?;
        rows.collect::<Result<_, _>>().map_err(sql("read dead tasks"))
    }

    /// Whether the stored row of this number in its segment is selected.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn is_selected(&self, job: &JobId, segment: u32, row: u32) -> Result<bool, Fault> {
        let found = self.segment(job, segment)?;
        Ok(found.is_some_and(|segment| set_bits(&segment.selection).any(|bit| bit == row)))
    }
}
