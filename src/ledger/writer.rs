//! The one writing connection.
use super::*;
use crate::fault::Fault;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Where the writing connection runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A thread of its own (`vcf-agent-ledger`): the normal way.
    Thread,
    /// In the caller, at once: for simulations on one thread.
    Inline,
}

/// An answer that is durable when it resolves: await it, or [`Reply::wait`] outside of async code.
pub struct Reply<T>(std::marker::PhantomData<T>);

impl<T> Reply<T> {
    /// Blocks for the answer. Not from async code.
    ///
    /// # Errors
    /// As the call that made it.
    pub fn wait(self) -> Result<T, Fault> {
        todo!()
    }
}

impl<T> Future for Reply<T> {
    type Output = Result<T, Fault>;
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        todo!()
    }
}

/// A handle to the writer; clones share it. When the last one is dropped, the thread finishes what is queued and ends.
#[derive(Clone)]
pub struct Ledger {}

impl Ledger {
    /// Opens (creating, migrating) `dir/ledger.db`. The caller holds the lock of `dir`.
    ///
    /// # Errors
    /// `Permanent` for a newer schema or a file that is no ledger; `Unavailable` if the disk fails.
    pub fn open(dir: &Path, mode: Mode) -> Result<Self, Fault> {
        let _ = (dir, mode);
        todo!()
    }
    /// The ledger's random id (the home's identity), made once.
    pub fn home_id(&self) -> &str {
        todo!()
    }
    /// A new process lives: returns how the last one ended.
    pub fn begin_process(&self, pid: u32, now_ms: u64) -> Reply<Option<LastProcess>> {
        let _ = (pid, now_ms);
        todo!()
    }
    /// This process ends on purpose.
    pub fn end_process(&self, now_ms: u64) -> Reply<()> {
        let _ = now_ms;
        todo!()
    }
    /// Decides job id, run and layout (see [`JobAccepted`]).
    pub fn open_job(&self, open: OpenJob) -> Reply<JobAccepted> {
        let _ = open;
        todo!()
    }
    /// Commits a group in one fsynced transaction. Refuses (`Permanent`) a job that is not OPEN or STALLED and a segment that is done.
    pub fn commit_group(&self, group: GroupCommit) -> Reply<Committed> {
        let _ = group;
        todo!()
    }
    /// Records groups merged in staging: `with` takes the place of `replaced`.
    pub fn replace_groups(&self, job: &JobId, merged: Vec<(String, u64, Vec<String>)>) -> Reply<()> {
        let _ = (job, merged);
        todo!()
    }
    /// The store lost these groups: forget them and their segments (they come again).
    pub fn forget_groups(&self, job: &JobId, names: Vec<String>) -> Reply<()> {
        let _ = (job, names);
        todo!()
    }
    /// The source reached the end of the file.
    pub fn record_end(&self, job: &JobId, end: JobEnd) -> Reply<()> {
        let _ = (job, end);
        todo!()
    }
    /// Moves a job along one arrow of [`JobState`] (to the same state: nothing happens). Refuses (`Permanent`) any other move,
    /// and PUBLISHING without a certificate that holds. Writes the matching outbox event.
    pub fn set_state(
        &self,
        job: &JobId,
        next: JobState,
        certificate: Option<Certificate>,
        error: Option<ReceiptError>,
        now_ms: u64,
    ) -> Reply<()> {
        let _ = (job, next, certificate, error, now_ms);
        todo!()
    }
    /// Writes an event to the outbox by itself.
    pub fn announce(&self, job: Option<&JobId>, kind: &'static str, payload: String, now_ms: u64) -> Reply<()> {
        let _ = (job, kind, payload, now_ms);
        todo!()
    }
    /// `consumer` has handled the outbox up to and including `seq`; rows that every consumer has handled are removed.
    pub fn outbox_done(&self, consumer: &'static str, seq: u64) -> Reply<()> {
        let _ = (consumer, seq);
        todo!()
    }
    /// A reader of the same ledger.
    ///
    /// # Errors
    /// As [`LedgerReader::open`].
    pub fn reader(&self) -> Result<LedgerReader, Fault> {
        todo!()
    }
}
