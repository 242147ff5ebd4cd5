//! Groups of segments: committed, merged, forgotten.

use rusqlite::{Connection, params};
use serde_json::json;

use super::jobs::{state_of, to_json};
use super::writer::{add_event, sql};
use super::*;
use crate::domain::dead::DeadStage;
use crate::fault::Fault;

/// Everything that a group makes true.
pub(super) fn commit(connection: &Connection, group: &GroupCommit) -> Result<Committed, Fault> {
    let state = state_of(connection, &group.job)?;
    if !matches!(state, JobState::Open | JobState::Stalled) {
        return Err(Fault::permanent(format!("job {} is {state}: it takes no more segments", group.job)));
    }
    if let Some((name, rows)) = &group.staged {
        connection
            .prepare_cached("INSERT INTO staged_groups (job, name, rows) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| statement.execute(params![group.job.as_str(), name, rows]))
            .map_err(sql("record a group"))?;
    }
    let name = group.staged.as_ref().map(|(name, _)| name.as_str());
    group.segments.iter().try_for_each(|segment| add_segment(connection, &group.job, name, segment))?;
    group.dead.iter().try_for_each(|dead| add_dead_letter(connection, &group.job, dead))?;
    let dead_letters = connection
        .query_row(
            "UPDATE sink_jobs SET dead_letters = dead_letters + ?2 WHERE job = ?1 RETURNING dead_letters",
            params![group.job.as_str(), group.dead.len() as u64],
            |row| row.get(0),
        )
        .map_err(sql("count dead letters"))?;
    connection
        .execute(
            "UPDATE processes SET progress = progress + ?1 WHERE id = (SELECT max(id) FROM processes)",
            [group.segments.len() as u64],
        )
        .map_err(sql("record progress"))?;
    let rows: u64 = group.segments.iter().map(|segment| segment.rows).sum();
    let payload = json!({ "segments": group.segments.len(), "rows": rows, "dead_letters": group.dead.len() });
    add_event(connection, Some(&group.job), "group_committed", &payload.to_string(), group.now_ms)?;
    Ok(Committed { dead_letters })
}

fn add_segment(connection: &Connection, job: &JobId, group: Option<&str>, segment: &SegmentDone) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")
        .and_then(|mut statement| {
            statement.execute(params![
                job.as_str(),
                segment.segment,
                group,
                segment.first_ordinal,
                segment.records,
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
        .map_err(|error| sql("record a segment")(error).context(format!("job {job}, segment {}", segment.segment)))
}

fn add_dead_letter(connection: &Connection, job: &JobId, dead: &DeadLetter) -> Result<(), Fault> {
    let stage = match dead.stage {
        DeadStage::Parse => "parse",
        DeadStage::Store => "store",
    };
    connection
        .prepare_cached("INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
        .and_then(|mut statement| {
            statement.execute(params![
                job.as_str(),
                dead.ordinal,
                stage,
                dead.reason,
                dead.detail,
                dead.line,
                dead.offset,
                dead.raw,
                dead.raw_bytes,
                dead.rows,
                dead.digest_sum.0.to_be_bytes(),
                dead.line_digest.0.to_be_bytes(),
            ])
        })
        .map(drop)
        .map_err(sql("record a dead letter"))
}

/// `(new name, rows, the names it replaces)`.
pub(super) fn replace(
    connection: &Connection,
    job: &JobId,
    merged: &[(String, u64, Vec<String>)],
) -> Result<(), Fault> {
    for (name, rows, replaced) in merged {
        for old in replaced {
            connection
                .execute(
                    "UPDATE segments SET group_name = ?3 WHERE job = ?1 AND group_name = ?2",
                    params![job.as_str(), old, name],
                )
                .map_err(sql("record a merge"))?;
            connection
                .execute("DELETE FROM staged_groups WHERE job = ?1 AND name = ?2", params![job.as_str(), old])
                .map_err(sql("record a merge"))?;
        }
        connection
            .execute(
                "INSERT INTO staged_groups (job, name, rows) VALUES (?1, ?2, ?3)",
                params![job.as_str(), name, rows],
            )
            .map_err(sql("record a merge"))?;
    }
    Ok(())
}

/// Forgets groups, their segments, and the dead letters of these: all of it comes again.
pub(super) fn forget(connection: &Connection, job: &JobId, names: &[String]) -> Result<(), Fault> {
    for name in names {
        let forgotten = connection
            .execute(
                "DELETE FROM dead_letters WHERE job = ?1 AND EXISTS (SELECT 1 FROM segments s WHERE s.job = ?1 AND s.group_name = ?2
                     AND ordinal >= s.first_ordinal AND ordinal < s.first_ordinal + s.records)",
                params![job.as_str(), name],
            )
            .map_err(sql("forget a group"))?;
        connection
            .execute(
                "UPDATE sink_jobs SET dead_letters = dead_letters - ?2 WHERE job = ?1",
                params![job.as_str(), forgotten as u64],
            )
            .map_err(sql("forget a group"))?;
        connection
            .execute("DELETE FROM segments WHERE job = ?1 AND group_name = ?2", params![job.as_str(), name])
            .map_err(sql("forget a group"))?;
        connection
            .execute("DELETE FROM staged_groups WHERE job = ?1 AND name = ?2", params![job.as_str(), name])
            .map_err(sql("forget a group"))?;
    }
    Ok(())
}
