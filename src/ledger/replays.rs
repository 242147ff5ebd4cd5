//! Dead letters that are replayed or dropped.
//!
//! A replay has two steps with the store's rename between them: [`Ledger::begin_replay`] writes down everything that will be true, and
//! changes nothing of what receipts say; [`Ledger::finish_replay`] makes it true, once the rows are visible. A start finishes what was
//! begun. Nothing about a record that was replayed is forgotten: the dead letter that it was, and the text that took its place.

mod read;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

pub(super) use self::read::add_to;
use super::jobs::{state_of, to_json};
use super::writer::{add_event, sql};
use super::*;
use crate::domain::dead::{Counted, DeadStage};
use crate::fault::Fault;

/// Records that become rows of a complete job: everything that becomes true when their rows are visible.
pub struct Replay {
    /// The job.
    pub job: JobId,
    /// The receipt revision that it makes: the job's, and one.
    pub revision: u32,
    /// The store's name for their rows, and how many these are.
    pub group: (String, u64),
    /// Of the job with these rows.
    pub certificate: Certificate,
    /// The records.
    pub records: Vec<Replayed>,
    /// Their segments, as they are then.
    pub segments: Vec<SegmentDone>,
    /// Who wants it.
    pub by: String,
    /// Wall clock (ms since 1970).
    pub now_ms: u64,
}

/// One record of a [`Replay`].
#[derive(Clone, PartialEq, Eq)]
pub struct Replayed {
    /// 0-based number of the record among the file's data lines.
    pub ordinal: u64,
    /// The text in the place of the file's, cut as in a dead letter, and its whole length; `None` if it is the file's own.
    pub edited: Option<(Vec<u8>, u64)>,
    /// What it counts as now.
    pub now: Counted,
    /// What the parser had counted it as; nothing for a record that died at the parse stage.
    pub was: Counted,
}

/// A replayed record and the dead letter that it was.
pub struct Former {
    /// The dead letter.
    pub letter: DeadLetter,
    /// What became of it.
    pub replayed: Replayed,
    /// The receipt revision that brought it.
    pub revision: u32,
    /// Who replayed it.
    pub by: String,
    /// When (ms since 1970).
    pub at_ms: u64,
}

/// Sums over the records of published replays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplaySums {
    /// Records.
    pub records: u64,
    /// Of these, those whose text is not the file's.
    pub edited: u64,
    /// Of these, those that had died at the parse stage.
    pub dead_records: u64,
    /// What they count as.
    pub now: Counted,
    /// What the parser had counted them as.
    pub was: Counted,
}

impl ReplaySums {
    /// Adds a record that had died at this stage.
    pub fn add(&mut self, record: &Replayed, stage: DeadStage) {
        self.records += 1;
        self.edited += u64::from(record.edited.is_some());
        self.dead_records += u64::from(stage == DeadStage::Parse);
        self.now.add(&record.now);
        self.was.add(&record.was);
    }
}

/// A replay whose rows may not be visible yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The job.
    pub job: JobId,
    /// The receipt revision that it makes.
    pub revision: u32,
    /// The store's name for its rows.
    pub group: String,
}

/// Which dead letters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// These records, dropped ones too.
    Records(Vec<u64>),
    /// All that are open and have this reason.
    Reason(String),
    /// All that are open.
    Open,
}

/// What people did about a dead letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// Replays that failed.
    pub failed_replays: u32,
    /// When, by whom and why it was dropped.
    pub dropped: Option<Dropped>,
}

/// A dead letter that nobody needs to look at any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// When (ms since 1970).
    pub at_ms: u64,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    pub why: String,
}

/// Dead letters of one stage and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonGroup {
    /// Stage, as it is kept.
    pub stage: String,
    /// Reason.
    pub reason: String,
    /// Open ones.
    pub open: u64,
    /// Dropped ones.
    pub dropped: u64,
    /// Ordinal, line and cause of the first.
    pub first: (u64, u64, String),
}

/// A dead letter that a replay did not bring to life, and why: ordinal, reason, detail.
pub type StillDead = (u64, String, String);

impl Ledger {
    /// Writes down a replay whose rows are durable in staging. Refuses (`Permanent`) a job that is not COMPLETE, another revision than the
    /// next, a second replay beside one that is not finished, and a record that is no dead letter.
    pub fn begin_replay(&self, replay: Replay) -> Reply<()> {
        self.submit(move |connection| begin(connection, &replay))
    }

    /// Makes a replay true whose rows are visible: its records are no dead letters any more, the receipt's revision goes up. Finished already
    /// is fine.
    pub fn finish_replay(&self, job: &JobId, revision: u32, now_ms: u64) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| finish(connection, &job, revision, now_ms))
    }

    /// Forgets a replay that was begun and whose rows are gone: its records are still dead letters.
    pub fn forget_replay(&self, job: &JobId, revision: u32) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| {
            for table in ["replay_segments", "replayed_records", "replays"] {
                let query = format!(
                    "DELETE FROM {table} WHERE job = ?1 AND revision = ?2 AND EXISTS
                         (SELECT 1 FROM replays r WHERE r.job = ?1 AND r.revision = ?2 AND NOT r.is_published)"
                );
                connection.execute(&query, params![job.as_str(), revision]).map_err(sql("forget a replay"))?;
            }
            Ok(())
        })
    }

    /// These were tried again and are still dead: each keeps its text and gets the new reason.
    pub fn still_dead(&self, job: &JobId, letters: Vec<StillDead>, by: &str, now_ms: u64) -> Reply<()> {
        let (job, by) = (job.clone(), by.to_owned());
        self.submit(move |connection| still_dead(connection, &job, &letters, &by, now_ms))
    }

    /// These need nobody's attention any more; returns how many were open. They stay what they are.
    pub fn drop_letters(&self, job: &JobId, pick: Pick, by: &str, why: &str, now_ms: u64) -> Reply<u64> {
        let (job, dropped) = (job.clone(), Dropped { at_ms: now_ms, by: by.to_owned(), why: why.to_owned() });
        self.submit(move |connection| drop_letters(connection, &job, &pick, &dropped))
    }
}

fn begin(connection: &Connection, replay: &Replay) -> Result<(), Fault> {
    let (job, state) = (&replay.job, state_of(connection, &replay.job)?);
    if state != JobState::Complete {
        return Err(Fault::permanent(format!("job {job} is {state}: dead letters are replayed into a complete job")));
    }
    let revision = revision_of(connection, job)?;
    if replay.revision != revision + 1 {
        let asked = replay.revision;
        return Err(Fault::permanent(format!("job {job} has revision {revision}: a replay cannot make it {asked}")));
    }
    connection
        .execute(
            "INSERT INTO replays VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7)",
            params![
                job.as_str(),
                replay.revision,
                replay.group.0,
                replay.group.1,
                to_json(&replay.certificate),
                replay.by,
                replay.now_ms
            ],
        )
        .map_err(sql("begin a replay"))?;
    replay.records.iter().try_for_each(|record| add_record(connection, job, replay.revision, record))?;
    replay.segments.iter().try_for_each(|segment| add_segment(connection, job, replay.revision, segment))
}

fn revision_of(connection: &Connection, job: &JobId) -> Result<u32, Fault> {
    connection
        .query_row("SELECT revision FROM sink_jobs WHERE job = ?1", [job.as_str()], |row| row.get(0))
        .map_err(sql("read a revision"))
}

/// The dead letter is copied, not moved: until the rows are visible it is one.
fn add_record(connection: &Connection, job: &JobId, revision: u32, record: &Replayed) -> Result<(), Fault> {
    let (text, text_bytes) = match &record.edited {
        Some((text, bytes)) => (Some(text), Some(bytes)),
        None => (None, None),
    };
    let copied = connection
        .prepare_cached(
            "INSERT INTO replayed_records
             SELECT job, ?3, ordinal, ?4, ?5, ?6, ?7, ?8, ?9, stage, reason, line, offset, raw_bytes, rows, digest_sum, line_digest, detail,
                 ?10, ?11, raw
             FROM dead_letters WHERE job = ?1 AND ordinal = ?2",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                job.as_str(),
                record.ordinal,
                revision,
                record.now.alleles,
                record.now.no_alt,
                record.now.digest_sum.0.to_be_bytes(),
                record.now.line_digest_sum.0.to_be_bytes(),
                record.was.alleles,
                record.was.no_alt,
                text_bytes,
                text,
            ])
        })
        .map_err(sql("record a replayed record"))?;
    let is_dead = copied == 1;
    is_dead
        .then_some(())
        .ok_or_else(|| Fault::permanent(format!("record {} of job {job} is no dead letter", record.ordinal)))
}

fn add_segment(connection: &Connection, job: &JobId, revision: u32, segment: &SegmentDone) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO replay_segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
        .and_then(|mut statement| {
            statement.execute(params![
                job.as_str(),
                revision,
                segment.segment,
                segment.dead_records,
                segment.alleles,
                segment.no_alt,
                segment.rows,
                segment.digest_sum.0.to_be_bytes(),
                segment.line_digest_sum.0.to_be_bytes(),
                segment.selected,
                segment.selection,
                to_json(&segment.dropped),
            ])
        })
        .map(drop)
        .map_err(sql("record what a segment becomes"))
}

/// What finishing a replay changes, in order. `?1` is the job, `?2` the revision.
const FINISH: [(&str, &str); 5] = [
    (
        "change segments",
        "UPDATE segments SET (dead_records, alleles, no_alt, rows, digest_sum, line_digest_sum, selected, selection, dropped) =
             (SELECT dead_records, alleles, no_alt, rows, digest_sum, line_digest_sum, selected, selection, dropped
              FROM replay_segments r WHERE r.job = segments.job AND r.segment = segments.segment)
         WHERE job = ?1 AND segment IN (SELECT segment FROM replay_segments WHERE job = ?1 AND revision = ?2)",
    ),
    ("change segments", "DELETE FROM replay_segments WHERE job = ?1 AND revision = ?2"),
    (
        "remove dead letters",
        "DELETE FROM dead_letters WHERE job = ?1 AND ordinal IN (SELECT ordinal FROM replayed_records WHERE job = ?1 AND revision = ?2)",
    ),
    (
        "record a replay's rows",
        "INSERT INTO staged_groups (job, name, rows) SELECT job, group_name, rows FROM replays WHERE job = ?1 AND revision = ?2",
    ),
    ("finish a replay", "UPDATE replays SET is_published = 1 WHERE job = ?1 AND revision = ?2"),
];

fn finish(connection: &Connection, job: &JobId, revision: u32, now_ms: u64) -> Result<(), Fault> {
    let found: Option<(bool, String, String, u64)> = connection
        .query_row(
            "SELECT is_published, certificate, by_whom, rows FROM replays WHERE job = ?1 AND revision = ?2",
            params![job.as_str(), revision],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()
        .map_err(sql("finish a replay"))?;
    let Some((is_published, certificate, by, rows)) = found else {
        return Err(Fault::permanent(format!("no replay of job {job} makes revision {revision}")));
    };
    if is_published {
        return Ok(());
    }
    answers::make_room(connection, job, revision)?;
    for (what, statement) in FINISH {
        connection.execute(statement, params![job.as_str(), revision]).map_err(sql(what))?;
    }
    connection
        .execute(
            "UPDATE sink_jobs SET revision = ?2, certificate = ?3,
                 dead_letters = (SELECT count(*) FROM dead_letters WHERE job = ?1) WHERE job = ?1",
            params![job.as_str(), revision, certificate],
        )
        .map_err(sql("change a receipt"))?;
    let (records, edited): (u64, u64) = connection
        .query_row(
            "SELECT count(*), count(new_text_bytes) FROM replayed_records WHERE job = ?1 AND revision = ?2",
            params![job.as_str(), revision],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(sql("count a replay"))?;
    let payload = json!({ "revision": revision, "records": records, "edited": edited, "rows": rows, "by": by });
    add_event(connection, Some(job), "dead_letters_replayed", &payload.to_string(), now_ms)
}

fn still_dead(connection: &Connection, job: &JobId, letters: &[StillDead], by: &str, now_ms: u64) -> Result<(), Fault> {
    for (ordinal, reason, detail) in letters {
        connection
            .prepare_cached("UPDATE dead_letters SET reason = ?3, detail = ?4 WHERE job = ?1 AND ordinal = ?2")
            .and_then(|mut statement| statement.execute(params![job.as_str(), ordinal, reason, detail]))
            .map_err(sql("record why a letter is still dead"))?;
        connection
            .prepare_cached(
                "INSERT INTO dead_letter_notes (job, ordinal, failed_replays) VALUES (?1, ?2, 1)
                 ON CONFLICT DO UPDATE SET failed_replays = failed_replays + 1",
            )
            .and_then(|mut statement| statement.execute(params![job.as_str(), ordinal]))
            .map_err(sql("record that a letter is still dead"))?;
    }
    let payload = json!({ "records": letters.len(), "by": by });
    add_event(connection, Some(job), "dead_letters_still_dead", &payload.to_string(), now_ms)
}

const DROP: &str = "INSERT INTO dead_letter_notes (job, ordinal, dropped_at_ms, dropped_by, dropped_why)
     SELECT d.job, d.ordinal, ?2, ?3, ?4 FROM dead_letters d LEFT JOIN dead_letter_notes n USING (job, ordinal)
     WHERE d.job = ?1 AND n.dropped_at_ms IS NULL";

const KEEP_NOTES: &str =
    "ON CONFLICT DO UPDATE SET dropped_at_ms = excluded.dropped_at_ms, dropped_by = excluded.dropped_by,
     dropped_why = excluded.dropped_why";

fn drop_letters(connection: &Connection, job: &JobId, pick: &Pick, dropped: &Dropped) -> Result<u64, Fault> {
    let execute = |condition: &str, value: &dyn rusqlite::ToSql| {
        connection
            .prepare_cached(&format!("{DROP} AND {condition} {KEEP_NOTES}"))
            .and_then(|mut statement| {
                statement.execute(params![job.as_str(), dropped.at_ms, dropped.by, dropped.why, value])
            })
            .map_err(sql("drop dead letters"))
    };
    let changed = match pick {
        Pick::Open => execute("?5 IS NULL", &rusqlite::types::Null)?,
        Pick::Reason(reason) => execute("d.reason = ?5", reason)?,
        Pick::Records(ordinals) => {
            ordinals.iter().map(|ordinal| execute("d.ordinal = ?5", ordinal)).sum::<Result<usize, Fault>>()?
        }
    };
    if changed > 0 {
        let payload = json!({ "records": changed, "by": dropped.by, "why": dropped.why });
        add_event(connection, Some(job), "dead_letters_dropped", &payload.to_string(), dropped.at_ms)?;
    }
    Ok(changed as u64)
}
