//! Providers: who analyses a selected allele. One folder or file per kind; retry, rate limit, budget and breaker come from
//! the actors around them.
//!
//! A new kind implements [`Provider::call`] and a few constants, gets a line in [`KINDS`] and one in [`open`], and passes
//! the conformance suite of `tests/providers/`.

pub mod rules;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::finding::{Evidence, Finding};
use crate::domain::ids::JobId;
use crate::fault::Fault;

/// One allele that triage selected, for one analysis.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    /// The job.
    pub job: JobId,
    /// 0-based number of the record among the file's data lines.
    pub ordinal: u64,
    /// 1 for the first ALT.
    pub alt_index: u32,
}

/// What a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Which allele.
    pub id: TaskId,
    /// Exactly what may be used, and may leave; nothing else is ever given to a provider.
    pub evidence: Evidence,
    /// After this (ms since 1970) the home has taken it back: drop it without a call.
    pub deadline_ms: u64,
}

/// How a task ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// One of the five tiers.
    Answered(Box<Finding>),
    /// Not enough evidence; the finding says why.
    Abstained(Box<Finding>),
    /// It failed; the fault says whether for good.
    Failed(Fault),
    /// Untouched: somebody else may take it.
    Returned,
}

/// What [`Provider::analyse`] returns: one outcome per task, in order.
pub type Outcomes<'a> = Pin<Box<dyn Future<Output = Vec<Outcome>> + Send + 'a>>;

/// Tells the time in ms since 1970. Given from outside, so that a simulation can have its own.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Somebody who analyses alleles.
pub trait Provider: Send + Sync + 'static {
    /// The registered kind.
    fn kind(&self) -> &'static str;

    /// The version that its findings carry.
    fn version(&self) -> &str;

    /// Most tasks in one call; at least 1.
    fn batch_max(&self) -> usize;

    /// How many calls may run at the same time; at least 1.
    fn concurrency(&self) -> usize;

    /// The time by the clock that it was opened with.
    fn now_ms(&self) -> u64;

    /// Analyses 1 to `batch_max` tasks that are not overdue. Called by [`Provider::analyse`] alone.
    fn call<'a>(&'a self, tasks: &'a [&'a Task]) -> Outcomes<'a>;

    /// Analyses any number of tasks: one outcome for each, in order. More than `batch_max` are split into calls that
    /// follow each other; what is overdue when its call would begin is returned without one.
    fn analyse<'a>(&'a self, tasks: &'a [Task]) -> Outcomes<'a> {
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(tasks.len());
            for batch in tasks.chunks(self.batch_max().max(1)) {
                let now_ms = self.now_ms();
                let alive: Vec<&Task> = batch.iter().filter(|task| task.deadline_ms >= now_ms).collect();
                let answers = if alive.is_empty() { Vec::new() } else { self.call(&alive).await };
                let mut answers = whole(self.kind(), alive.len(), answers).into_iter();
                let answer = |task: &Task| if task.deadline_ms >= now_ms { answers.next() } else { None };
                outcomes.extend(batch.iter().map(answer).map(|answer| answer.unwrap_or(Outcome::Returned)));
            }
            outcomes
        })
    }
}

/// If a call gave another number of outcomes than it was asked for, nobody knows which is whose: all of them fail.
fn whole(kind: &str, asked: usize, outcomes: Vec<Outcome>) -> Vec<Outcome> {
    if outcomes.len() == asked {
        return outcomes;
    }
    let fault = Fault::permanent(format!("provider {kind}: {} outcomes for {asked} tasks", outcomes.len()));
    vec![Outcome::Failed(fault); asked]
}

/// Options of one provider, as words.
pub type Options = BTreeMap<String, String>;

/// The kinds that can be configured.
pub const KINDS: &[&str] = &[rules::KIND];

/// Opens a provider by its kind. An unknown kind, option or word is a permanent fault that names it.
pub fn open(kind: &str, options: &Options, clock: Clock) -> Result<Arc<dyn Provider>, Fault> {
    match kind {
        rules::KIND => Ok(Arc::new(rules::Rules::new(rules::Settings::parse(options)?, clock))),
        _ => Err(Fault::permanent(format!("provider kind {kind:?} is not known: known are {}", KINDS.join(", ")))),
    }
}
