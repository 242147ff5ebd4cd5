//! The home's side of a job: is a segment new, is it being committed, is it done; may the job be certified.

use super::segment::{Segment, SegmentSet};
use super::{Mutant, mutant};

/// What to do with a segment that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// New: put it into a group.
    Take,
    /// In the sink: say so again, and drop it.
    Done,
    /// The same segment is in an open group or being committed: answer this one when that one is.
    Join,
}

/// The state of one job at its home.
#[derive(Debug, Clone, Default)]
pub struct Sink {
    done: SegmentSet,
    staging: SegmentSet,
    total: Option<u32>,
}

impl Sink {
    /// A job whose ledger already holds `done`.
    pub fn new(done: SegmentSet) -> Self {
        Self { done, ..Self::default() }
    }

    /// A segment arrived.
    pub fn offer(&mut self, segment: Segment) -> Offer {
        if self.done.contains(segment) {
            return Offer::Done;
        }
        if !self.staging.insert(segment) && !mutant(Mutant::NoInBatchDedup) {
            return Offer::Join;
        }
        Offer::Take
    }

    /// The ledger has it.
    pub fn committed(&mut self, segment: Segment) {
        self.staging.remove(segment);
        self.done.insert(segment);
    }

    /// Its group could not be committed: it may come again.
    pub fn dropped(&mut self, segment: Segment) {
        self.staging.remove(segment);
    }

    /// An audit found that ledger and store no longer have these: they are new when they come again.
    pub fn forget(&mut self, segments: impl IntoIterator<Item = Segment>) {
        for segment in segments {
            self.done.remove(segment);
        }
    }

    /// The source said how many segments there are.
    pub fn end(&mut self, segments: u32) {
        self.total = Some(segments);
    }

    /// The segments that an audit finds missing; `None` until the source has said how many there are.
    pub fn missing(&self) -> Option<Vec<Segment>> {
        self.total.map(|total| self.done.missing_below(total).collect())
    }

    /// Whether everything that the source counted is in the sink.
    pub fn is_complete(&self) -> bool {
        self.total.is_some_and(|total| self.done.missing_below(total).next().is_none())
    }

    /// The done set.
    pub fn done(&self) -> &SegmentSet {
        &self.done
    }
}
