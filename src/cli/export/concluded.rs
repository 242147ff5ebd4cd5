//! What the ledger knows beside the rows: which are selected, and what was concluded about them. Rows come in the order of the file, so
//! that only one segment is held.

use std::collections::{HashMap, VecDeque};

use super::super::home::Home;
use crate::domain::answer::{Answer, set_bits};
use crate::domain::ids::JobId;
use crate::fault::Fault;
use crate::ledger::{LedgerReader, SegmentBounds};

/// The walk through a job's segments.
pub struct Concluded<'h> {
    ledger: &'h LedgerReader,
    job: JobId,
    /// Segments that were not begun.
    coming: VecDeque<SegmentBounds>,
    /// Ordinal after the last of the segment that is held.
    end_ordinal: u64,
    /// Rows of it that have come.
    rows: u32,
    selected: Vec<bool>,
    answers: HashMap<u32, Answer>,
}

/// What is known beside the rows of one record.
#[derive(Clone, Copy)]
pub struct Beside<'c> {
    concluded: &'c Concluded<'c>,
    first: u32,
}

impl Beside<'_> {
    /// Whether row number `nth` of the record is selected.
    pub fn is_selected(&self, nth: usize) -> bool {
        self.concluded.selected.get(self.first as usize + nth).copied().unwrap_or(false)
    }

    /// What was concluded about row number `nth` of the record. What an earlier triage asked about and the present one does not select
    /// has an answer that does not count any more: the receipt leaves it out, and so does an export.
    pub fn answer(&self, nth: usize) -> Option<&Answer> {
        self.concluded.answers.get(&(self.first + nth as u32)).filter(|_| self.is_selected(nth))
    }
}

impl<'h> Concluded<'h> {
    /// Of this job.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn of(home: &'h Home<'_>, job: &JobId) -> Result<Self, Fault> {
        Ok(Self {
            ledger: &home.ledger,
            job: job.clone(),
            coming: home.ledger.segments(job)?.into(),
            end_ordinal: 0,
            rows: 0,
            selected: Vec::new(),
            answers: HashMap::new(),
        })
    }

    /// The next record: it has this ordinal and so many rows.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn next(&mut self, ordinal: u64, rows: usize) -> Result<Beside<'_>, Fault> {
        while ordinal >= self.end_ordinal {
            let Some(bounds) = self.coming.pop_front() else {
                // Rows that the ledger does not know; that they do not add up is said at the end.
                (self.end_ordinal, self.rows) = (u64::MAX, 0);
                self.selected.clear();
                self.answers.clear();
                break;
            };
            self.end_ordinal = bounds.end_ordinal;
            self.rows = 0;
            // Segments before the one of this record have no stored row.
            if ordinal < bounds.end_ordinal {
                self.begin(&bounds)?;
            }
        }
        let first = self.rows;
        self.rows += rows as u32;
        Ok(Beside { concluded: self, first })
    }

    fn begin(&mut self, bounds: &SegmentBounds) -> Result<(), Fault> {
        let selection = self.ledger.segment(&self.job, bounds.segment)?.map(|segment| segment.selection);
        self.selected = vec![false; bounds.rows as usize];
        for row in set_bits(&selection.unwrap_or_default()) {
            if let Some(selected) = self.selected.get_mut(row as usize) {
                *selected = true;
            }
        }
        self.answers.clear();
        let answers = &mut self.answers;
        self.ledger.each_answers(&self.job, Some(bounds.segment), &mut |batch| {
            answers.extend(batch.into_iter().map(|answer| (answer.row, answer)));
            Ok(())
        })
    }
}
