//! Jobs: which one a file is, and the arrows between their states.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::writer::{add_event, sql};
use super::*;
use crate::fault::Fault;

/// A job of the same bytes, as far as [`open`] decides by it.
struct Known {
    job: JobId,
    run: u32,
    layout: String,
    state: JobState,
}

/// Decides which job a file is: the same file again is the same job, until that has ended.
pub(super) fn open(connection: &Connection, open: &OpenJob) -> Result<JobAccepted, Fault> {
    let known = match &open.file_digest {
        Some(digest) => jobs_of(connection, &open.tenant, digest)?,
        None => Vec::new(),
    };
    if let Some(same) =
        known.iter().find(|k| k.layout == open.layout && (k.state.is_running() || k.state == JobState::Complete))
    {
        return go_on(connection, open, same);
    }
    let mut cancelled = None;
    for other in known.iter().filter(|k| matches!(k.state, JobState::Open | JobState::Stalled)) {
        set_state(connection, &other.job, JobState::Cancelled, None, None, open.now_ms)?;
        cancelled = Some(other.job.clone());
    }
    let run = 1 + known.iter().filter(|k| k.layout == open.layout).map(|k| k.run).max().unwrap_or(0);
    let job = match &open.file_digest {
        Some(digest) => JobId::derive(&open.tenant, digest, &open.layout, run),
        None => JobId::random(open.random),
    };
    insert(connection, open, &job, run)?;
    let payload = json!({ "file": open.file, "bytes": open.bytes, "samples": open.samples, "run": run });
    add_event(connection, Some(&job), "job_accepted", &payload.to_string(), open.now_ms)?;
    let replaces = known.into_iter().find(|k| k.state == JobState::Complete).map(|k| k.job);
    Ok(JobAccepted {
        job,
        run,
        state: JobState::Open,
        resumed: false,
        triage: open.triage.clone(),
        done: SegmentSet::default(),
        poison: Vec::new(),
        cancelled,
        replaces,
    })
}

fn jobs_of(connection: &Connection, tenant: &str, digest: &FileDigest) -> Result<Vec<Known>, Fault> {
    let mut statement = connection
        .prepare_cached(
            "SELECT job, run, layout, state FROM sink_jobs JOIN source_jobs USING (job)
             WHERE tenant = ?1 AND file_digest = ?2 ORDER BY run DESC",
        )
        .map_err(sql("look for a job"))?;
    let rows = statement
        .query_map(params![tenant, digest.to_string()], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
        })
        .map_err(sql("look for a job"))?;
    let known: Result<Vec<Known>, Fault> = rows
        .map(|row| {
            let (job, run, layout, state) = row.map_err(sql("look for a job"))?;
            Ok(Known { job: job_id(&job)?, run, layout, state: job_state(&state)? })
        })
        .collect();
    // A pipe's job carries its digest once it has ended, but it is nobody's job to go on with: its name is random.
    let is_file = |known: &Known| known.job == JobId::derive(tenant, digest, &known.layout, known.run);
    known.map(|known| known.into_iter().filter(is_file).collect())
}

fn go_on(connection: &Connection, open: &OpenJob, same: &Known) -> Result<JobAccepted, Fault> {
    let mut state = same.state;
    if matches!(state, JobState::Open | JobState::Stalled) {
        state = JobState::Open;
        connection
            .execute(
                "UPDATE sink_jobs SET state = 'OPEN', error = NULL, resumed_at_ms = ?2 WHERE job = ?1",
                params![same.job.as_str(), open.now_ms],
            )
            .map_err(sql("go on with a job"))?;
        connection
            .execute("UPDATE source_jobs SET file = ?2 WHERE job = ?1", params![same.job.as_str(), open.file])
            .map_err(sql("go on with a job"))?;
        let payload = json!({ "file": open.file, "run": same.run });
        add_event(connection, Some(&same.job), "job_resumed", &payload.to_string(), open.now_ms)?;
    }
    let triage = connection
        .query_row("SELECT triage FROM sink_jobs WHERE job = ?1", [same.job.as_str()], |row| row.get(0))
        .map_err(sql("go on with a job"))?;
    Ok(JobAccepted {
        job: same.job.clone(),
        run: same.run,
        state,
        resumed: true,
        triage,
        done: read::done_of(connection, &same.job)?,
        poison: poison_of(connection, &same.job)?,
        cancelled: None,
        replaces: None,
    })
}

fn poison_of(connection: &Connection, job: &JobId) -> Result<Vec<u64>, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT ordinal FROM dead_letters WHERE job = ?1 AND stage = 'parse' AND reason = 'poison'")
        .map_err(sql("read poison"))?;
    let rows = statement.query_map([job.as_str()], |row| row.get(0)).map_err(sql("read poison"))?;
    rows.collect::<Result<_, _>>().map_err(sql("read poison"))
}

fn insert(connection: &Connection, open: &OpenJob, job: &JobId, run: u32) -> Result<(), Fault> {
    let header =
        zstd::bulk::compress(&open.header, 3).map_err(|error| Fault::io("cannot compress a header", &error))?;
    let digest = open.file_digest.map(|digest| digest.to_string());
    connection
        .execute(
            "INSERT INTO source_jobs (job, tenant, file, file_digest, bytes, header, samples, assembly)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![job.as_str(), open.tenant, open.file, digest, open.bytes, header, open.samples, open.assembly],
        )
        .map_err(sql("accept a job"))?;
    connection
        .execute(
            "INSERT INTO sink_jobs (job, run, layout, state, revision, triage, dead_letters, started_at_ms, resumed_at_ms)
             VALUES (?1, ?2, ?3, 'OPEN', 1, ?4, 0, ?5, ?5)",
            params![job.as_str(), run, open.layout, open.triage, open.now_ms],
        )
        .map(drop)
        .map_err(sql("accept a job"))
}

/// One arrow of [`JobState`], with its event.
pub(super) fn set_state(
    connection: &Connection,
    job: &JobId,
    next: JobState,
    certificate: Option<Certificate>,
    error: Option<ReceiptError>,
    now_ms: u64,
) -> Result<(), Fault> {
    let state = state_of(connection, job)?;
    if state == next {
        return Ok(());
    }
    if !state.can_become(next) {
        return Err(Fault::permanent(format!("job {job} is {state}: it cannot become {next}")));
    }
    if next == JobState::Publishing && !certificate.is_some_and(|certificate| certificate.holds) {
        return Err(Fault::permanent(format!("job {job} cannot be published: its certificate does not hold")));
    }
    let finished = matches!(next, JobState::Complete | JobState::Failed | JobState::Cancelled).then_some(now_ms);
    connection
        .execute(
            "UPDATE sink_jobs SET state = ?2, certificate = coalesce(?3, certificate), error = coalesce(?4, error),
                 finished_at_ms = coalesce(?5, finished_at_ms) WHERE job = ?1",
            params![
                job.as_str(),
                next.as_str(),
                certificate.map(|c| to_json(&c)),
                error.as_ref().map(to_json),
                finished
            ],
        )
        .map_err(sql("change a job's state"))?;
    let kind = format!("job_{}", next.as_str().to_ascii_lowercase());
    let payload = json!({ "state": next.as_str(), "certificate": certificate, "error": error });
    add_event(connection, Some(job), &kind, &payload.to_string(), now_ms)
}

/// Another triage for a complete job.
pub(super) fn reselect(
    connection: &Connection,
    job: &JobId,
    triage: &str,
    all: &[SegmentSelection],
    now_ms: u64,
) -> Result<(), Fault> {
    let state = state_of(connection, job)?;
    if state != JobState::Complete {
        return Err(Fault::permanent(format!("job {job} is {state}: only a complete job is triaged again")));
    }
    let mut statement = connection
        .prepare_cached(
            "UPDATE segments SET selected = ?3, selection = ?4, dropped = ?5 WHERE job = ?1 AND segment = ?2",
        )
        .map_err(sql("record a selection"))?;
    for one in all {
        let changed = statement
            .execute(params![job.as_str(), one.segment, one.selected, one.selection, to_json(&one.dropped)])
            .map_err(sql("record a selection"))?;
        if changed != 1 {
            return Err(Fault::permanent(format!("segment {} of job {job} is not in the ledger", one.segment)));
        }
    }
    connection
        .execute(
            "UPDATE sink_jobs SET triage = ?2, revision = revision + 1 WHERE job = ?1",
            params![job.as_str(), triage],
        )
        .map_err(sql("record a triage"))?;
    let selected: u64 = all.iter().map(|one| one.selected).sum();
    let payload = json!({ "selected": selected, "segments": all.len() });
    add_event(connection, Some(job), "job_triaged", &payload.to_string(), now_ms)
}

pub(super) fn state_of(connection: &Connection, job: &JobId) -> Result<JobState, Fault> {
    let state: Option<String> = connection
        .prepare_cached("SELECT state FROM sink_jobs WHERE job = ?1")
        .and_then(|mut statement| statement.query_row([job.as_str()], |row| row.get(0)).optional())
        .map_err(sql("read a job's state"))?;
    state.ok_or_else(|| Fault::permanent(format!("job {job} is not in the ledger"))).and_then(|state| job_state(&state))
}

pub(super) fn job_id(name: &str) -> Result<JobId, Fault> {
    JobId::parse(name).ok_or_else(|| damaged("job id", name))
}

pub(super) fn job_state(name: &str) -> Result<JobState, Fault> {
    JobState::parse(name).ok_or_else(|| damaged("state", name))
}

pub(super) fn damaged(what: &str, found: &str) -> Fault {
    Fault::permanent(format!("the ledger is damaged: `{}` is no {what}", found.escape_debug()))
}

pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}

/// [`JobEnd`] as it is kept.
#[derive(Serialize, Deserialize)]
struct EndJson {
    segments: u32,
    records: u64,
    dead_records: u64,
    alleles: u64,
    no_alt: u64,
    digest_sum: DigestSum,
    line_digest_sum: DigestSum,
    file_digest: String,
    bytes: u64,
    warnings: Vec<Warning>,
}

pub(super) fn end_to_json(end: &JobEnd) -> String {
    to_json(&EndJson {
        segments: end.segments,
        records: end.records,
        dead_records: end.dead_records,
        alleles: end.alleles,
        no_alt: end.no_alt,
        digest_sum: end.digest_sum,
        line_digest_sum: end.line_digest_sum,
        file_digest: end.file_digest.to_string(),
        bytes: end.bytes,
        warnings: end.warnings.clone(),
    })
}

pub(super) fn end_from_json(text: &str) -> Result<JobEnd, Fault> {
    let end: EndJson = serde_json::from_str(text).map_err(|_| damaged("end of a file", text))?;
    Ok(JobEnd {
        segments: end.segments,
        records: end.records,
        dead_records: end.dead_records,
        alleles: end.alleles,
        no_alt: end.no_alt,
        digest_sum: end.digest_sum,
        line_digest_sum: end.line_digest_sum,
        file_digest: FileDigest::parse(&end.file_digest).ok_or_else(|| damaged("file digest", &end.file_digest))?,
        bytes: end.bytes,
        warnings: end.warnings,
    })
}
