//! Aggregator: holds the findings on an allele until every provider has spoken of it, then merges them into an assessment.

use std::collections::BTreeMap;

use super::super::stage::{Ctx, Link, Stage, Takes};
use crate::domain::answer::{Answer, DeadTask, Site};
use crate::domain::finding::{Finding, merge};
use crate::messages::{Assessed, BatchReceipt, Found, Spoken, Tasks};

/// See the module.
pub struct Aggregator {
    recorder: Link<Assessed>,
    providers: usize,
    /// Answers that make an assessment.
    quorum: u32,
    /// By segment and row.
    waiting: BTreeMap<(u32, u32), Said>,
}

/// What has been said of one allele so far, and the receipts that wait with it.
#[derive(Default)]
struct Said {
    findings: Vec<Finding>,
    dead: Vec<DeadTask>,
    receipts: Vec<BatchReceipt>,
}

impl Aggregator {
    /// An aggregator of the findings of so many providers, of which `quorum` must answer.
    pub fn new(recorder: Link<Assessed>, providers: usize, quorum: u32) -> Self {
        Self { recorder, providers, quorum, waiting: BTreeMap::new() }
    }

    /// Everybody has spoken of this allele. One finding is enough for an answer; the assessment says whether it is a quorum.
    fn close(&self, tasks: &Tasks, nth: usize, said: Said, assessed: &mut Assessed) {
        assessed.receipts.extend(said.receipts);
        if said.findings.is_empty() {
            assessed.dead.extend(said.dead.into_iter().next());
            return;
        }
        let id = &tasks.tasks[nth].id;
        let Site { chrom, pos, reference, alt } = tasks.sites[nth].clone();
        assessed.answers.push(Answer {
            ordinal: id.ordinal,
            alt_index: id.alt_index,
            row: tasks.rows[nth],
            chrom,
            pos,
            reference,
            alt,
            assessment: merge(said.findings, self.quorum),
        });
    }
}

impl Stage for Aggregator {
    const NAME: &'static str = "aggregator";
}

impl Takes<Found> for Aggregator {
    fn take(&mut self, found: Found, _: &mut Ctx<Self>) {
        let Found { asking, tasks, spoken, receipt } = found;
        let segment = asking.segment;
        let mut assessed = Assessed { segment, answers: Vec::new(), dead: Vec::new(), receipts: Vec::new() };
        for Spoken { nth, said: one } in spoken {
            let place = (segment, tasks.rows[nth]);
            let mut said = self.waiting.remove(&place).unwrap_or_default();
            match one {
                Ok(finding) => said.findings.push(finding),
                Err(dead) => said.dead.push(dead),
            }
            if said.findings.len() + said.dead.len() >= self.providers {
                self.close(&tasks, nth, said, &mut assessed);
            } else {
                said.receipts.push(receipt.clone());
                self.waiting.insert(place, said);
            }
        }
        assessed.receipts.push(receipt);
        self.recorder.post(assessed);
    }
}
