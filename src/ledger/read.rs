//! Short reads beside a running writer.
use super::*;
use crate::fault::Fault;
use std::path::Path;

/// A read-only connection. Each call is one short transaction.
pub struct LedgerReader {}

impl LedgerReader {
    /// Opens `dir/ledger.db` for reading.
    ///
    /// # Errors
    /// `Permanent` if there is none, or its schema is not ours; `Unavailable` if it cannot be opened.
    pub fn open(dir: &Path) -> Result<Self, Fault> {
        let _ = dir;
        todo!()
    }
    /// All jobs, newest first.
    pub fn jobs(&self) -> Result<Vec<JobRow>, Fault> {
        todo!()
    }
    /// One job.
    pub fn job(&self, job: &JobId) -> Result<Option<JobRow>, Fault> {
        let _ = job;
        todo!()
    }
    /// Jobs whose id starts with `prefix` (with or without the leading `j`).
    pub fn jobs_by_prefix(&self, prefix: &str) -> Result<Vec<JobRow>, Fault> {
        let _ = prefix;
        todo!()
    }
    /// The header text of a job.
    pub fn header(&self, job: &JobId) -> Result<Vec<u8>, Fault> {
        let _ = job;
        todo!()
    }
    /// Sums over the committed segments.
    pub fn sums(&self, job: &JobId) -> Result<JobSums, Fault> {
        let _ = job;
        todo!()
    }
    /// One committed segment.
    pub fn segment(&self, job: &JobId, segment: u32) -> Result<Option<SegmentDone>, Fault> {
        let _ = (job, segment);
        todo!()
    }
    /// The done set.
    pub fn done(&self, job: &JobId) -> Result<SegmentSet, Fault> {
        let _ = job;
        todo!()
    }
    /// The store's groups of a job, by name.
    pub fn groups(&self, job: &JobId) -> Result<Vec<String>, Fault> {
        let _ = job;
        todo!()
    }
    /// Dead letters of a job by ordinal, `raw` included, from `from_ordinal` on.
    pub fn dead_letters(&self, job: &JobId, from_ordinal: u64, limit: usize) -> Result<Vec<DeadLetter>, Fault> {
        let _ = (job, from_ordinal, limit);
        todo!()
    }
    /// Outbox rows that `consumer` has not handled.
    pub fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, Fault> {
        let _ = (consumer, limit);
        todo!()
    }
}
