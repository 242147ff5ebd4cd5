//! Dispatcher: knows which alleles wait, reads them segment by segment, and keeps a bounded number of batches on their way. Tasks
//! wait in the ledger, not here and not in a log: what is lost on the way is simply still pending there.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::engine::Engine;
use super::super::env::Panicked;
use super::super::stage::{Ctx, Link, Seat, Stage, Takes, later, then};
use super::Analysis;
use crate::delivery::poison::STRIKES_MAX;
use crate::delivery::receipt::{Receipt, Verdict};
use crate::domain::answer::{DeadTask, set_bits};
use crate::fault::Fault;
use crate::ledger::PendingSegment;
use crate::messages::{AnalysisOver, Ask, Asking, Assessed, BatchReceipt, Drain, GivenBack, Picked, SaidOfBatch, Why};
use crate::providers::{Task, TaskId};

/// Tasks in one batch, at most.
const BATCH_TASKS_MAX: usize = 256;

/// A task that was given back this often gets no answer.
const GIVEN_BACK_MAX: u32 = 5;

/// How often the ledger is asked what waits, at most: once is enough unless answers were lost on their way to it.
const ROUNDS_MAX: u32 = 10;

/// How long a batch may take until its tasks are overdue (ms).
const DEADLINE_MS: u64 = 600_000;

/// Waits before a batch is tried again (ms); the first one, and the longest.
const BACKOFF_MS: (u64, u64) = (100, 5_000);

/// A batch that is to be sent, and how often it was.
struct Ready {
    segment: u32,
    tasks: Arc<Vec<Picked>>,
    strikes: u32,
    given_back: u32,
}

/// A batch on its way.
struct Flight {
    ready: Ready,
    /// Receipts that have not spoken: one for each provider.
    receipts: usize,
    is_lost: bool,
}

/// See the module.
pub struct Dispatcher {
    engine: Engine,
    analysis: Rc<Analysis>,
    generation: u64,
    me: Link<SaidOfBatch>,
    askers: Vec<Link<Ask>>,
    recorder: Link<Assessed>,
    over: Link<AnalysisOver>,
    /// Segments that were not read yet.
    pending: VecDeque<PendingSegment>,
    ready: VecDeque<Ready>,
    in_flight: BTreeMap<u64, Flight>,
    /// Batches that wait for their next try.
    resting: usize,
    next_batch: u64,
    is_reading: bool,
    /// The ledger is being asked what waits, at the beginning and when nothing seems to.
    is_asking_ledger: bool,
    /// How often it was asked.
    rounds: u32,
    is_draining: bool,
    is_over: bool,
}

/// Where a Dispatcher's messages go.
pub struct Outlets {
    /// One per provider.
    pub askers: Vec<Link<Ask>>,
    /// Tasks that get no answer.
    pub recorder: Link<Assessed>,
    /// "It is over."
    pub over: Link<AnalysisOver>,
}

impl Dispatcher {
    /// A dispatcher for what waits of `analysis`.
    pub fn new(engine: &Engine, analysis: &Rc<Analysis>, generation: u64, outlets: Outlets, me: &Seat<Self>) -> Self {
        Self {
            engine: engine.clone(),
            analysis: analysis.clone(),
            generation,
            me: Link::to(me),
            askers: outlets.askers,
            recorder: outlets.recorder,
            over: outlets.over,
            pending: VecDeque::new(),
            ready: VecDeque::new(),
            in_flight: BTreeMap::new(),
            resting: 0,
            next_batch: 0,
            is_reading: false,
            is_asking_ledger: false,
            rounds: 0,
            is_draining: false,
            is_over: false,
        }
    }

    /// Batches that may be on their way: twice what the slowest provider works on, so that it never waits.
    fn in_flight_max(&self) -> usize {
        let concurrency = self.engine.providers.iter().map(|provider| provider.concurrency()).min().unwrap_or(1);
        (2 * concurrency).max(4)
    }

    /// Sends what is ready, and reads on while little is.
    fn pump(&mut self, ctx: &mut Ctx<Self>) {
        while !self.is_draining && self.in_flight.len() < self.in_flight_max() {
            let Some(ready) = self.ready.pop_front() else { break };
            self.send(ready);
        }
        let wants_more = self.ready.len() < self.in_flight_max() && !self.is_draining;
        if wants_more && !self.is_reading {
            self.read_on(ctx);
        }
        self.settle(ctx);
    }

    fn send(&mut self, ready: Ready) {
        let batch = self.next_batch;
        self.next_batch += 1;
        for asker in &self.askers {
            let me = self.me.clone();
            let asking = Asking { batch, segment: ready.segment };
            let receipt = Receipt::new(asking, move |asking, verdict| me.post(SaidOfBatch { asking, verdict }));
            asker.post(Ask { asking, tasks: ready.tasks.clone(), receipt: BatchReceipt::new(receipt) });
        }
        self.in_flight.insert(batch, Flight { ready, receipts: self.askers.len(), is_lost: false });
    }

    /// Asks the ledger what waits. Nothing of an earlier life of the stages may be on its way there.
    fn ask_ledger(&mut self, ctx: &mut Ctx<Self>) {
        self.is_asking_ledger = true;
        self.rounds += 1;
        let (ledger, analysis) = (self.engine.ledger.clone(), self.analysis.clone());
        let env = self.engine.env.clone();
        let pending = async move {
            analysis.at_rest().await;
            let job = analysis.job.clone();
            env.work_repeatedly("pending", move || ledger.reader()?.pending(&job)).await
        };
        then(ctx, pending, |dispatcher, pending, ctx| {
            dispatcher.is_asking_ledger = false;
            match pending.unwrap_or_else(|Panicked(words)| Err(Fault::transient(words))) {
                Ok(pending) if pending.is_empty() => dispatcher.end(None),
                Ok(_) if dispatcher.rounds > ROUNDS_MAX => {
                    dispatcher.end(Some(Fault::permanent("alleles still wait although all of them were asked about")));
                }
                Ok(pending) => {
                    let waiting: u64 = pending.iter().map(|segment| set_bits(&segment.pending).count() as u64).sum();
                    let progress = &dispatcher.engine.progress;
                    let answered = progress.answered.load(Ordering::Relaxed);
                    progress.asked.store(answered + waiting, Ordering::Relaxed);
                    dispatcher.pending = pending.into();
                    dispatcher.pump(ctx);
                }
                Err(fault) => dispatcher.end(Some(fault)),
            }
        });
    }

    fn read_on(&mut self, ctx: &mut Ctx<Self>) {
        let Some(segment) = self.pending.pop_front() else { return };
        self.is_reading = true;
        let (store, job, reader) = (self.engine.store.clone(), self.analysis.job.clone(), self.analysis.reader.clone());
        let deadline_ms = self.engine.env.now_ms() + DEADLINE_MS;
        let number = segment.segment;
        let work = self.engine.env.work_repeatedly("read tasks", move || {
            let rows = store.read_records(&job, segment.group.as_deref(), segment.ordinals.clone())?;
            if rows.len() as u64 != segment.rows {
                let found = rows.len();
                let what = format!("the store holds {found} of the {} rows of segment {number}", segment.rows);
                return Err(Fault::permanent(what));
            }
            let picked: Vec<usize> = set_bits(&segment.pending).map(|row| row as usize).collect();
            let evidence = reader.read_all(&rows, &picked);
            let task = |(row, evidence): (&usize, _)| Picked {
                row: *row as u32,
                task: Task {
                    id: TaskId {
                        job: job.clone(),
                        ordinal: rows.ordinal[*row] as u64,
                        alt_index: rows.alt_index[*row] as u32,
                    },
                    evidence,
                    deadline_ms,
                },
            };
            Ok(picked.iter().zip(evidence).map(task).collect::<Vec<Picked>>())
        });
        then(ctx, work, move |dispatcher, tasks, ctx| {
            dispatcher.is_reading = false;
            match tasks
                .unwrap_or_else(|Panicked(words)| Err(Fault::permanent(format!("reading evidence panicked: {words}"))))
            {
                Ok(tasks) => {
                    let mut tasks = tasks.into_iter().peekable();
                    while tasks.peek().is_some() {
                        let batch: Vec<Picked> = tasks.by_ref().take(BATCH_TASKS_MAX).collect();
                        let (segment, tasks) = (number, Arc::new(batch));
                        dispatcher.ready.push_back(Ready { segment, tasks, strikes: 0, given_back: 0 });
                    }
                    dispatcher.pump(ctx);
                }
                Err(fault) => dispatcher.end(Some(fault)),
            }
        });
    }

    /// Tries a batch again after a while.
    fn rest(&mut self, ready: Ready, ctx: &mut Ctx<Self>) {
        self.resting += 1;
        let tries = (ready.strikes + ready.given_back).min(16);
        let wait_ms = (BACKOFF_MS.0 << tries).min(BACKOFF_MS.1);
        let wait_ms = wait_ms / 2 + (wait_ms as f64 / 2.0 * self.engine.env.chance()) as u64;
        later(ctx, wait_ms, move |dispatcher, ctx| {
            dispatcher.resting -= 1;
            dispatcher.ready.push_front(ready);
            dispatcher.pump(ctx);
        });
    }

    /// The provider panicked: again, then in halves, and a task on which it panics alone gets no answer.
    fn on_panic(&mut self, ready: Ready, why: &str, ctx: &mut Ctx<Self>) {
        let strikes = ready.strikes + 1;
        if strikes < STRIKES_MAX {
            return self.rest(Ready { strikes, ..ready }, ctx);
        }
        let Ready { segment, tasks, given_back, .. } = ready;
        if let [task] = &tasks[..] {
            let detail = format!("asking about this allele alone panics: {why}");
            return self.bury(segment, [task], "poison", &detail, strikes);
        }
        let (first, second) = tasks.split_at(tasks.len() / 2);
        for half in [first, second] {
            self.rest(Ready { segment, tasks: Arc::new(half.to_vec()), strikes: 0, given_back }, ctx);
        }
    }

    fn bury<'t>(
        &mut self,
        segment: u32,
        tasks: impl IntoIterator<Item = &'t Picked>,
        reason: &str,
        detail: &str,
        attempts: u32,
    ) {
        let dead: Vec<DeadTask> = tasks
            .into_iter()
            .map(|picked| DeadTask {
                ordinal: picked.task.id.ordinal,
                alt_index: picked.task.id.alt_index,
                row: picked.row,
                provider: super::kinds(&self.engine),
                reason: reason.to_owned(),
                detail: detail.to_owned(),
                attempts,
            })
            .collect();
        let batch = self.next_batch;
        self.next_batch += 1;
        let me = self.me.clone();
        let asking = Asking { batch, segment };
        let receipt = Receipt::new(asking, move |asking, verdict| me.post(SaidOfBatch { asking, verdict }));
        // If even this is lost, they wait in the ledger for the next run.
        let ready = Ready { segment, tasks: Arc::new(Vec::new()), strikes: 0, given_back: 0 };
        self.in_flight.insert(batch, Flight { ready, receipts: 1, is_lost: false });
        self.recorder.post(Assessed { segment, answers: Vec::new(), dead, receipts: vec![BatchReceipt::new(receipt)] });
    }

    /// Nothing is on its way: ends when draining, and else only when the ledger says that nothing waits.
    fn settle(&mut self, ctx: &mut Ctx<Self>) {
        if !self.in_flight.is_empty() || self.is_reading || self.is_asking_ledger || self.is_over {
            return;
        }
        if self.is_draining {
            self.end(None);
        } else if self.pending.is_empty() && self.ready.is_empty() && self.resting == 0 {
            self.ask_ledger(ctx);
        }
    }

    fn end(&mut self, fault: Option<Fault>) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.over.post(AnalysisOver { generation: self.generation, fault });
        }
    }
}

impl Stage for Dispatcher {
    const NAME: &'static str = "dispatcher";

    fn begin(&mut self, ctx: &mut Ctx<Self>) {
        self.ask_ledger(ctx);
    }
}

impl Takes<SaidOfBatch> for Dispatcher {
    fn take(&mut self, SaidOfBatch { asking, verdict }: SaidOfBatch, ctx: &mut Ctx<Self>) {
        let Some(flight) = self.in_flight.get_mut(&asking.batch) else { return };
        flight.receipts -= 1;
        flight.is_lost |= verdict == Verdict::Lost;
        if flight.receipts > 0 {
            return;
        }
        let flight = self.in_flight.remove(&asking.batch);
        if let Some(Flight { ready, is_lost: true, .. }) = flight
            && !self.is_draining
            && !ready.tasks.is_empty()
        {
            self.rest(ready, ctx);
        }
        self.pump(ctx);
    }
}

impl Takes<GivenBack> for Dispatcher {
    fn take(&mut self, back: GivenBack, ctx: &mut Ctx<Self>) {
        let Some(flight) = self.in_flight.get(&back.asking.batch) else { return };
        let (segment, strikes, given_back) = (back.asking.segment, flight.ready.strikes, flight.ready.given_back + 1);
        let tasks = Arc::new(back.tasks);
        match back.why {
            _ if self.is_draining => {}
            Why::Panicked(why) => {
                let given_back = given_back - 1;
                self.on_panic(Ready { segment, tasks, strikes, given_back }, &why, ctx);
            }
            Why::Fault(fault) if given_back >= GIVEN_BACK_MAX => {
                self.bury(segment, &tasks[..], "provider_failed", &fault.to_string(), given_back);
            }
            Why::Fault(_) => self.rest(Ready { segment, tasks, strikes, given_back }, ctx),
        }
    }
}

impl Takes<Drain> for Dispatcher {
    fn take(&mut self, _: Drain, ctx: &mut Ctx<Self>) {
        self.is_draining = true;
        self.settle(ctx);
    }
}
