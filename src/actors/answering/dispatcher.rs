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
use crate::domain::ids::JobId;
use crate::domain::rows::Rows;
use crate::fault::Fault;
use crate::ledger::PendingSegment;
use crate::messages::{AnalysisOver, Ask, Asking, Assessed, BatchReceipt, Drain, GivenBack, SaidOfBatch, Tasks, Why};
use crate::providers::{Task, TaskId};
use crate::stores::Store;

/// Tasks in one batch, at most.
const BATCH_TASKS_MAX: usize = 256;

/// A task that was given back this often gets no answer.
const GIVEN_BACK_MAX: u32 = 5;

/// How often the ledger is asked what waits, at most: once is enough unless answers were lost on their way to it.
const ROUNDS_MAX: u32 = 10;

/// How often a batch may be lost, by a panic on its way or a ledger that fails for a moment.
const LOSSES_MAX: u32 = 20;

/// Rows of a segment that become tasks at once.
const TASKS_AT_ONCE: usize = 4 * BATCH_TASKS_MAX;

/// How long a batch may take until its tasks are overdue (ms).
const DEADLINE_MS: u64 = 600_000;

/// Waits before a batch is tried again (ms); the first one, and the longest.
const BACKOFF_MS: (u64, u64) = (100, 5_000);

/// A batch that is to be sent, and how often it was.
struct Ready {
    segment: u32,
    tasks: Arc<Tasks>,
    strikes: u32,
    given_back: u32,
    losses: u32,
}

/// A segment that was read, and its rows that wait and are not tasks yet.
#[derive(Clone)]
struct Open {
    segment: u32,
    rows: Arc<Rows>,
    picked: Arc<Vec<usize>>,
    /// Of these, those that are tasks already.
    done: usize,
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
    /// The one that is being made into tasks, a few batches at a time: a task takes many times the memory of its row.
    open: Option<Open>,
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
            open: None,
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

    /// Makes the next tasks: of the segment that is open, or of the next one.
    fn read_on(&mut self, ctx: &mut Ctx<Self>) {
        let (open, next) = match self.open.take() {
            Some(open) => (Some(open), None),
            None => (None, self.pending.pop_front()),
        };
        if open.is_none() && next.is_none() {
            return;
        }
        self.is_reading = true;
        let (store, job, reader) = (self.engine.store.clone(), self.analysis.job.clone(), self.analysis.reader.clone());
        let deadline_ms = self.engine.env.now_ms() + DEADLINE_MS;
        let work = self.engine.env.work_repeatedly("read tasks", move || {
            let open = match (&open, &next) {
                (Some(open), _) => open.clone(),
                (None, Some(segment)) => open_segment(&*store, &job, segment)?,
                (None, None) => return Err(Fault::permanent("nothing is to be read")),
            };
            let end = (open.done + TASKS_AT_ONCE).min(open.picked.len());
            let picked = &open.picked[open.done..end];
            let rows = &open.rows;
            let task = |(row, evidence): (&usize, _)| {
                let (ordinal, alt_index) = (rows.ordinal[*row] as u64, rows.alt_index[*row] as u32);
                (*row as u32, Task { id: TaskId { job: job.clone(), ordinal, alt_index }, evidence, deadline_ms })
            };
            let tasks: Vec<(u32, Task)> = picked.iter().zip(reader.read_all(rows, picked)).map(task).collect();
            Ok((Open { done: end, ..open }, tasks))
        });
        then(ctx, work, move |dispatcher, read, ctx| {
            dispatcher.is_reading = false;
            let panicked = |Panicked(words)| Err(Fault::permanent(format!("reading evidence panicked: {words}")));
            match read.unwrap_or_else(panicked) {
                Ok((open, tasks)) => {
                    let segment = open.segment;
                    dispatcher.open = Some(open).filter(|open| open.done < open.picked.len());
                    let mut tasks = tasks.into_iter().peekable();
                    while tasks.peek().is_some() {
                        let (rows, tasks) = tasks.by_ref().take(BATCH_TASKS_MAX).unzip();
                        let tasks = Arc::new(Tasks { rows, tasks });
                        dispatcher.ready.push_back(Ready { segment, tasks, strikes: 0, given_back: 0, losses: 0 });
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
        let tries = (ready.strikes + ready.given_back + ready.losses).min(16);
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
        let count = tasks.tasks.len();
        if count == 1 {
            let detail = format!("asking about this allele alone panics: {why}");
            return self.bury(segment, &tasks, "poison", &detail, strikes);
        }
        for half in [0..count / 2, count / 2..count] {
            let tasks = Arc::new(some(&tasks, half));
            self.rest(Ready { segment, tasks, strikes: 0, given_back, losses: 0 }, ctx);
        }
    }

    fn bury(&mut self, segment: u32, tasks: &Tasks, reason: &str, detail: &str, attempts: u32) {
        let dead = tasks.tasks.iter().zip(&tasks.rows).map(|(task, row)| DeadTask {
            ordinal: task.id.ordinal,
            alt_index: task.id.alt_index,
            row: *row,
            provider: super::kinds(&self.engine),
            reason: reason.to_owned(),
            detail: detail.to_owned(),
            attempts,
        });
        let dead: Vec<DeadTask> = dead.collect();
        let batch = self.next_batch;
        self.next_batch += 1;
        let me = self.me.clone();
        let asking = Asking { batch, segment };
        let receipt = Receipt::new(asking, move |asking, verdict| me.post(SaidOfBatch { asking, verdict }));
        // If even this is lost, they wait in the ledger for the next run.
        let ready = Ready { segment, tasks: Arc::default(), strikes: 0, given_back: 0, losses: 0 };
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
        } else if self.pending.is_empty() && self.open.is_none() && self.ready.is_empty() && self.resting == 0 {
            self.ask_ledger(ctx);
        }
    }

    fn end(&mut self, fault: Option<Fault>) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.over.post(AnalysisOver { generation: self.generation, fault });
        }
    }
}

/// The rows of a segment, and which of them wait.
fn open_segment(store: &dyn Store, job: &JobId, segment: &PendingSegment) -> Result<Open, Fault> {
    let PendingSegment { segment: number, group, ordinals, rows: count, pending } = segment;
    let rows = store.read_records(job, group.as_deref(), ordinals.clone())?;
    if rows.len() as u64 != *count {
        let found = rows.len();
        return Err(Fault::permanent(format!("the store holds {found} of the {count} rows of segment {number}")));
    }
    let picked = set_bits(pending).map(|row| row as usize).collect();
    Ok(Open { segment: *number, rows: Arc::new(rows), picked: Arc::new(picked), done: 0 })
}

/// Some of the tasks of a batch.
fn some(tasks: &Tasks, which: impl IntoIterator<Item = usize>) -> Tasks {
    let (rows, tasks) = which.into_iter().map(|nth| (tasks.rows[nth], tasks.tasks[nth].clone())).unzip();
    Tasks { rows, tasks }
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
            && !ready.tasks.tasks.is_empty()
        {
            let losses = ready.losses + 1;
            if losses > LOSSES_MAX {
                return self
                    .end(Some(Fault::transient("answers were lost again and again on their way to the ledger")));
            }
            self.rest(Ready { losses, ..ready }, ctx);
        }
        self.pump(ctx);
    }
}

impl Takes<GivenBack> for Dispatcher {
    fn take(&mut self, back: GivenBack, ctx: &mut Ctx<Self>) {
        let Some(flight) = self.in_flight.get(&back.asking.batch) else { return };
        let (segment, strikes, given_back) = (back.asking.segment, flight.ready.strikes, flight.ready.given_back + 1);
        let tasks = Arc::new(some(&flight.ready.tasks, back.tasks));
        match back.why {
            _ if self.is_draining => {}
            Why::Panicked(why) => {
                let given_back = given_back - 1;
                self.on_panic(Ready { segment, tasks, strikes, given_back, losses: 0 }, &why, ctx);
            }
            Why::Fault(fault) if given_back >= GIVEN_BACK_MAX => {
                self.bury(segment, &tasks, "provider_failed", &fault.to_string(), given_back);
            }
            Why::Fault(_) => self.rest(Ready { segment, tasks, strikes, given_back, losses: 0 }, ctx),
        }
    }
}

impl Takes<Drain> for Dispatcher {
    fn take(&mut self, _: Drain, ctx: &mut Ctx<Self>) {
        self.is_draining = true;
        self.settle(ctx);
    }
}
