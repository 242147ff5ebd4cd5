//! A provider of the tests: small batches, several calls at once, and a memory of what it was called with.

use std::sync::Mutex;

use vcf_agent::domain::finding::Evidence;
use vcf_agent::fault::Fault;
use vcf_agent::providers::rules::{Settings, judge};
use vcf_agent::providers::{Outcome, Outcomes, Provider, Task};

use crate::support::NOW_MS;

/// What the double does with each task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Answers as the rules would.
    Answers,
    /// Fails.
    Fails,
    /// Leaves the last task out.
    Forgets,
}

pub struct Double {
    pub habit: Habit,
    pub calls: Mutex<Vec<Vec<u64>>>,
}

impl Double {
    pub fn new(habit: Habit) -> Self {
        Self { habit, calls: Mutex::default() }
    }

    fn outcome(&self, evidence: &Evidence) -> Outcome {
        match self.habit {
            Habit::Fails => Outcome::Failed(Fault::overloaded("asked to wait")),
            _ => Outcome::Answered(Box::new(judge(evidence, &Settings::default()))),
        }
    }
}

impl Provider for Double {
    fn kind(&self) -> &'static str {
        "double"
    }

    fn version(&self) -> &str {
        "1"
    }

    fn batch_max(&self) -> usize {
        3
    }

    fn concurrency(&self) -> usize {
        2
    }

    fn now_ms(&self) -> u64 {
        NOW_MS
    }

    fn call<'a>(&'a self, tasks: &'a [&'a Task]) -> Outcomes<'a> {
        Box::pin(async move {
            self.calls.lock().unwrap().push(tasks.iter().map(|task| task.id.ordinal).collect());
            let kept = tasks.len() - usize::from(self.habit == Habit::Forgets);
            tasks[..kept].iter().map(|task| self.outcome(&task.evidence)).collect()
        })
    }
}
