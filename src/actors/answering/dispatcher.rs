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
use super::reading::{Open, PICKED_AT_ONCE, READ_BYTES_MAX};
use crate::delivery::poison::STRIKES_MAX;
use crate::delivery::receipt::{Receipt, Verdict};
use crate::domain::answer::{DeadTask, set_bits};
use crate::fault::Fault;
use crate::ledger::PendingSegment;
use crate::messages::{AnalysisOver, Ask, Asking, Assessed, BatchReceipt, Drain, GivenBack, SaidOfBatch, Tasks, Why};

/// A task on which the provider failed this often gets no answer.
const GIVEN_BACK_MAX: u32 = 5;

/// How often a batch may come back because nobody had time for it: nothing is wrong with its tasks, they wait for the next run.
const UNTOUCHED_MAX: u32 = 100;

/// How often the ledger is asked what waits, at most: once is enough unless answers were lost on their way to it.
const ROUNDS_MAX: u32 = 10;

/// How often a batch may be lost, by a panic on its way or a ledger that fails for a moment.
const LOSSES_MAX: u32 = 20;

/// Tasks that are here, rest, or are on their way (bytes): no more are read while there are so many. What is concluded about them
/// takes about as much again.
const HELD_BYTES_MAX: usize = 16 << 20;

/// How long a batch may take from the moment when it is sent until its tasks are overdue (ms).
const DEADLINE_MS: u64 = 600_000;

/// Waits before a batch is tried again (ms); the first one, and the longest.
const BACKOFF_MS: (u64, u64) = (100, 5_000);

/// A batch that is to be sent, and how often it was.
struct Ready {
    segment: u32,
    tasks: Arc<Tasks>,
    /// What its tasks take (bytes).
    bytes: usize,
    tries: Tries,
}

/// How often a batch was sent in vain, by cause.
#[derive(Clone, Copy, Default)]
struct Tries {
    strikes: u32,
    given_back: u32,
    untouched: u32,
    losses: u32,
}

impl Ready {
    fn new(segment: u32, tasks: Tasks, tries: Tries) -> Self {
        Self { segment, bytes: tasks.bytes(), tasks: Arc::new(tasks), tries }
    }
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
    /// What their tasks take (bytes).
    resting_bytes: usize,
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
            resting_bytes: 0,
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

    /// What all tasks take that are not answered yet (bytes).
    fn held_bytes(&self) -> usize {
        let ready = self.ready.iter().map(|ready| ready.bytes).sum::<usize>();
        ready + self.resting_bytes + self.in_flight.values().map(|flight| flight.ready.bytes).sum::<usize>()
    }

    /// Sends what is ready, and reads on while little is.
    fn pump(&mut self, ctx: &mut Ctx<Self>) {
        while !self.is_draining && self.in_flight.len() < self.in_flight_max() {
            let Some(ready) = self.ready.pop_front() else { break };
            self.send(ready);
        }
        let is_room = self.held_bytes() + READ_BYTES_MAX <= HELD_BYTES_MAX;
        let wants_more = self.ready.len() < self.in_flight_max() && is_room && !self.is_draining;
        if wants_more && !self.is_reading {
            self.read_on(ctx);
        }
        self.settle(ctx);
    }

    /// Sends a batch. Its time begins now, however long it has waited, and however long this process stood still.
    fn send(&mut self, mut ready: Ready) {
        let batch = self.next_batch;
        self.next_batch += 1;
        let deadline_ms = self.engine.env.now_ms() + DEADLINE_MS;
        Arc::make_mut(&mut ready.tasks).tasks.iter_mut().for_each(|task| task.deadline_ms = deadline_ms);
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
        let work = self.engine.env.work_repeatedly("read tasks", move || {
            let open = match &open {
                Some(open) => open.clone(),
                None => Open::segments(&*store, &job, &next)?,
            };
            open.next_tasks(&*store, &job, &reader)
        });
        then(ctx, work, move |dispatcher, read, ctx| {
            dispatcher.is_reading = false;
            let panicked = |Panicked(words)| Err(Fault::permanent(format!("reading evidence panicked: {words}")));
            match read.unwrap_or_else(panicked) {
                Ok((open, batches)) => {
                    dispatcher.open = Some(open).filter(|open| !open.is_done());
                    let ready = |(segment, tasks)| Ready::new(segment, tasks, Tries::default());
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
        self.resting_bytes += ready.bytes;
        let Tries { strikes, given_back, untouched, losses } = ready.tries;
        let tries = (strikes + given_back + untouched + losses).min(16);
        let wait_ms = (BACKOFF_MS.0 << tries).min(BACKOFF_MS.1);
        let wait_ms = wait_ms / 2 + (wait_ms as f64 / 2.0 * self.engine.env.chance()) as u64;
        later(ctx, wait_ms, move |dispatcher, ctx| {
            dispatcher.resting -= 1;
            dispatcher.resting_bytes -= ready.bytes;
            dispatcher.ready.push_front(ready);
            dispatcher.pump(ctx);
        });
    }

    /// The provider panicked: again, then in halves, and a task on which it panics alone gets no answer.
    fn on_panic(&mut self, ready: Ready, why: &str, ctx: &mut Ctx<Self>) {
        let strikes = ready.tries.strikes + 1;
        if strikes < STRIKES_MAX {
            let tries = Tries { strikes, ..ready.tries };
            return self.rest(Ready { tries, ..ready }, ctx);
        }
        let Ready { segment, tasks, tries, .. } = ready;
        let count = tasks.tasks.len();
        if count == 1 {
            let detail = format!("asking about this allele alone panics: {why}");
            return self.bury(segment, &tasks, "poison", &detail, strikes);
        }
        for half in [0..count / 2, count / 2..count] {
            self.rest(Ready::new(segment, some(&tasks, half), Tries { strikes: 0, losses: 0, ..tries }), ctx);
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
        let ready = Ready::new(segment, Tasks::default(), Tries::default());
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

/// Some of the tasks of a batch.
fn some(tasks: &Tasks, which: impl IntoIterator<Item = usize>) -> Tasks {
    let mut some = Tasks::default();
    which.into_iter().for_each(|nth| some.push(tasks.rows[nth], tasks.sites[nth].clone(), tasks.tasks[nth].clone()));
    some
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
            let losses = ready.tries.losses + 1;
            if losses > LOSSES_MAX {
                return self
                    .end(Some(Fault::transient("answers were lost again and again on their way to the ledger")));
            }
            let tries = Tries { losses, ..ready.tries };
            self.rest(Ready { tries, ..ready }, ctx);
        }
        self.pump(ctx);
    }
}

impl Takes<GivenBack> for Dispatcher {
    fn take(&mut self, back: GivenBack, ctx: &mut Ctx<Self>) {
        let Some(flight) = self.in_flight.get(&back.asking.batch) else { return };
        let mut again = Ready::new(
            back.asking.segment,
            some(&flight.ready.tasks, back.tasks),
            Tries { losses: 0, ..flight.ready.tries },
        );
        match back.why {
            _ if self.is_draining => {}
            Why::Panicked(why) => self.on_panic(again, &why, ctx),
            Why::Fault(fault) => {
                again.tries.given_back += 1;
                if again.tries.given_back < GIVEN_BACK_MAX {
                    return self.rest(again, ctx);
                }
                let Ready { segment, tasks, tries, .. } = again;
                self.bury(segment, &tasks, "provider_failed", &fault.to_string(), tries.given_back);
            }
            Why::Untouched if again.tries.untouched >= UNTOUCHED_MAX => {
                self.end(Some(Fault::transient("alleles came back again and again because nobody had time for them")));
            }
            Why::Untouched => {
                again.tries.untouched += 1;
                self.rest(again, ctx);
            }
        }
    }
}

impl Takes<Drain> for Dispatcher {
    fn take(&mut self, _: Drain, ctx: &mut Ctx<Self>) {
        self.is_draining = true;
        self.settle(ctx);
    }
}
