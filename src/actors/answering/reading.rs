//! Rows that wait become tasks: the records of a few segments are read together, and their evidence a few batches at a time, because
//! a task takes many times the memory of its row.

use std::ops::Range;
use std::sync::Arc;

use crate::annotation::EvidenceReader;
use crate::domain::answer::{Site, set_bits};
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;
use crate::ledger::PendingSegment;
use crate::messages::Tasks;
use crate::providers::{Task, TaskId};
use crate::stores::Store;

/// Tasks in one batch, at most.
const BATCH_TASKS_MAX: usize = 256;

/// The same in bytes, unless one task has more.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Rows that become tasks at once.
const TASKS_AT_ONCE: usize = 4 * BATCH_TASKS_MAX;

/// … as long as their alleles, or their evidence, take no more than this (bytes).
pub const READ_BYTES_MAX: usize = 4 << 20;

/// Rows that wait and are read together, unless one record has more.
pub const PICKED_AT_ONCE: usize = 4 * TASKS_AT_ONCE;

/// Segments of one group whose waiting records are read together: where few alleles wait, each page of the group is read once. Where
/// many do, their records are read in parts: a short record may have a thousand rows, each with its REF.
#[derive(Clone)]
pub struct Open {
    group: Option<String>,
    waiting: Arc<Vec<Waiting>>,
    /// Of the waiting rows, those that were read so far.
    read: usize,
    rows: Arc<Rows>,
    picked: Arc<Vec<Picked>>,
    /// Of these, those that are tasks already.
    done: usize,
}

/// Segment and row in it, ordinal and ALT index of a row that waits.
type Waiting = (u32, u32, (i64, i32));

/// A row that waits.
struct Picked {
    segment: u32,
    /// Its number among the stored rows of its segment.
    row: u32,
    /// Where it stands in what was read.
    at: usize,
}

impl Open {
    /// The waiting rows of these segments, which lie in one group. Nothing of them is read yet.
    ///
    /// # Errors
    /// If the store cannot be read, or does not hold what the ledger says.
    pub fn segments(store: &dyn Store, job: &JobId, segments: &[PendingSegment]) -> Result<Self, Fault> {
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Err(Fault::permanent("nothing is to be read"));
        };
        let group = first.group.clone();
        let keys = store.keys(job, group.as_deref(), first.ordinals.start..last.ordinals.end)?;
        let mut waiting: Vec<Waiting> = Vec::new();
        for PendingSegment { segment, ordinals, rows, pending, .. } in segments {
            let from = keys.partition_point(|(ordinal, _)| (*ordinal as u64) < ordinals.start);
            let to = keys.partition_point(|(ordinal, _)| (*ordinal as u64) < ordinals.end);
            if (to - from) as u64 != *rows {
                let found = to - from;
                return Err(Fault::permanent(format!(
                    "the store holds {found} of the {rows} rows of segment {segment}"
                )));
            }
            waiting.extend(set_bits(pending).map(|row| (*segment, row, keys[from + row as usize])));
        }
        let (rows, picked) = (Arc::default(), Arc::default());
        Ok(Self { group, waiting: Arc::new(waiting), read: 0, rows, picked, done: 0 })
    }

    /// Reads the records of the next waiting rows, and where in them each of these stands.
    fn read_on(&mut self, store: &dyn Store, job: &JobId) -> Result<(), Fault> {
        let mut end = (self.read + PICKED_AT_ONCE).min(self.waiting.len());
        let ordinal = |nth: usize| self.waiting[nth].2.0;
        while end < self.waiting.len() && ordinal(end) == ordinal(end - 1) {
            end += 1;
        }
        let waiting = &self.waiting[self.read..end];
        let mut records: Vec<Range<u64>> = Vec::new();
        for (_, _, (ordinal, _)) in waiting {
            let ordinal = *ordinal as u64;
            match records.last_mut() {
                Some(range) if ordinal <= range.end => range.end = range.end.max(ordinal + 1),
                _ => records.push(ordinal..ordinal + 1),
            }
        }
        let rows = store.read_records(job, self.group.as_deref(), &records)?;
        let mut at = 0;
        let picked = waiting.iter().map(|&(segment, row, key)| {
            while at < rows.len() && (rows.ordinal[at], rows.alt_index[at]) != key {
                at += 1;
            }
            let missing = || Fault::permanent(format!("the store holds no row {row} of segment {segment}"));
            if at < rows.len() { Ok(Picked { segment, row, at }) } else { Err(missing()) }
        });
        let picked = picked.collect::<Result<Vec<Picked>, Fault>>()?;
        (self.rows, self.picked, self.done, self.read) = (Arc::new(rows), Arc::new(picked), 0, end);
        Ok(())
    }

    /// Whether all of its rows are tasks already.
    pub fn is_done(&self) -> bool {
        self.done >= self.picked.len() && self.read >= self.waiting.len()
    }

    /// The next tasks, in batches by segment, and what is left.
    ///
    /// # Errors
    /// If the store cannot be read, or does not hold a row that waits.
    pub fn next_tasks(
        mut self,
        store: &dyn Store,
        job: &JobId,
        reader: &EvidenceReader,
    ) -> Result<(Self, Vec<(u32, Tasks)>), Fault> {
        if self.done >= self.picked.len() {
            self.read_on(store, job)?;
        }
        let end = (self.done + TASKS_AT_ONCE).min(self.picked.len());
        let picked = &self.picked[self.done..end];
        let rows = &self.rows;
        let (mut sites, mut bytes) = (Vec::with_capacity(picked.len()), 0);
        for picked in picked {
            let site = Site::of(rows, picked.at);
            bytes += site.bytes();
            if bytes > READ_BYTES_MAX && !sites.is_empty() {
                break;
            }
            sites.push(site);
        }
        let places: Vec<usize> = picked[..sites.len()].iter().map(|picked| picked.at).collect();
        let evidence = reader.read_some(rows, &places, READ_BYTES_MAX);
        let done = self.done + evidence.len();
        let tasks = picked.iter().zip(sites).zip(evidence).map(|((picked, site), evidence)| {
            let (ordinal, alt_index) = (rows.ordinal[picked.at] as u64, rows.alt_index[picked.at] as u32);
            let id = TaskId { job: job.clone(), ordinal, alt_index };
            // The deadline is set when it is sent.
            (picked, site, Task { id, evidence, deadline_ms: 0 })
        });
        let batches = batches(tasks);
        self.done = done;
        if self.done >= self.picked.len() {
            // Not held while the next ones are read.
            (self.rows, self.picked, self.done) = (Arc::default(), Arc::default(), 0);
        }
        Ok((self, batches))
    }
}

/// Tasks of picked rows in batches, each of one segment and of bounded size.
fn batches<'p>(tasks: impl Iterator<Item = (&'p Picked, Site, Task)>) -> Vec<(u32, Tasks)> {
    let mut batches: Vec<(u32, Tasks)> = Vec::new();
    let mut bytes = 0;
    for (picked, site, task) in tasks {
        let cost = Tasks::cost(&site, &task);
        bytes += cost;
        let joins = |(of, batch): &&mut (u32, Tasks)| {
            *of == picked.segment && batch.tasks.len() < BATCH_TASKS_MAX && bytes <= BATCH_BYTES_MAX
        };
        match batches.last_mut().filter(joins) {
            Some((_, batch)) => batch.push(picked.row, site, task),
            None => {
                bytes = cost;
                let mut batch = Tasks::default();
                batch.push(picked.row, site, task);
                batches.push((picked.segment, batch));
            }
        }
    }
    batches
}
