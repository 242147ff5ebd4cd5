//! One group's way into the sink: store, then ledger, then receipts. In this order a crash loses nothing: a file without a
//! ledger row is removed at the next start, and its segments come again.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::engine::{Engine, Job};
use super::env::Panicked;
use super::poison::{bury, poisonous};
use super::stage::Link;
use crate::delivery::group::Group;
use crate::delivery::poison::STRIKES_MAX;
use crate::domain::dead::DeadStage;
use crate::domain::digest::DigestSum;
use crate::domain::rows::Rows;
use crate::fault::{Fault, Kind};
use crate::ledger::{GroupCommit, SegmentDone, SegmentSelection};
use crate::messages::{Landed, LandedGroup, OutboxGrew, Routed};
use crate::stores::{StagedGroup, Store};
use crate::telemetry::{Metric, count};

/// How often a fault that may pass is tried again.
const RETRIES_MAX: u32 = 4;

/// What a commit needs.
pub struct Commit {
    /// Services.
    pub engine: Engine,
    /// The job.
    pub job: Rc<Job>,
    /// Who hears how it ended.
    pub landed: Link<Landed>,
    /// Who hears that there are events.
    pub notifier: Link<OutboxGrew>,
}

/// Commits a group. Its receipts are answered if, and only if, the ledger has it.
pub async fn commit(parts: Commit, group: Group<Routed>) {
    let segments: Vec<u32> = group.items.iter().map(|(segment, _)| *segment).collect();
    // The job is over: its receipts are dropped, and nobody is there to hear it.
    let Ok(permit) = parts.job.gate.acquire().await else { return };
    if parts.job.refused.get() {
        return;
    }
    let mut items: Vec<Routed> = group.items.into_iter().map(|(_, routed)| routed).collect();
    let result = into_sink(&parts, group.block, &mut items).await;
    if let Ok(landed) = &result {
        let refused = landed.dead_letters > parts.engine.settings.dead_letters_max;
        parts.job.refused.set(parts.job.refused.get() || refused);
        items.into_iter().for_each(|routed| routed.segment.receipt.committed());
        parts.notifier.announce(OutboxGrew);
    }
    drop(permit);
    parts.landed.post(Landed { segments, result });
}

async fn into_sink(parts: &Commit, block: u32, items: &mut [Routed]) -> Result<LandedGroup, Fault> {
    let staged = into_store(parts, block, items).await?;
    let rows = staged.as_ref().map_or(0, |group| group.rows);
    let dead: Vec<_> = items.iter().flat_map(|routed| routed.segment.dead.iter().cloned()).collect();
    count(Metric::DeadLetters, dead.len() as u64);
    let group = GroupCommit {
        job: parts.job.id.clone(),
        staged: staged.map(|group| (group.name, group.rows)),
        segments: items.iter().map(segment_done).collect(),
        dead,
        now_ms: parts.engine.env.now_ms(),
    };
    let committed = parts.engine.ledger.commit_group(group).await?;
    Ok(LandedGroup { rows, dead_letters: committed.dead_letters })
}

/// Writes the rows, around records that panic; `None` if there is no row to write.
async fn into_store(parts: &Commit, block: u32, items: &mut [Routed]) -> Result<Option<StagedGroup>, Fault> {
    let (mut strikes, mut retries) = (0, 0);
    loop {
        let rows: Vec<(u32, Arc<Rows>)> = items
            .iter()
            .map(|r| (r.segment.index, r.segment.rows.clone()))
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let (store, job) = (parts.engine.store.clone(), parts.job.id.clone());
        match parts.engine.env.work("store", move || store.write_group(&job, block, &rows)).await {
            Ok(Ok(staged)) => return Ok(Some(staged)),
            Ok(Err(fault)) if may_pass(&fault) && retries < RETRIES_MAX => {
                tracing::warn!(job = %parts.job.id, %fault, "writing a group again");
                tokio::time::sleep(Duration::from_millis(100 << retries)).await;
                retries += 1;
            }
            Ok(Err(fault)) => return Err(fault),
            Err(Panicked(why)) => {
                count(Metric::WorkPanics, 1);
                strikes += 1;
                if strikes >= STRIKES_MAX {
                    strikes = 0;
                    take_out_poison(parts, items, &why).await?;
                }
            }
        }
    }
}

fn may_pass(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Transient | Kind::Overloaded)
}

/// Finds the records on which encoding panics, and makes dead letters of them.
async fn take_out_poison(parts: &Commit, items: &mut [Routed], why: &str) -> Result<(), Fault> {
    let mut found_any = false;
    for routed in items.iter_mut() {
        let (store, rows): (Arc<dyn Store>, _) = (parts.engine.store.clone(), routed.segment.rows.clone());
        let search = parts.engine.env.work("bisect", move || poisonous(&rows, |part| drop(store.try_encode(part))));
        let found = search
            .await
            .map_err(|Panicked(words)| Fault::transient(format!("looking for poison panicked: {words}")))?;
        if !found.is_empty() {
            found_any = true;
            tracing::warn!(job = %parts.job.id, segment = routed.segment.index, records = found.len(), "records that panic become dead letters");
            bury(&mut routed.segment, &found, why);
            routed.selection = parts.job.rule.select(&routed.segment.rows);
        }
    }
    // Nobody to blame: the receipts are dropped, the segments come again, and are given up after a while.
    found_any.then_some(()).ok_or_else(|| Fault::transient(format!("the store panicked: {why}")))
}

/// The ledger's words for a stored segment.
fn segment_done(Routed { segment, selection }: &Routed) -> SegmentDone {
    let (mut dead_digests, mut dead_lines) = (DigestSum::default(), DigestSum::default());
    for dead in segment.dead.iter().filter(|dead| dead.stage == DeadStage::Store) {
        dead_digests.add(dead.digest_sum.0);
        dead_lines.add(dead.line_digest.0);
    }
    let SegmentSelection { selected, selection, dropped, .. } = SegmentSelection::new(segment.index, selection);
    SegmentDone {
        segment: segment.index,
        first_ordinal: segment.first_ordinal,
        records: segment.counts.records,
        dead_records: segment.counts.dead_records,
        alleles: segment.counts.alleles,
        no_alt: segment.counts.no_alt,
        rows: segment.rows.len() as u64,
        digest_sum: segment.counts.digest_sum.less(dead_digests),
        line_digest_sum: segment.counts.line_digest_sum.less(dead_lines),
        selected,
        selection,
        dropped,
    }
}
