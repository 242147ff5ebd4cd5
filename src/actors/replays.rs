//! The end of a replay of dead letters: what was begun is finished, whatever came between. A start does it too.

use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::ledger::replays::Begun;
use crate::stores::Store;

/// Finishes every replay that the ledger knows, and removes the rows of those that it does not. Repeating it is harmless.
///
/// # Errors
/// If ledger or store fail: the next start tries again.
pub fn finish_replays(ledger: &Ledger, store: &dyn Store, now_ms: u64) -> Result<(), Fault> {
    for begun in ledger.reader()?.replays_begun(None)? {
        finish_replay(ledger, store, &begun, now_ms)?;
    }
    store.discard_replays()
}

/// Makes the rows of a replay visible, then says so in the ledger. If the rows are gone, its records are still dead letters.
///
/// # Errors
/// As [`finish_replays`].
pub fn finish_replay(ledger: &Ledger, store: &dyn Store, begun: &Begun, now_ms: u64) -> Result<(), Fault> {
    let Begun { job, revision, group } = begun;
    if store.publish_replay(job, group)? {
        crate::crash_point("replay_before_ledger");
        return ledger.finish_replay(job, *revision, now_ms).wait();
    }
    tracing::error!(%job, revision, "the rows of a replay are gone: its records are still dead letters");
    ledger.forget_replay(job, *revision).wait()
}
