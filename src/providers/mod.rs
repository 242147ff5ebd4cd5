//! Providers: who analyses a selected allele. One file per kind; retry, rate limit, budget and breaker come from the actors
//! around them. No kind is built in yet, so every selected allele stays `pending`.

use std::future::Future;
use std::pin::Pin;

use crate::domain::ids::JobId;
use crate::fault::Fault;

/// One allele that triage selected, for one analysis.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The job.
    pub job: JobId,
    /// 0-based number of the record among the file's data lines.
    pub ordinal: u64,
    /// 1 for the first ALT.
    pub alt_index: u32,
}

/// What a provider is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Task {
    /// Which allele.
    pub id: TaskId,
    /// Exactly the fields that may leave, by name; nothing else is ever given to a provider.
    pub fields: Vec<(String, String)>,
    /// After this (ms since 1970) the home has taken it back: drop it without a call.
    pub deadline_ms: u64,
}

/// How a task ends.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer, as JSON.
    Answered(String),
    /// Not enough evidence, and why.
    Abstained(String),
    /// It failed for good.
    Failed(Fault),
    /// Untouched: somebody else may take it.
    Returned,
}

/// What [`Provider::analyse`] returns: one outcome per task, in order.
pub type Outcomes<'a> = Pin<Box<dyn Future<Output = Vec<Outcome>> + Send + 'a>>;

/// Somebody who analyses alleles.
pub trait Provider: Send + Sync + 'static {
    /// The registered kind.
    fn kind(&self) -> &'static str;

    /// Most tasks in one call.
    fn batch_max(&self) -> usize;

    /// Analyses a batch.
    fn analyse<'a>(&'a self, tasks: &'a [Task]) -> Outcomes<'a>;
}

/// The kinds that can be configured.
pub const KINDS: &[&str] = &["rules"];
