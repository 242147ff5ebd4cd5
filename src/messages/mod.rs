//! The typed messages between actors.
//!
//! | message | sender → receiver | stream | way | lost means |
//! |---|---|---|---|---|
//! | [`RunFile`] | run → Overseer | – | ask | the run ends with an error |
//! | [`Segment`] | Parser → Router | `vcf-variants` | post, with a receipt | the Parser sends it again |
//! | [`Routed`] | Router → Batcher | – | post, with a receipt | the Parser sends it again |
//! | [`Said`] | a receipt → Parser | `receipts` | post | the Parser is gone, its successor reads the ledger |
//! | [`Flush`] | Parser → Batcher | – | announce | the flush interval closes the group |
//! | [`Landed`] | a commit → Batcher | – | post | the Batcher is gone, its successor reads the ledger |
//! | [`SourceDone`] | Parser → Auditor | `vcf-variants` | post | the chain is built anew |
//! | [`Resend`] | Auditor → Batcher, Parser | – | post | the chain is built anew |
//! | [`JobOver`] | Parser, Batcher, Auditor → Overseer | – | post | the run ends with an error |
//! | [`OutboxGrew`] | Batcher, Auditor → Notifier | `user-notifications` | announce | the Notifier looks by itself, a little later |
//! | [`WriteOut`] | Overseer → Notifier | – | ask | events stay in the outbox for the next run |
//! | [`Ask`] | Dispatcher → Asker | `ai-analysis-requests` | post, with a receipt | the Dispatcher sends it again |
//! | [`GivenBack`] | Asker → Dispatcher | `ai-analysis-results` | post | the ledger is asked again what waits |
//! | [`Found`] | Asker → Aggregator | `ai-analysis-results` | post, with a receipt | the Dispatcher sends it again |
//! | [`Assessed`] | Aggregator, Dispatcher → Recorder | `database-writes` | post, with receipts | the Dispatcher sends it again |
//! | [`Recorded`] | a commit → Recorder | – | post | the Recorder is gone, its successor reads the ledger |
//! | [`SaidOfBatch`] | a receipt → Dispatcher | – | post | the Dispatcher is gone, its successor reads the ledger |
//! | [`AnalysisOver`] | Dispatcher → Overseer | – | post | the run ends with an error |
//! | [`Drain`] | run → Overseer → Parser, Dispatcher | – | post | the drain deadline ends the run |
//!
//! A message with a stream's name travels on that stream when its ends are on different nodes.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::delivery;
use crate::delivery::receipt::Verdict;
use crate::domain::answer::{Answer, DeadTask, Site};
use crate::domain::counts::Counts;
use crate::domain::counts::JobEnd;
use crate::domain::dead::DeadLetter;
use crate::domain::finding::Finding;
use crate::domain::receipt::{Receipt, ReceiptError};
use crate::domain::rows::Rows;
use crate::domain::selection::Selection;
use crate::fault::Fault;
use crate::providers::Task;

/// Which sending of which segment a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// 0-based number in the file.
    pub segment: u32,
    /// Counts from 1.
    pub attempt: u32,
}

/// The receipt that travels with a segment.
pub type SegmentReceipt = delivery::receipt::Receipt<Sending>;

/// Read this file and say how it ended.
pub struct RunFile<I> {
    /// What to read.
    pub input: I,
    /// `Err`: the engine itself failed.
    pub answer: oneshot::Sender<Result<Receipt, Broken>>,
}

/// Why the engine cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// A stage died more often than its budget allows.
    Budget(String),
    /// The ledger or the store failed where no job could be blamed.
    Fault(Fault),
}

/// A parsed segment.
pub struct Segment {
    /// 0-based number in the file.
    pub index: u32,
    /// Ordinal of its first data line.
    pub first_ordinal: u64,
    /// One per allele.
    pub rows: Arc<Rows>,
    /// Byte offset (decompressed) of the segment's first line.
    pub offset: u64,
    /// Offset of each data line from there, by ordinal from `first_ordinal`.
    pub line_offsets: Vec<u32>,
    /// Records that are not among the rows, and why.
    pub dead: Vec<DeadLetter>,
    /// The parser's counts.
    pub counts: Counts,
    /// The way back.
    pub receipt: SegmentReceipt,
}

/// A segment with what triage decided.
pub struct Routed {
    /// The segment, with all its rows, or without those that could not be looked at.
    pub segment: Segment,
    /// One decision per row.
    pub selection: Selection,
}

/// A receipt spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// About this.
    pub sending: Sending,
    /// This.
    pub verdict: Verdict,
}

/// The source is out of credit or at its end: once everything that it has sent is here, commit it instead of waiting for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flush {
    /// Segments that it has sent and holds no verdict about.
    pub in_flight: usize,
}

/// A group's commit ended.
pub struct Landed {
    /// Its segments.
    pub segments: Vec<u32>,
    /// What it brought; the fault if it was not committed.
    pub result: Result<LandedGroup, Fault>,
}

/// What a committed group brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LandedGroup {
    /// Rows durable with it.
    pub rows: u64,
    /// Dead letters of the job so far.
    pub dead_letters: u64,
}

/// The source has read its file to the end and holds a receipt for every segment.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceDone {
    /// What it counted.
    pub end: JobEnd,
}

/// An audit found these segments missing in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resend {
    /// 0-based numbers.
    pub segments: Vec<u32>,
}

/// How a job's time in the pipeline ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Over {
    /// Certified and published.
    Complete,
    /// It cannot complete: FAILED.
    Failed(ReceiptError),
    /// Something it needs is gone (a full disk): STALLED; the same command goes on with it.
    Stalled(ReceiptError),
    /// Drained on request: stays OPEN; the same command goes on with it.
    Interrupted,
}

/// A stage says that its job is over.
#[derive(Debug, Clone, PartialEq)]
pub struct JobOver {
    /// Which chain says so: a former one is not listened to.
    pub generation: u64,
    /// How it ended.
    pub over: Over,
}

/// There is something new in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxGrew;

/// Write everything that is in the outbox now, then answer.
pub struct WriteOut {
    /// Answered when it is written, or could not be.
    pub answer: oneshot::Sender<Result<(), Fault>>,
}

/// Which batch of tasks a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Its number in this life of the stages.
    pub batch: u64,
    /// The segment of its alleles.
    pub segment: u32,
}

/// The receipt that travels with a batch, and with every part of it; whoever is the last to hold it answers it.
#[derive(Clone)]
pub struct BatchReceipt(Arc<Mutex<delivery::receipt::Receipt<Asking>>>);

impl BatchReceipt {
    /// Shares a receipt.
    pub fn new(receipt: delivery::receipt::Receipt<Asking>) -> Self {
        Self(Arc::new(Mutex::new(receipt)))
    }

    /// This part is durable. If others still are on their way, the last of them answers.
    pub fn committed(self) {
        if let Some(receipt) = Arc::into_inner(self.0) {
            receipt.into_inner().unwrap_or_else(PoisonError::into_inner).committed();
        }
    }
}

/// The tasks of a batch.
#[derive(Clone, Default)]
pub struct Tasks {
    /// By task: 0-based number of its row among those that its segment stored.
    pub rows: Vec<u32>,
    /// By task: the allele that the answer is about.
    pub sites: Vec<Site>,
    /// What is asked.
    pub tasks: Vec<Task>,
}

impl Tasks {
    /// Adds a task.
    pub fn push(&mut self, row: u32, site: Site, task: Task) {
        self.rows.push(row);
        self.sites.push(site);
        self.tasks.push(task);
    }

    /// What they take in memory (bytes), without what is concluded.
    pub fn bytes(&self) -> usize {
        self.sites.iter().zip(&self.tasks).map(|(site, task)| Self::cost(site, task)).sum()
    }

    /// What one of them takes (bytes).
    pub fn cost(site: &Site, task: &Task) -> usize {
        site.bytes() + size_of::<Task>() + task.evidence.bytes()
    }
}

/// Ask about these.
pub struct Ask {
    /// Which batch.
    pub asking: Asking,
    /// Its tasks.
    pub tasks: Arc<Tasks>,
    /// The way back.
    pub receipt: BatchReceipt,
}

/// What was said of one task.
pub struct Spoken {
    /// Which of the batch.
    pub nth: usize,
    /// A finding, or why there will be none.
    pub said: Result<Finding, DeadTask>,
}

/// What a provider said of a batch, or of the part of it that needs no other try.
pub struct Found {
    /// Of which batch.
    pub asking: Asking,
    /// Its tasks.
    pub tasks: Arc<Tasks>,
    /// What was said of them; of some nothing, if they are tried again.
    pub spoken: Vec<Spoken>,
    /// The way back.
    pub receipt: BatchReceipt,
}

/// Tasks that a provider gave back unanswered.
pub struct GivenBack {
    /// Of which batch.
    pub asking: Asking,
    /// Which of its tasks.
    pub tasks: Vec<usize>,
    /// Why.
    pub why: Why,
}

/// Why tasks were given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The provider failed; the next try may do better.
    Fault(Fault),
    /// Nobody has looked at them: there was no time.
    Untouched,
    /// It panicked over one of them.
    Panicked(String),
}

/// Conclusions that are to be recorded.
pub struct Assessed {
    /// The segment of all of them.
    pub segment: u32,
    /// What was concluded.
    pub answers: Vec<Answer>,
    /// What gets no answer.
    pub dead: Vec<DeadTask>,
    /// The ways back.
    pub receipts: Vec<BatchReceipt>,
}

/// These rows did not reach the ledger.
pub struct Recorded {
    /// Their segment.
    pub segment: u32,
    /// Their numbers.
    pub forget: Vec<u32>,
    /// Why not.
    pub fault: Fault,
}

/// A batch's receipt spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidOfBatch {
    /// About this.
    pub asking: Asking,
    /// This.
    pub verdict: Verdict,
}

/// Nothing waits for an answer any more, or it cannot go on, or it was drained.
pub struct AnalysisOver {
    /// Which chain says so: a former one is not listened to.
    pub generation: u64,
    /// Why it cannot go on.
    pub fault: Option<Fault>,
}

/// Stop reading, bring every credit home, then end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain;
