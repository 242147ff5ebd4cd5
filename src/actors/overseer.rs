//! Overseer: takes one file after the other, builds a chain of stages for it, builds it anew when a stage dies, and says how
//! the file ended.

mod answers;
mod proof;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use self::proof::record_end;
use super::answering::Analysis;
use super::auditor::Auditor;
use super::batcher::Batcher;
use super::engine::{Engine, Job};
use super::env::Panicked;
use super::input::Tap;
use super::notifier::{EventsFile, Notifier};
use super::open::{Caution, Opened, interrupted, open, reopen};
use super::parser::{Outlets, Parser};
use super::router::Router;
use super::stage::{Ctx, Death, Ender, Expected, Link, Seat, Stage, Takes, later, start, then};
use crate::delivery::restart::RestartBudget;
use crate::delivery::segment::SegmentSet;
use crate::delivery::source::Source;

use crate::domain::receipt::{Certificate, Receipt, ReceiptError};
use crate::fault::Fault;
use crate::messages::{AnalysisOver, Broken, Drain, JobOver, OutboxGrew, Over, RunFile, WriteOut};
use crate::report;
use crate::telemetry::{Metric, count};
use crate::vcf::reader::Reader;

type Answer = super::stage::Answer<Result<Receipt, Broken>>;

/// A file to run, and how carefully.
pub struct File {
    /// Its bytes.
    pub tap: Tap,
    /// Whether the last process died over such a file.
    pub caution: Caution,
}

/// The stages of one job, in one life.
struct Chain {
    expected: Expected,
    /// Who is told to stop: the first of them.
    drain: Link<Drain>,
    enders: Vec<Ender>,
}

/// The file in work.
struct Current {
    name: String,
    answer: Answer,
    job: Option<Rc<Job>>,
    chain: Option<Chain>,
    /// Its alleles are being asked about.
    analysis: Option<Rc<Analysis>>,
    /// What was proved of a job that was complete before this run.
    proved: Option<Certificate>,
    /// Its end is being recorded: nothing else about it matters any more.
    settling: bool,
}

/// See the module.
pub struct Overseer {
    engine: Engine,
    events: EventsFile,
    over: Link<JobOver>,
    analysis_over: Link<AnalysisOver>,
    deaths: Link<Death>,
    generation: u64,
    current: Option<Current>,
    queue: VecDeque<RunFile<File>>,
    notifier: Option<Seat<Notifier>>,
    notifier_expected: Expected,
    budgets: BTreeMap<&'static str, RestartBudget>,
    draining: bool,
}

impl Overseer {
    /// An overseer without work.
    pub fn new(engine: &Engine, events: EventsFile, me: &Seat<Self>) -> Self {
        Self {
            engine: engine.clone(),
            events,
            over: Link::to(me),
            analysis_over: Link::to(me),
            deaths: Link::to(me),
            generation: 0,
            current: None,
            queue: VecDeque::new(),
            notifier: None,
            notifier_expected: Expected::default(),
            budgets: BTreeMap::new(),
            draining: false,
        }
    }

    fn start_notifier(&mut self) {
        let (deaths, engine, events) = (self.deaths.clone(), self.engine.clone(), self.events.clone());
        let seat = start(
            &self.engine.env,
            0,
            &self.notifier_expected,
            move |death| deaths.post(death),
            |_| Notifier::new(&engine, &events),
        );
        self.notifier = Some(seat);
    }

    fn next_file(&mut self, ctx: &mut Ctx<Self>) {
        if self.current.is_some() {
            return;
        }
        let Some(RunFile { input: File { tap, caution }, answer }) = self.queue.pop_front() else { return };
        let name = tap.name();
        self.current = Some(Current {
            name: name.clone(),
            answer,
            job: None,
            chain: None,
            analysis: None,
            proved: None,
            settling: false,
        });
        if self.draining {
            return self.refuse(interrupted(&name), ctx);
        }
        let engine = self.engine.clone();
        then(ctx, async move { open(&engine, tap, caution).await }, |overseer, opened, ctx| {
            overseer.on_opened(opened, ctx)
        });
    }

    fn on_opened(&mut self, opened: Opened, ctx: &mut Ctx<Self>) {
        let Some(current) = self.current.as_mut().filter(|current| !current.settling) else { return };
        match opened {
            Opened::Running(job, reader, done) => {
                let job = Rc::new(*job);
                current.job = Some(job.clone());
                let stored = done.len();
                if stored > 0 {
                    tracing::info!(job = %job.id, segments = stored, "going on with a job");
                }
                self.build(&job, *reader, done);
            }
            Opened::Complete(job) => {
                current.settling = true;
                self.after_storing(job, None, true, ctx);
            }
            Opened::Refused(error) => self.refuse(error, ctx),
            Opened::Broken(fault) => self.finish(Err(Broken::Fault(fault)), ctx),
        }
    }

    /// Starts the stages from the last to the first, so that nobody speaks to somebody who is not there.
    fn build(&mut self, job: &Rc<Job>, reader: Reader, done: SegmentSet) {
        self.generation += 1;
        let (engine, generation, over) = (self.engine.clone(), self.generation, self.over.clone());
        let expected = Expected::default();
        let deaths = self.deaths.clone();
        let tell = move |death| deaths.post(death);
        let Some(notifier) = &self.notifier else { return };
        let grew: Link<OutboxGrew> = Link::to(notifier);
        let source = Source::new(engine.settings.window_bytes, done.clone());
        let batcher: Seat<Batcher> = start(&engine.env, generation, &expected, tell.clone(), |me| {
            Batcher::new(&engine, job, generation, done, (grew.clone(), over.clone()), me)
        });
        let router: Seat<Router> =
            start(&engine.env, generation, &expected, tell.clone(), |_| Router::new(&engine, job, Link::to(&batcher)));
        let mut auditor = None;
        let parser: Seat<Parser> = start(&engine.env, generation, &expected, tell.clone(), |me| {
            let seat: Seat<Auditor> = start(&engine.env, generation, &expected, tell.clone(), |_| {
                Auditor::new(&engine, job, generation, (&batcher, me), (grew.clone(), over.clone()))
            });
            let outlets = Outlets {
                router: Link::to(&router),
                flush: Link::to(&batcher),
                done: Link::to(&seat),
                over: over.clone(),
            };
            auditor = Some(Ender::of(&seat));
            Parser::new(&engine, job, generation, (source, reader), outlets, me)
        });
        let mut enders = vec![Ender::of(&parser), Ender::of(&router), Ender::of(&batcher)];
        enders.extend(auditor);
        if self.draining {
            Link::to(&parser).post(Drain);
        }
        if let Some(current) = &mut self.current {
            current.chain = Some(Chain { expected, drain: Link::to(&parser), enders });
        }
    }

    fn take_down(&mut self) {
        if let Some(chain) = self.current.as_mut().and_then(|current| current.chain.take()) {
            chain.expected.set();
            chain.enders.iter().for_each(Ender::end);
        }
    }

    /// A stage died: the whole chain is built anew from the ledger, unless that happened too often.
    fn on_death(&mut self, death: Death, ctx: &mut Ctx<Self>) {
        let is_notifier = death.stage == Notifier::NAME;
        if !is_notifier
            && (death.generation != self.generation || self.current.as_ref().is_none_or(|c| c.chain.is_none()))
        {
            return;
        }
        if !is_notifier {
            self.take_down();
        }
        let policy = self.engine.settings.restart;
        let budget = self.budgets.entry(death.stage).or_insert_with(|| RestartBudget::new(policy));
        let Some(wait_ms) = budget.died(self.engine.env.now_ms(), self.engine.env.chance()) else {
            return self.give_up(&death, ctx);
        };
        count(Metric::StageRestarts, 1);
        tracing::warn!(stage = death.stage, cause = %death.cause, wait_ms, "a stage died and is built anew");
        later(
            ctx,
            wait_ms,
            move |overseer, ctx| {
                if is_notifier { overseer.start_notifier() } else { overseer.rebuild(ctx) }
            },
        );
    }

    fn rebuild(&mut self, ctx: &mut Ctx<Self>) {
        if let Some(analysis) = self.current.as_ref().and_then(|current| current.analysis.clone()) {
            return self.build_answering(&analysis);
        }
        let Some(current) = self.current.as_ref().filter(|c| !c.settling && c.chain.is_none()) else { return };
        let Some(job) = current.job.clone() else { return };
        let engine = self.engine.clone();
        let again = async move {
            let reopened = reopen(&engine, &job).await;
            (job, reopened)
        };
        then(ctx, again, |overseer, (job, reopened), ctx| {
            if overseer.current.as_ref().is_none_or(|current| current.settling || current.chain.is_some()) {
                return;
            }
            match reopened {
                Ok((reader, done)) => {
                    let progress = &overseer.engine.progress;
                    progress.records.store(0, Ordering::Relaxed);
                    overseer.build(&job, reader, done);
                }
                Err(over) => overseer.settle(over, ctx),
            }
        });
    }

    fn give_up(&mut self, death: &Death, ctx: &mut Ctx<Self>) {
        let words = format!(
            "the {} died more often than its restart budget allows ({} times in {} s), last: {}; nothing is lost, run the same command again, and report this",
            death.stage,
            self.engine.settings.restart.restarts_max,
            self.engine.settings.restart.window_ms / 1000,
            death.cause
        );
        self.finish(Err(Broken::Budget(words)), ctx);
    }

    /// Records how the job ended, when nothing of it is on its way any more, and answers with its receipt.
    fn settle(&mut self, over: Over, ctx: &mut Ctx<Self>) {
        self.take_down();
        let Some(current) = &mut self.current else { return };
        let Some(job) = current.job.clone() else { return };
        current.settling = true;
        let (engine, id) = (self.engine.clone(), job.id.clone());
        let record = async move {
            job.end_commits().await;
            let (ledger, store) = (engine.ledger.clone(), engine.store.clone());
            let now_ms = engine.env.now_ms();
            let (id, is_pipe) = (job.id.clone(), job.tap.is_pipe());
            let work =
                engine.env.work_repeatedly("settle", move || record_end(&ledger, &*store, &id, is_pipe, &over, now_ms));
            work.await
                .unwrap_or_else(|Panicked(words)| Err(Fault::transient(format!("recording the end panicked: {words}"))))
        };
        then(ctx, record, |overseer, recorded, ctx| match recorded {
            Ok(error) => overseer.after_storing(id, error, false, ctx),
            Err(fault) => overseer.finish(Err(Broken::Fault(fault)), ctx),
        });
    }

    fn refuse(&mut self, error: ReceiptError, ctx: &mut Ctx<Self>) {
        let Some(name) = self.current.as_ref().map(|current| current.name.clone()) else { return };
        let now_ms = self.engine.env.now_ms();
        let payload = serde_json::json!({ "file": name, "code": error.code, "message": error.message }).to_string();
        let announced = self.engine.ledger.announce(None, "file_refused", payload, now_ms);
        let receipt = report::refused(&name, error, now_ms);
        then(ctx, announced, |overseer, announced, ctx| {
            if let Err(fault) = announced {
                tracing::warn!(%fault, "a refusal is not among the events");
            }
            overseer.finish(Ok(receipt), ctx);
        });
    }

    fn finish(&mut self, result: Result<Receipt, Broken>, ctx: &mut Ctx<Self>) {
        self.take_down();
        if let Some(current) = self.current.take() {
            // Nobody listens if the run was given up meanwhile; the ledger has the truth.
            drop(current.answer.send(result));
        }
        self.next_file(ctx);
    }
}

impl Stage for Overseer {
    const NAME: &'static str = "overseer";

    fn begin(&mut self, _: &mut Ctx<Self>) {
        self.start_notifier();
    }
}

impl Takes<RunFile<File>> for Overseer {
    fn take(&mut self, file: RunFile<File>, ctx: &mut Ctx<Self>) {
        self.queue.push_back(file);
        self.next_file(ctx);
    }
}

impl Takes<JobOver> for Overseer {
    fn take(&mut self, JobOver { generation, over }: JobOver, ctx: &mut Ctx<Self>) {
        let current = self.current.as_ref().is_some_and(|current| !current.settling && current.chain.is_some());
        if current && generation == self.generation {
            self.settle(over, ctx);
        }
    }
}

impl Takes<Death> for Overseer {
    fn take(&mut self, death: Death, ctx: &mut Ctx<Self>) {
        self.on_death(death, ctx);
    }
}

impl Takes<WriteOut> for Overseer {
    fn take(&mut self, waiting: WriteOut, _: &mut Ctx<Self>) {
        if let Some(notifier) = &self.notifier {
            Link::to(notifier).post(waiting);
        }
    }
}

impl Takes<Drain> for Overseer {
    fn take(&mut self, _: Drain, ctx: &mut Ctx<Self>) {
        self.draining = true;
        self.engine.stop.store(true, Ordering::Relaxed);
        let Some(current) = self.current.as_mut() else { return };
        match (&current.chain, &current.job) {
            (Some(chain), _) => chain.drain.post(Drain),
            // Between two lives of its chain: there is nothing to bring home.
            (None, Some(_)) if !current.settling => self.settle(Over::Interrupted, ctx),
            (None, Some(_)) => {}
            (None, None) if current.settling => {}
            (None, None) => {
                current.settling = true;
                let name = current.name.clone();
                self.refuse(interrupted(&name), ctx);
            }
        }
    }
}
