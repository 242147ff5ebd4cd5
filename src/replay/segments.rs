//! What the segments of replayed records become: their counts, and which of their rows triage selects.

use std::collections::BTreeMap;

use crate::domain::dead::DeadStage;
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;
use crate::ledger::replays::Replayed;
use crate::ledger::{LedgerReader, SegmentDone, SegmentSelection};
use crate::stores::Store;
use crate::triage::Selector;

/// A segment that gets rows.
struct Growing {
    done: SegmentDone,
    end_ordinal: u64,
    new: Rows,
}

/// The segments of these records, which had died at these stages, with their rows.
///
/// # Errors
/// If ledger or store cannot be read, or do not agree.
pub fn with_rows(
    (ledger, store, rule): (&LedgerReader, &dyn Store, &Selector),
    job: &JobId,
    records: &[(Replayed, DeadStage)],
    rows: &Rows,
) -> Result<Vec<SegmentDone>, Fault> {
    let mut growing = count(ledger, job, records)?;
    for row in 0..rows.len() {
        if let Some(segment) = segment_at(&mut growing, rows.ordinal[row] as u64) {
            segment.new.push_row(rows, row);
        }
    }
    let mut mixed = BTreeMap::new();
    let mut all = Vec::new();
    for (first, mut segment) in growing {
        let selection = SegmentSelection::new(segment.done.segment, &rule.select(&segment.new));
        if segment.done.selected + selection.selected == 0 {
            // Nothing is selected, before and after: there are no bits whose places would have to be known.
            selection.dropped.into_iter().for_each(|(clause, n)| add(&mut segment.done.dropped, clause, n));
            all.push(segment.done);
        } else {
            mixed.insert(first, segment);
        }
    }
    if !mixed.is_empty() {
        all.extend(select_again(store, rule, job, mixed)?);
    }
    Ok(all)
}

fn add(dropped: &mut Vec<(String, u64)>, clause: String, n: u64) {
    match dropped.iter_mut().find(|(known, _)| *known == clause) {
        Some((_, sum)) => *sum += n,
        None => dropped.push((clause, n)),
    }
}

/// By the ordinal of their first record: the counts as they become, the rows still as they were.
fn count(
    ledger: &LedgerReader,
    job: &JobId,
    records: &[(Replayed, DeadStage)],
) -> Result<BTreeMap<u64, Growing>, Fault> {
    let bounds = ledger.segments(job)?;
    let mut growing: BTreeMap<u64, Growing> = BTreeMap::new();
    for (record, stage) in records {
        if segment_at(&mut growing, record.ordinal).is_none() {
            let nth = bounds.partition_point(|segment| segment.end_ordinal <= record.ordinal);
            let found = bounds.get(nth).map(|bounds| ledger.segment(job, bounds.segment)).transpose()?.flatten();
            let done = found.ok_or_else(|| {
                Fault::permanent(format!("record {} of job {job} is in no segment of the ledger", record.ordinal))
            })?;
            let end_ordinal = done.first_ordinal + done.records;
            growing.insert(done.first_ordinal, Growing { done, end_ordinal, new: Rows::default() });
        }
        let Some(Growing { done, .. }) = segment_at(&mut growing, record.ordinal) else { continue };
        done.dead_records -= u64::from(*stage == DeadStage::Parse).min(done.dead_records);
        done.alleles = (done.alleles + record.now.alleles).saturating_sub(record.was.alleles);
        done.no_alt = (done.no_alt + record.now.no_alt).saturating_sub(record.was.no_alt);
        done.digest_sum.add(record.now.digest_sum.0);
        done.line_digest_sum.add(record.now.line_digest_sum.0);
        done.rows += record.now.rows();
    }
    Ok(growing)
}

fn segment_at(growing: &mut BTreeMap<u64, Growing>, ordinal: u64) -> Option<&mut Growing> {
    growing
        .range_mut(..=ordinal)
        .next_back()
        .map(|(_, segment)| segment)
        .filter(|segment| ordinal < segment.end_ordinal)
}

/// Asks triage about all rows of each segment, those that are stored and the new ones: each bit of a selection has its row's place.
fn select_again(
    store: &dyn Store,
    rule: &Selector,
    job: &JobId,
    mut mixed: BTreeMap<u64, Growing>,
) -> Result<Vec<SegmentDone>, Fault> {
    let mut done = Vec::new();
    let mut stored = Rows::default();
    store.read(job, &mut |batch| {
        for row in 0..batch.len() {
            let ordinal = batch.ordinal[row] as u64;
            while mixed.first_key_value().is_some_and(|(_, segment)| ordinal >= segment.end_ordinal) {
                let (_, segment) = mixed.pop_first().expect("looked at");
                done.push(select(rule, segment, &std::mem::take(&mut stored))?);
            }
            if mixed.first_key_value().is_some_and(|(first, _)| ordinal >= *first) {
                stored.push_row(batch, row);
            }
        }
        Ok(())
    })?;
    for (_, segment) in mixed {
        done.push(select(rule, segment, &std::mem::take(&mut stored))?);
    }
    Ok(done)
}

fn select(rule: &Selector, segment: Growing, stored: &Rows) -> Result<SegmentDone, Fault> {
    let Growing { mut done, new, .. } = segment;
    let rows = in_order(stored, &new);
    if rows.len() as u64 != done.rows {
        let (found, expected) = (stored.len(), done.rows - new.len() as u64);
        let what = format!("the store holds {found} of the {expected} rows of segment {}", done.segment);
        return Err(Fault::permanent(what));
    }
    let selection = SegmentSelection::new(done.segment, &rule.select(&rows));
    (done.selected, done.selection, done.dropped) = (selection.selected, selection.selection, selection.dropped);
    Ok(done)
}

/// The rows of both, each in order, in order.
fn in_order(stored: &Rows, new: &Rows) -> Rows {
    let keys = |rows: &Rows, of: u8| -> Vec<(i64, u8, usize)> {
        rows.ordinal.iter().enumerate().map(|(row, &ordinal)| (ordinal, of, row)).collect()
    };
    let mut order = keys(stored, 0);
    order.extend(keys(new, 1));
    order.sort_unstable();
    let mut all = Rows::default();
    order.into_iter().for_each(|(_, of, row)| all.push_row(if of == 0 { stored } else { new }, row));
    all
}
