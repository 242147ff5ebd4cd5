//! Files that are added to a published job: the rows of dead letters that were replayed, one file for each receipt revision. Each is made
//! whole in a folder of its own in staging, and appears among the job's files by one rename; no other file changes.

use std::path::PathBuf;

use arrow_schema::SchemaRef;

use super::batches::Batches;
use super::{Parquet, StagedGroup, paths, schema};
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::durable;
use crate::fault::Fault;

/// How the name of such a file begins.
const PREFIX: &str = "replay-";

/// How the name of the folder begins in which a job's are staged. No job's name begins like that.
const STAGED_PREFIX: &str = ".replay-";

/// A job's groups, and the files that were added to it later.
pub fn apart(paths: Vec<PathBuf>) -> (Vec<PathBuf>, Vec<PathBuf>) {
    paths.into_iter().partition(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX)))
}

/// Where a job's replays are staged.
pub fn staged(store: &Parquet, job: &JobId) -> PathBuf {
    store.staging.join(format!("{STAGED_PREFIX}{job}"))
}

/// Makes the file, and its name in staging, durable.
pub fn stage(store: &Parquet, job: &JobId, revision: u32, rows: &Rows) -> Result<StagedGroup, Fault> {
    check_columns(store, job)?;
    let folder = staged(store, job);
    durable::create_folder(&folder)?;
    durable::sync_folder(&store.staging)?;
    let name = format!("{PREFIX}{revision:08}.parquet");
    let bytes = durable::write_durably(&folder, &name, |file| store.encode(Some(job), &[rows], file).map(drop))?;
    Ok(StagedGroup { name, rows: rows.len() as u64, bytes })
}

/// Readers take all files of a job together: one with other columns would be in their way.
fn check_columns(store: &Parquet, job: &JobId) -> Result<(), Fault> {
    let Some(first) = paths(&store.visible(job))?.into_iter().next() else { return Ok(()) };
    let columns =
        |schema: SchemaRef| -> Vec<String> { schema.fields().iter().map(|field| field.name().clone()).collect() };
    if columns(Batches::open(&first, None)?.schema().clone()) == columns(schema::arrow()) {
        return Ok(());
    }
    Err(Fault::permanent(format!(
        "the rows of job {job} have other columns than this version writes: run its file again, which takes their place, then replay"
    )))
}

/// One rename, then both folders are synced.
pub fn publish(store: &Parquet, job: &JobId, name: &str) -> Result<bool, Fault> {
    let (from, to) = (staged(store, job).join(name), store.visible(job).join(name));
    crate::crash_point("replay_before_rename");
    if from.is_file() {
        durable::rename(&from, &to)?;
    } else if !to.is_file() {
        return Ok(false);
    }
    crate::crash_point("replay_after_rename");
    durable::sync_folder(&store.visible(job))?;
    durable::remove_folder(&staged(store, job))?;
    durable::sync_folder(&store.staging)?;
    Ok(true)
}

/// Removes what was staged and never published.
pub fn discard_all(store: &Parquet) -> Result<(), Fault> {
    let names = durable::list(&store.staging)?;
    names
        .iter()
        .filter(|name| name.starts_with(STAGED_PREFIX))
        .try_for_each(|name| durable::remove_folder(&store.staging.join(name)))
}
