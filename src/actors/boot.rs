//! What a start finds: the last process may have ended anywhere. Finishes what was being published, removes what belongs to
//! nobody.

use std::collections::BTreeSet;

use super::answering::projection::project;
use super::auditor::publish;
use super::open::Caution;
use super::replays::finish_replays;
use crate::delivery::job::JobState;
use crate::domain::receipt::ReceiptError;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::stores::Store;

/// What a start found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Booted {
    /// How carefully files go on.
    pub files: Caution,
    /// How carefully pipes begin.
    pub pipes: Caution,
}

/// Puts ledger and store in order. Runs before any stage, under the data directory's lock; repeating it is harmless.
///
/// # Errors
/// If ledger or store fail: nothing has been lost, the next start tries again.
pub fn boot(ledger: &Ledger, store: &dyn Store, now_ms: u64) -> Result<Booted, Fault> {
    let last = ledger.begin_process(std::process::id(), now_ms).wait()?;
    let unclean = last.is_some_and(|last| !last.clean);
    let mut booted = Booted::default();
    // Before a job whose replay it is can be replaced.
    finish_replays(ledger, store, now_ms)?;
    let mut running = BTreeSet::new();
    for row in ledger.reader()?.jobs()? {
        match row.state {
            JobState::Publishing => publish(ledger, store, &row.job, now_ms)?,
            JobState::Open | JobState::Stalled if row.is_pipe() => {
                fail_pipe(ledger, &row.job, now_ms)?;
                booted.pipes = if unclean { Caution::Everything } else { Caution::None };
            }
            JobState::Open | JobState::Stalled => drop(running.insert(row.job)),
            // A crash may have come between the ledger's word and the store's deed.
            JobState::Replaced | JobState::Deleted => store.delete(&row.job)?,
            // What is wrong with the answers of one job is no reason to refuse another.
            JobState::Complete => project(ledger, store, &row.job).unwrap_or_else(|fault| {
                tracing::error!(job = %row.job, %fault, "the answers of a job could not be projected");
            }),
            JobState::Failed | JobState::Cancelled => {}
        }
    }
    for job in store.staged_jobs()?.into_iter().filter(|job| !running.contains(job)) {
        store.discard(&job)?;
    }
    if unclean {
        booted.files = Caution::FirstWindow;
    }
    Ok(booted)
}

/// A pipe's bytes are gone with the process that read them.
fn fail_pipe(ledger: &Ledger, job: &crate::domain::ids::JobId, now_ms: u64) -> Result<(), Fault> {
    let message = "interrupted while reading standard input: its bytes are gone, send them again".into();
    let error = ReceiptError { code: 75, message, line: None, offset: None };
    ledger.set_state(job, JobState::Failed, None, Some(error), now_ms).wait()
}
