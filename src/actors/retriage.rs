//! A job that is stored already, and another triage: its rows are asked again, from the store. A new triage never makes rows;
//! it changes which of them are selected, all at once, and the receipt's revision goes up.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;
use crate::ledger::{Ledger, SegmentBounds, SegmentSelection};
use crate::stores::Store;

use crate::triage::{Rule, Selector};
use crate::vcf::header;

/// Applies the triage of this canonical text to every stored row of a complete job.
///
/// # Errors
/// If the store does not hold the rows that the ledger knows or cannot be read, if the ledger cannot be written, or once `stop` is
/// set: the selection stays as it was.
pub fn retriage(
    (ledger, store): (&Ledger, &dyn Store),
    job: &JobId,
    triage: &str,
    stop: &AtomicBool,
    now_ms: u64,
) -> Result<(), Fault> {
    let reader = ledger.reader()?;
    let header = header::parse(&reader.header(job)?)
        .map_err(|error| Fault::permanent(format!("the header that the ledger keeps cannot be read: {error}")))?;
    let rule = Rule::from_text(triage)?.for_file(&header);
    let bounds = reader.segments(job)?;
    let mut again = Again { rule: &rule, bounds, rows: Rows::default(), done: Vec::new() };
    store.read(job, &mut |batch| {
        if stop.load(Ordering::Relaxed) {
            return Err(Fault::transient("interrupted"));
        }
        again.take(batch)
    })?;
    let selections = again.finish()?;
    ledger.reselect(job, triage.to_owned(), selections, now_ms).wait()
}

/// The rows of one segment after the other, in the order of the file.
struct Again<'r> {
    rule: &'r Selector,
    bounds: Vec<SegmentBounds>,
    /// Of the segment that is being gathered: number `done.len()` of `bounds`.
    rows: Rows,
    done: Vec<SegmentSelection>,
}

impl Again<'_> {
    fn take(&mut self, batch: &Rows) -> Result<(), Fault> {
        for row in 0..batch.len() {
            let ordinal = batch.ordinal[row] as u64;
            while self.bounds.get(self.done.len()).is_some_and(|segment| ordinal >= segment.end_ordinal) {
                self.select()?;
            }
            if self.done.len() == self.bounds.len() {
                let what = format!("record {ordinal} is in the store, but in no segment of the ledger");
                return Err(Fault::permanent(what));
            }
            self.rows.push_row(batch, row);
        }
        Ok(())
    }

    fn select(&mut self) -> Result<(), Fault> {
        let SegmentBounds { segment, rows, .. } = self.bounds[self.done.len()];
        if self.rows.len() as u64 != rows {
            let found = self.rows.len();
            return Err(Fault::permanent(format!("the store holds {found} of the {rows} rows of segment {segment}")));
        }
        self.done.push(SegmentSelection::new(segment, &self.rule.select(&self.rows)));
        self.rows = Rows::default();
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<SegmentSelection>, Fault> {
        while self.done.len() < self.bounds.len() {
            self.select()?;
        }
        Ok(self.done)
    }
}
