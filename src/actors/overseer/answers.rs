//! The second half of a file's part in a run: its selected alleles are asked about, what was concluded is projected, and the
//! receipt is given.

use std::rc::Rc;

use super::super::answering::aggregator::Aggregator;
use super::super::answering::asker::Asker;
use super::super::answering::dispatcher::{self, Dispatcher};
use super::super::answering::projection::project;
use super::super::answering::recorder::Recorder;
use super::super::answering::{self, Analysis};
use super::super::env::Panicked;
use super::super::stage::{Ctx, Ender, Expected, Link, Seat, Takes, start, then};
use super::proof::{not_in_ledger, prove};
use super::{Chain, Overseer};
use crate::domain::ids::JobId;
use crate::domain::receipt::{Receipt, ReceiptError};
use crate::fault::{Fault, Kind};
use crate::messages::{AnalysisOver, Ask, Broken, Drain, OutboxGrew};
use crate::report;
use crate::triage::Rule;

/// Providers that must answer for a conclusion.
const QUORUM: u32 = 1;

impl Overseer {
    /// The file is stored, or could not be. `found`: its job was complete before this run.
    pub(super) fn after_storing(&mut self, job: JobId, error: Option<ReceiptError>, found: bool, ctx: &mut Ctx<Self>) {
        let engine = self.engine.clone();
        let (ledger, store, stop) = (engine.ledger.clone(), engine.store.clone(), engine.stop.clone());
        // The triage by default is for files that come; it does not change what was decided about those that came.
        let asked = engine.settings.triage_is_configured().then(|| Rule::text(engine.settings.triage.as_ref()));
        let (now_ms, id) = (engine.env.now_ms(), job.clone());
        let work = engine
            .env
            .work_repeatedly("prove", move || prove((&ledger, &*store), &id, found, asked.as_deref(), (&stop, now_ms)));
        then(ctx, work, |overseer, proof, ctx| {
            match proof.unwrap_or_else(|Panicked(words)| Err(Fault::permanent(words))) {
                Err(fault) => overseer.finish(Err(Broken::Fault(fault)), ctx),
                Ok(proof) => {
                    if let Some(current) = &mut overseer.current {
                        current.proved = proof.certificate;
                    }
                    match error.or(proof.error) {
                        None if !overseer.draining => overseer.begin_answering(job, ctx),
                        None => overseer.give_receipt(job, None, ctx),
                        error => overseer.give_receipt(job, error, ctx),
                    }
                }
            }
        });
    }

    fn begin_answering(&mut self, job: JobId, ctx: &mut Ctx<Self>) {
        let engine = self.engine.clone();
        let opened = async move { (answering::open(&engine, &job).await, job) };
        then(ctx, opened, |overseer, (opened, job), ctx| match opened {
            Ok(Some(analysis)) if !overseer.draining => {
                if let Some(current) = &mut overseer.current {
                    current.analysis = Some(analysis.clone());
                }
                overseer.build_answering(&analysis);
            }
            Ok(_) => overseer.end_answering(job, None, ctx),
            Err(fault) => overseer.end_answering(job, Some(fault), ctx),
        });
    }

    /// Starts the stages from the last to the first.
    pub(super) fn build_answering(&mut self, analysis: &Rc<Analysis>) {
        self.generation += 1;
        let (engine, generation) = (self.engine.clone(), self.generation);
        let (expected, deaths) = (Expected::default(), self.deaths.clone());
        let tell = move |death| deaths.post(death);
        let Some(notifier) = &self.notifier else { return };
        let grew: Link<OutboxGrew> = Link::to(notifier);
        let over = self.analysis_over.clone();
        let recorder: Seat<Recorder> = start(&engine.env, generation, &expected, tell.clone(), |me| {
            Recorder::new(&engine, analysis, generation, (grew, over.clone()), me)
        });
        let providers = engine.providers.clone();
        let aggregator: Seat<Aggregator> = start(&engine.env, generation, &expected, tell.clone(), |_| {
            Aggregator::new(Link::to(&recorder), providers.len(), QUORUM)
        });
        let mut enders = vec![Ender::of(&recorder), Ender::of(&aggregator)];
        let dispatcher: Seat<Dispatcher> = start(&engine.env, generation, &expected, tell.clone(), |me| {
            let mut askers: Vec<Link<Ask>> = Vec::new();
            for provider in &providers {
                let seat: Seat<Asker> = start(&engine.env, generation, &expected, tell.clone(), |_| {
                    Asker::new(&engine, provider.clone(), Link::to(&aggregator), Link::to(me))
                });
                enders.push(Ender::of(&seat));
                askers.push(Link::to(&seat));
            }
            let outlets = dispatcher::Outlets { askers, recorder: Link::to(&recorder), over };
            Dispatcher::new(&engine, analysis, generation, outlets, me)
        });
        enders.push(Ender::of(&dispatcher));
        if self.draining {
            Link::to(&dispatcher).post(Drain);
        }
        if let Some(current) = &mut self.current {
            current.chain = Some(Chain { expected, drain: Link::to(&dispatcher), enders });
        }
    }

    /// What was concluded goes where readers look, then the receipt is given.
    fn end_answering(&mut self, job: JobId, fault: Option<Fault>, ctx: &mut Ctx<Self>) {
        let Some(current) = &mut self.current else { return };
        let analysis = current.analysis.take();
        let (engine, id) = (self.engine.clone(), job.clone());
        let projected = async move {
            if let Some(analysis) = analysis {
                analysis.at_rest().await;
            }
            let (ledger, store) = (engine.ledger.clone(), engine.store.clone());
            let work = engine.env.work_repeatedly("project", move || project(&ledger, &*store, &id));
            work.await.unwrap_or_else(|Panicked(words)| Err(Fault::permanent(words)))
        };
        then(ctx, projected, |overseer, projected, ctx| {
            let what = if fault.is_some() {
                "not every selected allele was answered"
            } else {
                "the answers were not projected"
            };
            let error = fault.or(projected.err()).map(|fault| ReceiptError {
                code: if fault.kind == Kind::Permanent { 70 } else { 74 },
                message: format!("all of it is stored, but {what}: {fault}; run the same command again"),
                line: None,
                offset: None,
            });
            overseer.give_receipt(job, error, ctx);
        });
    }

    fn give_receipt(&mut self, job: JobId, error: Option<ReceiptError>, ctx: &mut Ctx<Self>) {
        let ledger = self.engine.ledger.clone();
        let certificate = self.current.as_ref().and_then(|current| current.proved);
        // Who is interrupted between storing and answering has not asked anybody yet, but will.
        let is_unfinished = self.draining && !self.engine.providers.is_empty();
        let work = self.engine.env.work_repeatedly("receipt", move || {
            let reader = ledger.reader()?;
            let row = reader.job(&job)?.ok_or_else(|| not_in_ledger(&job))?;
            let receipt = report::receipt(&row, &reader.sums(&job)?);
            let error = receipt.error.clone().or_else(|| error.clone());
            let error = error.or_else(|| (is_unfinished && waits(&receipt)).then(|| unanswered(&receipt)));
            Ok(Receipt { error, certificate: certificate.or(receipt.certificate), ..receipt })
        });
        then(ctx, work, |overseer, receipt, ctx| {
            let receipt = receipt.unwrap_or_else(|Panicked(words)| Err(Fault::permanent(words)));
            overseer.finish(receipt.map_err(Broken::Fault), ctx);
        });
    }
}

/// Whether not everything is answered.
fn waits(receipt: &Receipt) -> bool {
    receipt.state == "COMPLETE" && receipt.pending > 0
}

fn unanswered(receipt: &Receipt) -> ReceiptError {
    let message = format!(
        "interrupted: all of it is stored, {} selected alleles wait for an answer; run the same command again to go on",
        receipt.pending
    );
    ReceiptError { code: 75, message, line: None, offset: None }
}

impl Takes<AnalysisOver> for Overseer {
    fn take(&mut self, AnalysisOver { generation, fault }: AnalysisOver, ctx: &mut Ctx<Self>) {
        let Some(analysis) = self.current.as_ref().and_then(|current| current.analysis.clone()) else { return };
        if generation == self.generation {
            self.take_down();
            self.end_answering(analysis.job.clone(), fault, ctx);
        }
    }
}
