//! What the ledger holds of a job's answers, put where readers look. It can be made again at any time, and is when it lacks some.

use crate::domain::ids::JobId;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::stores::Store;

/// Makes the projection of a job unless it holds everything already.
///
/// # Errors
/// If ledger or store fail: what was there stays, a later start makes it again.
pub fn project(ledger: &Ledger, store: &dyn Store, job: &JobId) -> Result<(), Fault> {
    let reader = ledger.reader()?;
    let Some(analysis) = reader.analysis(job)? else { return Ok(()) };
    let is_whole = analysis.batches == analysis.projected;
    if analysis.batches == 0 || is_whole && store.has_assessments(job)? {
        return Ok(());
    }
    store.write_assessments(job, &mut |take| reader.each_answers(job, None, &mut |answers| take(&answers)))?;
    crate::crash_point("projection_before_ledger");
    ledger.record_projection(job, analysis.batches).wait()
}
