//! Recorder: brings what was concluded into the ledger, and only then answers the receipts. Rows that are on their way into the
//! ledger, or in it, are left out of what comes again.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::super::engine::Engine;
use super::super::env::Panicked;
use super::super::stage::{Ctx, Link, Seat, Stage, Takes};
use super::Analysis;
use crate::domain::answer::{Answer, pack};
use crate::domain::finding::{Classification, Conclusion};
use crate::fault::{Fault, Kind};
use crate::ledger::AnswerBatch;
use crate::messages::{AnalysisOver, Assessed, BatchReceipt, OutboxGrew, Recorded};
use crate::telemetry::{Metric, count};

/// Alleles that one event names, at most.
const NOTABLE_MAX: usize = 20;

/// See the module.
pub struct Recorder {
    engine: Engine,
    analysis: Rc<Analysis>,
    me: Link<Recorded>,
    notifier: Link<OutboxGrew>,
    over: Link<AnalysisOver>,
    generation: u64,
    /// By segment, one bit per row: what this life of the stage has brought, or is bringing, into the ledger.
    known: BTreeMap<u32, Vec<u8>>,
}

impl Recorder {
    /// A recorder for `analysis`.
    pub fn new(
        engine: &Engine,
        analysis: &Rc<Analysis>,
        generation: u64,
        (notifier, over): (Link<OutboxGrew>, Link<AnalysisOver>),
        me: &Seat<Self>,
    ) -> Self {
        let (engine, analysis, me) = (engine.clone(), analysis.clone(), Link::to(me));
        Self { engine, analysis, me, notifier, over, generation, known: BTreeMap::new() }
    }

    /// Whether nobody has brought this row yet; from now on somebody has.
    fn is_new(&mut self, segment: u32, row: u32) -> bool {
        let bits = self.known.entry(segment).or_default();
        let (byte, bit) = (row as usize / 8, 1 << (row % 8));
        if bits.len() <= byte {
            bits.resize(byte + 1, 0);
        }
        let is_new = bits[byte] & bit == 0;
        bits[byte] |= bit;
        is_new
    }
}

impl Stage for Recorder {
    const NAME: &'static str = "recorder";
}

impl Takes<Assessed> for Recorder {
    /// The commit runs on its own: if this actor dies, what is under way still lands, and is answered.
    fn take(&mut self, assessed: Assessed, _: &mut Ctx<Self>) {
        let Assessed { segment, mut answers, mut dead, receipts } = assessed;
        answers.retain(|answer| self.is_new(segment, answer.row));
        dead.retain(|dead| self.is_new(segment, dead.row));
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
                    me.post(Recorded { segment, forget: rows, fault });
                }
            }
        });
    }
}

impl Takes<Recorded> for Recorder {
    /// What may pass is asked for again by whoever holds no receipt; what will not ends the answering.
    fn take(&mut self, Recorded { segment, forget, fault }: Recorded, _: &mut Ctx<Self>) {
        if let Some(bits) = self.known.get_mut(&segment) {
            forget.into_iter().for_each(|row: u32| bits[row as usize / 8] &= !(1 << (row % 8)));
        }
        if matches!(fault.kind, Kind::Unavailable | Kind::Permanent) {
            self.over.post(AnalysisOver { generation: self.generation, fault: Some(fault) });
        }
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

/// Whether people want to hear of it at once. An event names the record, not the variant: events and logs go further than rows.
fn is_notable(answer: &Answer) -> bool {
    let conclusion = answer.assessment.conclusion;
    conclusion == Conclusion::Conflicting
        || conclusion == Classification::Pathogenic.into()
        || conclusion == Classification::LikelyPathogenic.into()
}

fn notable(answer: &Answer) -> serde_json::Value {
    json!({
        "record": answer.ordinal,
        "alt_index": answer.alt_index,
        "conclusion": answer.assessment.conclusion.as_str(),
    })
}
