//! Batcher: the home's side of a job. Puts segments into groups, has each group committed, answers their receipts.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use super::commit::{Commit, commit};
use super::engine::{Engine, Job, over_of};
use super::stage::{Ctx, Link, Seat, Stage, Takes, later};
use crate::delivery::group::{Group, Groups};
use crate::delivery::segment::SegmentSet;
use crate::delivery::sink::{Offer, Sink};
use crate::fault::Kind;
use crate::messages::{Flush, JobOver, Landed, LandedGroup, OutboxGrew, Resend, Routed, SegmentReceipt};
use crate::telemetry::{Metric, count};

/// See the module.
pub struct Batcher {
    engine: Engine,
    job: Rc<Job>,
    generation: u64,
    me: Link<Landed>,
    notifier: Link<OutboxGrew>,
    over: Link<JobOver>,
    sink: Sink,
    groups: Groups<Routed>,
    /// Receipts of segments that came again while the first copy is being committed.
    joined: BTreeMap<u32, Vec<SegmentReceipt>>,
    /// Segments in open groups.
    open: usize,
    committing: usize,
    /// The source waits: it has this many segments on their way or here.
    awaited: Option<usize>,
    timer_armed: bool,
}

impl Batcher {
    /// A batcher for `job`, whose ledger holds `done`.
    pub fn new(
        engine: &Engine,
        job: &Rc<Job>,
        generation: u64,
        done: SegmentSet,
        (notifier, over): (Link<OutboxGrew>, Link<JobOver>),
        me: &Seat<Self>,
    ) -> Self {
        Self {
            engine: engine.clone(),
            job: job.clone(),
            generation,
            me: Link::to(me),
            notifier,
            over,
            sink: Sink::new(done),
            groups: Groups::new(engine.settings.group),
            joined: BTreeMap::new(),
            open: 0,
            committing: 0,
            awaited: None,
            timer_armed: false,
        }
    }

    /// The commit runs on its own: if this actor dies, what is under way still lands, and is answered.
    fn start_commit(&mut self, group: Group<Routed>) {
        self.committing += 1;
        self.open -= group.items.len();
        let parts = Commit {
            engine: self.engine.clone(),
            job: self.job.clone(),
            landed: self.me.clone(),
            notifier: self.notifier.clone(),
        };
        self.engine.env.spawn(commit(parts, group));
    }

    /// Closes every group if only that can go on: the source waits, all it has sent is here, and no commit will bring credit home.
    fn flush_if_awaited(&mut self) {
        if self.committing == 0 && self.open > 0 && self.awaited.is_some_and(|in_flight| self.open >= in_flight) {
            self.awaited = None;
            self.groups.close_all().into_iter().for_each(|group| self.start_commit(group));
        }
    }

    fn arm_timer(&mut self, ctx: &mut Ctx<Self>) {
        let Some(due_ms) = self.groups.next_due_ms() else { return };
        if !self.timer_armed {
            self.timer_armed = true;
            let wait_ms = due_ms.saturating_sub(self.engine.env.now_ms()).max(1);
            later(ctx, wait_ms, |batcher, ctx| {
                batcher.timer_armed = false;
                let due = batcher.groups.due(batcher.engine.env.now_ms());
                due.into_iter().for_each(|group| batcher.start_commit(group));
                batcher.arm_timer(ctx);
            });
        }
    }

    fn on_landed(&mut self, segments: &[u32], landed: LandedGroup) {
        for &segment in segments {
            self.sink.committed(segment);
            self.joined.remove(&segment).into_iter().flatten().for_each(SegmentReceipt::committed);
        }
        self.engine.progress.stored.fetch_add(landed.rows, Ordering::Relaxed);
        count(Metric::RowsStored, landed.rows);
        count(Metric::GroupsCommitted, 1);
        if landed.dead_letters > self.engine.settings.dead_letters_max {
            let over = self.job.too_many_dead(&self.engine, landed.dead_letters);
            self.over.post(JobOver { generation: self.generation, over });
        }
    }
}

impl Stage for Batcher {
    const NAME: &'static str = "batcher";
}

impl Takes<Routed> for Batcher {
    fn take(&mut self, routed: Routed, ctx: &mut Ctx<Self>) {
        let segment = routed.segment.index;
        match self.sink.offer(segment) {
            Offer::Done => routed.segment.receipt.committed(),
            Offer::Join => self.joined.entry(segment).or_default().push(routed.segment.receipt),
            Offer::Take => {
                self.open += 1;
                let cost_bytes = routed.segment.rows.bytes() as u64;
                let closed = self.groups.add(segment, routed, cost_bytes, self.engine.env.now_ms());
                closed.into_iter().for_each(|group| self.start_commit(group));
                self.flush_if_awaited();
                self.arm_timer(ctx);
            }
        }
    }
}

impl Takes<Flush> for Batcher {
    fn take(&mut self, Flush { in_flight }: Flush, _: &mut Ctx<Self>) {
        self.awaited = Some(in_flight);
        self.flush_if_awaited();
    }
}

impl Takes<Resend> for Batcher {
    /// Ledger and store have lost them: what is known here of their being done is no longer true.
    fn take(&mut self, Resend { segments }: Resend, _: &mut Ctx<Self>) {
        self.sink.forget(segments);
    }
}

impl Takes<Landed> for Batcher {
    fn take(&mut self, landed: Landed, _: &mut Ctx<Self>) {
        self.committing -= 1;
        self.awaited = self.awaited.map(|in_flight| in_flight.saturating_sub(landed.segments.len()));
        match landed.result {
            Ok(group) => self.on_landed(&landed.segments, group),
            Err(fault) => {
                for segment in &landed.segments {
                    self.sink.dropped(*segment);
                    self.joined.remove(segment);
                }
                tracing::warn!(job = %self.job.id, %fault, "a group was not committed");
                if matches!(fault.kind, Kind::Unavailable | Kind::Permanent) {
                    self.over.post(JobOver { generation: self.generation, over: over_of(&fault) });
                }
            }
        }
        self.flush_if_awaited();
    }
}
