//! Dispatcher: knows which alleles wait, reads them segment by segment, and keeps a bounded number of batches on their way. Tasks
//! wait in the ledger, not here and not in a log: what is lost on the way is simply still pending there.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
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

/// Rows that become tasks at once.
const TASKS_AT_ONCE: usize = 4 * BATCH_TASKS_MAX;

/// Rows that wait and are read together, unless one segment has more.
const PICKED_AT_ONCE: usize = 4 * TASKS_AT_ONCE;

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

/// Segments of one group whose waiting records were read together: where few alleles wait, each page of the group is read once.
#[derive(Clone)]
struct Open {
    rows: Arc<Rows>,
    picked: Arc<Vec<Picked>>,
    /// Of these, those that are tasks already.
    done: usize,
}

/// A row that waits.
struct Picked {
    segment: u32,
    /// Its number among the stored rows of its segment.
    row: u32,
    /// Where it stands in what was read.
    at: usize,
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
    /// Those that are being made into tasks, a few batches at a time: a task takes many times the memory of its row.
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

    /// The next segments that wait, as long as they lie in one group and are few rows together. A segment of one record, which may be
    /// a huge one, comes alone.
    fn next_segments(&mut self) -> Vec<PendingSegment> {
        let mut next: Vec<PendingSegment> = Vec::new();
        let mut count = 0;
        while let Some(segment) = self.pending.front() {
            count += set_bits(&segment.pending).count();
            let joins = |first: &PendingSegment| {
                let are_short =
                    segment.ordinals.end - segment.ordinals.start > 1 && first.ordinals.end - first.ordinals.start > 1;
                first.group.is_some() && first.group == segment.group && are_short && count <= PICKED_AT_ONCE
            };
            if !next.first().is_none_or(joins) {
                break;
            }
            next.extend(self.pending.pop_front());
        }
        next
    }

    /// Makes the next tasks: of the segments that are open, or of the next ones.
    fn read_on(&mut self, ctx: &mut Ctx<Self>) {
        let open = self.open.take();
        let next = if open.is_none() { self.next_segments() } else { Vec::new() };
        if open.is_none() && next.is_empty() {
            return;
        }
        self.is_reading = true;
        let (store, job, reader) = (self.engine.store.clone(), self.analysis.job.clone(), self.analysis.reader.clone());
        let deadline_ms = self.engine.env.now_ms() + DEADLINE_MS;
        let work = self.engine.env.work_repeatedly("read tasks", move || {
            let open = match &open {
                Some(open) => open.clone(),
                None => open_segments(&*store, &job, &next)?,
            };
            let end = (open.done + TASKS_AT_ONCE).min(open.picked.len());
            let picked = &open.picked[open.done..end];
            let rows = &open.rows;
            let places: Vec<usize> = picked.iter().map(|picked| picked.at).collect();
            let evidence = reader.read_all(rows, &places);
            let tasks = picked.iter().zip(evidence).map(|(picked, evidence)| {
                let (ordinal, alt_index) = (rows.ordinal[picked.at] as u64, rows.alt_index[picked.at] as u32);
                let id = TaskId { job: job.clone(), ordinal, alt_index };
                (picked.segment, picked.row, Task { id, evidence, deadline_ms })
            });
            let batches = batches(tasks);
            Ok((Open { done: end, ..open }, batches))
        });
        then(ctx, work, move |dispatcher, read, ctx| {
            dispatcher.is_reading = false;
            let panicked = |Panicked(words)| Err(Fault::permanent(format!("reading evidence panicked: {words}")));
            match read.unwrap_or_else(panicked) {
                Ok((open, batches)) => {
                    dispatcher.open = Some(open).filter(|open| open.done < open.picked.len());
                    let ready = |(segment, tasks)| Ready {
                        segment,
                        tasks: Arc::new(tasks),
                        strikes: 0,
                        given_back: 0,
                        losses: 0,
                    };
                    dispatcher.ready.extend(batches.into_iter().map(ready));
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

/// The waiting records of these segments, which lie in one group, and where in them each waiting row stands.
fn open_segments(store: &dyn Store, job: &JobId, segments: &[PendingSegment]) -> Result<Open, Fault> {
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Err(Fault::permanent("nothing is to be read"));
    };
    let group = first.group.as_deref();
    let keys = store.keys(job, group, first.ordinals.start..last.ordinals.end)?;
    let mut waiting: Vec<(u32, u32, (i64, i32))> = Vec::new();
    for PendingSegment { segment, ordinals, rows, pending, .. } in segments {
        let from = keys.partition_point(|(ordinal, _)| (*ordinal as u64) < ordinals.start);
        let to = keys.partition_point(|(ordinal, _)| (*ordinal as u64) < ordinals.end);
        if (to - from) as u64 != *rows {
            let found = to - from;
            return Err(Fault::permanent(format!("the store holds {found} of the {rows} rows of segment {segment}")));
        }
        waiting.extend(set_bits(pending).map(|row| (*segment, row, keys[from + row as usize])));
    }
    let mut records: Vec<Range<u64>> = Vec::new();
    for (_, _, (ordinal, _)) in &waiting {
        let ordinal = *ordinal as u64;
        match records.last_mut() {
            Some(range) if ordinal <= range.end => range.end = range.end.max(ordinal + 1),
            _ => records.push(ordinal..ordinal + 1),
        }
    }
    let rows = store.read_records(job, group, &records)?;
    let mut at = 0;
    let picked = waiting.into_iter().map(|(segment, row, key)| {
        while at < rows.len() && (rows.ordinal[at], rows.alt_index[at]) != key {
            at += 1;
        }
        let missing = || Fault::permanent(format!("the store holds no row {row} of segment {segment}"));
        if at < rows.len() { Ok(Picked { segment, row, at }) } else { Err(missing()) }
    });
    let picked = picked.collect::<Result<Vec<Picked>, Fault>>()?;
    Ok(Open { rows: Arc::new(rows), picked: Arc::new(picked), done: 0 })
}

/// Tasks of (segment, row in it) in batches, each of one segment.
fn batches(tasks: impl Iterator<Item = (u32, u32, Task)>) -> Vec<(u32, Tasks)> {
    let mut batches: Vec<(u32, Tasks)> = Vec::new();
    for (segment, row, task) in tasks {
        match batches.last_mut() {
            Some((of, batch)) if *of == segment && batch.tasks.len() < BATCH_TASKS_MAX => {
                batch.rows.push(row);
                batch.tasks.push(task);
            }
            _ => batches.push((segment, Tasks { rows: vec![row], tasks: vec![task] })),
        }
    }
    batches
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
