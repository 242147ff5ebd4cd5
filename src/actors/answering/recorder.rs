//! Recorder: brings what was concluded into the ledger, and only then answers the receipts. Rows that are on their way into the
//! ledger, or in it, are left out of what comes again.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::super::engine::Engine;
use super::super::env::Panicked;
use super::super::stage::{Ctx, Link, Seat, Stage, Takes};
use super::Analysis;
use crate::domain::answer::{Answer, pack};
use crate::domain::finding::{Classification, Conclusion};
use crate::fault::Fault;
use crate::ledger::AnswerBatch;
use crate::messages::{Assessed, BatchReceipt, OutboxGrew, Recorded};
use crate::telemetry::{Metric, count};

/// Alleles that one event names, at most.
const NOTABLE_MAX: usize = 20;

/// See the module.
pub struct Recorder {
    engine: Engine,
    analysis: Rc<Analysis>,
    me: Link<Recorded>,
    notifier: Link<OutboxGrew>,
    /// Segment and row of what this life of the stage has brought, or is bringing, into the ledger.
    known: BTreeSet<(u32, u32)>,
}

impl Recorder {
    /// A recorder for `analysis`.
    pub fn new(engine: &Engine, analysis: &Rc<Analysis>, notifier: Link<OutboxGrew>, me: &Seat<Self>) -> Self {
        Self { engine: engine.clone(), analysis: analysis.clone(), me: Link::to(me), notifier, known: BTreeSet::new() }
    }
}

impl Stage for Recorder {
    const NAME: &'static str = "recorder";
}

impl Takes<Assessed> for Recorder {
    /// The commit runs on its own: if this actor dies, what is under way still lands, and is answered.
    fn take(&mut self, assessed: Assessed, _: &mut Ctx<Self>) {
        let Assessed { segment, mut answers, mut dead, receipts } = assessed;
        answers.retain(|answer| self.known.insert((segment, answer.row)));
        dead.retain(|dead| self.known.insert((segment, dead.row)));
        if answers.is_empty() && dead.is_empty() {
            return receipts.into_iter().for_each(BatchReceipt::committed);
        }
        let rows = answers.iter().map(|answer| answer.row).chain(dead.iter().map(|dead| dead.row)).collect();
        let (engine, analysis, me) = (self.engine.clone(), self.analysis.clone(), self.me.clone());
        let notifier = self.notifier.clone();
        self.engine.env.spawn(async move {
            let Some(held) = analysis.hold().await else { return };
            let (job, now_ms) = (analysis.job.clone(), engine.env.now_ms());
            let work = move || -> Result<AnswerBatch, Fault> {
                let body = pack(&answers).map_err(|why| Fault::permanent(format!("answers cannot be packed: {why}")))?;
                Ok(batch(job, segment, &answers, dead, body, now_ms))
            };
            let packed = engine.env.work("pack answers", work).await;
            let packed = packed.unwrap_or_else(|Panicked(words)| Err(Fault::transient(words)));
            let recorded = match packed {
                Ok(batch) => {
                    let (answered, dead) = (batch.answered.len() + batch.abstained.len(), batch.dead.len());
                    crate::crash_point("answers_before_ledger");
                    let recorded = engine.ledger.record_answers(batch).await;
                    if recorded.is_ok() {
                        crate::crash_point("answers_after_ledger");
                        count(Metric::AllelesAssessed, answered as u64);
                        count(Metric::DeadTasks, dead as u64);
                        engine.progress.answered.fetch_add((answered + dead) as u64, Ordering::Relaxed);
                    }
                    recorded
                }
                Err(fault) => Err(fault),
            };
            drop(held);
            match recorded {
                Ok(()) => {
                    receipts.into_iter().for_each(BatchReceipt::committed);
                    notifier.announce(OutboxGrew);
                }
                Err(fault) => {
                    tracing::warn!(job = %analysis.job, segment, %fault, "answers were not recorded: they are asked for again");
                    // Before the receipts say that they are lost.
                    me.post(Recorded { segment, forget: rows });
                }
            }
        });
    }
}

impl Takes<Recorded> for Recorder {
    fn take(&mut self, Recorded { segment, forget }: Recorded, _: &mut Ctx<Self>) {
        forget.into_iter().for_each(|row| {
            self.known.remove(&(segment, row));
        });
    }
}

fn batch(
    job: crate::domain::ids::JobId,
    segment: u32,
    answers: &[Answer],
    dead: Vec<crate::domain::answer::DeadTask>,
    body: Vec<u8>,
    now_ms: u64,
) -> AnswerBatch {
    let is_abstained = |answer: &&Answer| answer.assessment.conclusion == Conclusion::Abstained;
    let rows = |abstained: bool| answers.iter().filter(move |a| is_abstained(a) == abstained).map(|a| a.row).collect();
    AnswerBatch {
        job,
        segment,
        answered: rows(false),
        abstained: rows(true),
        body,
        dead,
        notable: answers.iter().filter(|answer| is_notable(answer)).take(NOTABLE_MAX).map(notable).collect(),
        now_ms,
    }
}

/// Whether people want to hear of it at once.
fn is_notable(answer: &Answer) -> bool {
    let conclusion = answer.assessment.conclusion;
    conclusion == Conclusion::Conflicting
        || conclusion == Classification::Pathogenic.into()
        || conclusion == Classification::LikelyPathogenic.into()
}

fn notable(answer: &Answer) -> serde_json::Value {
    json!({
        "chrom": answer.chrom,
        "pos": answer.pos,
        "ref": answer.reference,
        "alt": answer.alt,
        "conclusion": answer.assessment.conclusion.as_str(),
    })
}
