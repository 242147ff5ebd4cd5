//! The world: virtual time, the link between source and sink, and everything that goes wrong. One random generator decides all of
//! it, so the same seed is the same history.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use vcf_agent::delivery::certificate::Tally;
use vcf_agent::delivery::job::JobState;
use vcf_agent::delivery::receipt::Verdict;
use vcf_agent::delivery::restart::{RestartBudget, RestartPolicy};
use vcf_agent::delivery::segment::{Segment, SegmentSet};

use crate::disk::{Ledger, Store};
use crate::home::{Home, Step};
use crate::ingest::{Ingest, Tick};
use crate::model::Model;
use crate::oracle::{Checked, Oracle, Violation, broken};

/// A source gives a segment up after this long: longer than a trip without faults takes, an outage of the home included.
pub const DEADLINE_MS: u64 = 100;

/// Nothing goes wrong any more, and still the job is not complete after this long.
const PATIENCE_MS: u64 = 60_000;

/// One of the two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Home,
    Ingest,
}

/// Which sending a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sending {
    /// The life of the source that sent it.
    pub session: u64,
    pub segment: Segment,
    pub attempt: u32,
}

/// What travels on the link.
#[derive(Debug, Clone)]
pub enum Message {
    Open { session: u64 },
    Accepted { session: u64, run: u32, is_complete: bool, done: SegmentSet },
    Segment { run: u32, sending: Sending },
    Flush { run: u32 },
    Said { run: u32, sending: Sending, verdict: Verdict },
    End { session: u64, run: u32, audit: u64, segments: u32, parsed: Tally },
    Missing { session: u64, audit: u64, segments: Vec<Segment> },
    Over { session: u64, run: u32, is_complete: bool },
}

impl Message {
    fn to(&self) -> Who {
        match self {
            Self::Open { .. } | Self::Segment { .. } | Self::Flush { .. } | Self::End { .. } => Who::Home,
            _ => Who::Ingest,
        }
    }
}

/// What happens at a moment.
#[derive(Debug, Clone)]
pub enum Event {
    Arrives(Message),
    Ticks { session: u64, tick: Tick },
    Steps { life: u64, step: Step },
    Crashes(Who),
    Starts(Who),
    LosesGroup,
    AltersRow,
}

/// Verdicts that receipts have spoken and nobody has heard yet.
pub type Spoken = Arc<Mutex<Vec<(Sending, Verdict)>>>;

/// Takes what was spoken.
pub fn heard(spoken: &Spoken) -> Vec<(Sending, Verdict)> {
    std::mem::take(&mut *spoken.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What goes wrong, and how often.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    pub drops: f64,
    pub doubles: f64,
    pub delays: f64,
    pub failed_writes: f64,
    pub crashes: u32,
    /// Chance that a step of the home is followed by its crash.
    pub fatal_steps: f64,
    pub lost_groups: u32,
    pub altered_rows: u32,
    /// The disk is full for this long (ms).
    pub full_for_ms: u64,
    /// From then on nothing goes wrong (ms).
    pub until_ms: u64,
}

impl Plan {
    /// Much goes wrong, differently by seed.
    pub fn hostile(rng: &mut fastrand::Rng) -> Self {
        let mut chance = |often: [f64; 4]| often[rng.usize(..4)];
        let (drops, doubles, delays) =
            (chance([0.0, 0.02, 0.1, 0.4]), chance([0.0, 0.1, 0.3, 0.3]), chance([0.0, 0.0, 0.05, 0.3]));
        let (failed_writes, fatal_steps) = (chance([0.0, 0.0, 0.1, 0.5]), chance([0.0, 0.0, 0.01, 0.05]));
        Self {
            drops,
            doubles,
            delays,
            failed_writes,
            crashes: rng.u32(..5),
            fatal_steps,
            lost_groups: [0, 0, 1, 3][rng.usize(..4)],
            altered_rows: [0, 0, 0, 1][rng.usize(..4)],
            full_for_ms: [0, 0, 0, 60][rng.usize(..4)],
            until_ms: [100, 400, 1_000][rng.usize(..3)],
        }
    }
}

/// How often things happened: a simulation in which nothing goes wrong proves nothing.
pub type Counts = BTreeMap<&'static str, u64>;

/// Everything but the two processes.
pub struct Outside {
    pub now_ms: u64,
    pub rng: fastrand::Rng,
    pub plan: Plan,
    pub model: Model,
    pub store: Store,
    pub ledger: Ledger,
    pub oracle: Oracle,
    pub counts: Counts,
    queue: BTreeMap<(u64, u64), Event>,
    events: u64,
    full_until_ms: u64,
}

impl Outside {
    /// Counts that something happened.
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn at(&mut self, at_ms: u64, event: Event) {
        self.events += 1;
        self.queue.insert((at_ms, self.events), event);
    }

    /// Within a few milliseconds.
    pub fn soon(&mut self, max_ms: u64, event: Event) {
        let at_ms = self.now_ms + self.rng.u64(..=max_ms);
        self.at(at_ms, event);
    }

    fn bad(&mut self, chance: f64) -> bool {
        self.now_ms < self.plan.until_ms && self.rng.f64() < chance
    }

    /// Puts a message on the link: it may be lost, doubled, late, and overtaken.
    pub fn send(&mut self, message: Message) {
        // Only these cost a segment its trip; the others are repeated until they are answered.
        let costs = matches!(message, Message::Segment { .. } | Message::Said { verdict: Verdict::Committed, .. });
        if self.bad(self.plan.drops) {
            self.oracle.faults += u64::from(costs);
            return self.count("dropped");
        }
        if self.bad(self.plan.doubles) {
            self.count("doubled");
            self.soon(80, Event::Arrives(message.clone()));
        }
        if self.bad(self.plan.delays) {
            self.oracle.faults += u64::from(costs);
            self.count("delayed");
            return self.soon(600, Event::Arrives(message));
        }
        self.soon(6, Event::Arrives(message));
    }

    /// Whether a write fails now; "disk full" lasts for a while.
    pub fn write_fails(&mut self) -> Option<&'static str> {
        if self.now_ms < self.full_until_ms {
            self.oracle.faults += 1;
            return Some("disk full");
        }
        if self.bad(self.plan.failed_writes) {
            self.oracle.faults += 1;
            return Some("hiccup");
        }
        None
    }

    /// Moves the job along an arrow, in the ledger's unsynced part.
    pub fn set_state(&mut self, next: JobState) -> Checked {
        let state = &mut self.ledger.written.state;
        if *state == next {
            return Ok(());
        }
        if !state.can_become(next) {
            return broken(5, format!("the core refuses {state} → {next}"));
        }
        self.oracle.arrow(*state, next)?;
        *state = next;
        Ok(())
    }

    pub fn sync_ledger(&mut self) {
        self.ledger.sync();
        self.oracle.durable(&self.ledger.synced);
    }

    fn may_take_from_store(&self) -> bool {
        self.now_ms < self.plan.until_ms && matches!(self.ledger.written.state, JobState::Open | JobState::Stalled)
    }

    /// A file that the ledger knows is gone.
    fn lose_group(&mut self) {
        let names: Vec<_> =
            self.ledger.synced.groups.keys().filter(|name| self.store.staged.contains_key(name)).copied().collect();
        if !self.may_take_from_store() || names.is_empty() {
            return;
        }
        let name = names[self.rng.usize(..names.len())];
        self.store.staged.remove(&name);
        self.oracle.takes_away(name, self.ledger.synced.groups[&name].len());
        self.count("lost groups");
    }

    /// A row says something else, is another one, or is gone, and no checksum of the disk notices.
    fn alter_row(&mut self) {
        let known = self.ledger.synced.groups.keys();
        let names: Vec<_> = known
            .filter(|name| self.store.staged.get(name).is_some_and(|file| !file.rows.is_empty()))
            .copied()
            .collect();
        if !self.may_take_from_store() || names.is_empty() {
            return;
        }
        let name = names[self.rng.usize(..names.len())];
        let Some(file) = self.store.staged.get_mut(&name) else { return };
        let at = self.rng.usize(..file.rows.len());
        match self.rng.u32(..3) {
            0 => file.rows[at].digest = self.rng.u128(..),
            1 if file.rows.len() > 1 => file.rows[at] = file.rows[(at + 1) % file.rows.len()],
            _ => drop(file.rows.remove(at)),
        }
        self.oracle.altered = true;
        self.count("altered rows");
    }
}

/// See the module.
pub struct World {
    pub outside: Outside,
    home: Option<Home>,
    ingest: Option<Ingest>,
    lives: u64,
    budget: RestartBudget,
    home_starts_at_ms: u64,
    /// What happened, if somebody wants to know.
    pub trace: Option<Vec<String>>,
}

/// A home comes back soon enough for the deadline of what was under way; its budget is part of what is simulated.
const POLICY: RestartPolicy = RestartPolicy { restarts_max: 2, window_ms: 400, backoff_min_ms: 5, backoff_max_ms: 40 };

impl World {
    pub fn new(seed: u64, plan: Option<Plan>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let model = Model::new(&mut rng);
        let plan = plan.unwrap_or_else(|| Plan::hostile(&mut rng));
        let full_from_ms = rng.u64(..100);
        let outside = Outside {
            now_ms: 0,
            rng,
            plan,
            model,
            store: Store::default(),
            ledger: Ledger::new(1),
            oracle: Oracle::new(1),
            counts: Counts::new(),
            queue: BTreeMap::new(),
            events: 0,
            full_until_ms: 0,
        };
        let budget = RestartBudget::new(POLICY);
        let mut world = Self { outside, home: None, ingest: None, lives: 0, budget, home_starts_at_ms: 0, trace: None };
        world.begin(full_from_ms);
        world
    }

    fn begin(&mut self, full_from_ms: u64) {
        let plan = self.outside.plan;
        let (rng, horizon_ms) = (&mut self.outside.rng, plan.until_ms.min(300));
        let mut bad = Vec::new();
        for _ in 0..plan.crashes {
            let who = if rng.bool() { Who::Home } else { Who::Ingest };
            bad.push((rng.u64(..horizon_ms), Event::Crashes(who)));
        }
        (0..plan.lost_groups).for_each(|_| bad.push((rng.u64(..horizon_ms), Event::LosesGroup)));
        (0..plan.altered_rows).for_each(|_| bad.push((rng.u64(..horizon_ms), Event::AltersRow)));
        bad.into_iter().for_each(|(at_ms, event)| self.outside.at(at_ms, event));
        self.outside.full_until_ms = if plan.full_for_ms > 0 { full_from_ms + plan.full_for_ms } else { 0 };
        self.outside.at(0, Event::Starts(Who::Home));
        self.outside.at(0, Event::Starts(Who::Ingest));
    }

    /// Lives until nothing happens any more; the job must be complete then.
    pub fn run(&mut self) -> Checked {
        while let Some(((at_ms, _), event)) = self.outside.queue.pop_first() {
            self.outside.now_ms = at_ms;
            if at_ms > self.outside.plan.until_ms + PATIENCE_MS {
                return broken(0, format!("not complete {PATIENCE_MS} ms after the last fault"));
            }
            if let Some(trace) = &mut self.trace {
                trace.push(format!("{at_ms} {event:?}"));
            }
            self.happen(event)?;
            self.check()?;
        }
        self.at_the_end()
    }

    fn check(&mut self) -> Checked {
        let outside = &mut self.outside;
        outside.oracle.readers(&outside.model, &outside.ledger, &outside.store)?;
        match self.ingest.as_ref().and_then(Ingest::source) {
            Some((run, source)) => outside.oracle.source(run, source.done(), outside.model.window_segments()),
            None => Ok(()),
        }
    }

    fn at_the_end(&self) -> Checked {
        let state = self.outside.ledger.synced.state;
        if state != JobState::Complete || !self.ingest.as_ref().is_some_and(|ingest| ingest.is_finished) {
            return broken(0, format!("everything is quiet, and the job is {state}"));
        }
        if let Some((_, source)) = self.ingest.as_ref().and_then(Ingest::source)
            && !(source.window().is_idle() && source.is_done())
        {
            return broken(0, format!("{} bytes of credit never came home", source.window().used_bytes()));
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Checked {
        let outside = &mut self.outside;
        match event {
            Event::Arrives(message) => self.arrive(message),
            Event::Ticks { session, tick } => match &mut self.ingest {
                Some(ingest) if ingest.session == session => ingest.tick(tick, outside),
                _ => Ok(()),
            },
            Event::Steps { life, step } => match &mut self.home {
                Some(home) if home.life == life => {
                    if outside.bad(outside.plan.fatal_steps) {
                        outside.soon(1, Event::Crashes(Who::Home));
                    }
                    home.step(step, outside)
                }
                _ => Ok(()),
            },
            Event::Crashes(who) => self.crash(who),
            Event::Starts(who) => self.start(who),
            Event::LosesGroup => {
                outside.lose_group();
                Ok(())
            }
            Event::AltersRow => {
                outside.alter_row();
                Ok(())
            }
        }
    }

    fn arrive(&mut self, message: Message) -> Checked {
        match (message.to(), &mut self.home, &mut self.ingest) {
            (Who::Home, Some(home), _) => home.take(message, &mut self.outside),
            // A broker keeps it until its reader is back.
            (Who::Home, None, _) => {
                let at_ms = self.home_starts_at_ms.max(self.outside.now_ms) + 1;
                self.outside.at(at_ms, Event::Arrives(message));
                Ok(())
            }
            (Who::Ingest, _, Some(ingest)) => ingest.take(message, &mut self.outside),
            (Who::Ingest, _, None) => Ok(()),
        }
    }

    fn start(&mut self, who: Who) -> Checked {
        self.lives += 1;
        match who {
            Who::Home if self.home.is_none() => self.home = Some(Home::boot(self.lives, &mut self.outside)?),
            Who::Ingest if self.ingest.is_none() => self.ingest = Some(Ingest::start(self.lives, &mut self.outside)),
            _ => {}
        }
        Ok(())
    }

    fn crash(&mut self, who: Who) -> Checked {
        match who {
            Who::Ingest => {
                if self.ingest.take().is_some() {
                    self.outside.count("ingest crashes");
                    self.outside.oracle.faults += 1;
                    self.outside.soon(20, Event::Starts(Who::Ingest));
                }
                Ok(())
            }
            Who::Home if self.home.is_none() => Ok(()),
            Who::Home => {
                self.home = None;
                self.outside.count("home crashes");
                self.outside.oracle.faults += 1;
                let outside = &mut self.outside;
                outside.store.crash(&mut outside.rng);
                outside.ledger.crash(&mut outside.rng);
                outside.oracle.after_crash(&outside.ledger, &outside.store)?;
                self.restart_home()
            }
        }
    }

    fn restart_home(&mut self) -> Checked {
        let wait_ms = match self.budget.died(self.outside.now_ms, self.outside.rng.f64()) {
            Some(wait_ms) => wait_ms,
            None => {
                // Given up; somebody starts it again, with a new budget.
                self.outside.count("spent budgets");
                self.budget = RestartBudget::new(POLICY);
                POLICY.backoff_max_ms
            }
        };
        if wait_ms > POLICY.backoff_max_ms {
            return broken(8, format!("the home waits for {wait_ms} ms"));
        }
        self.home_starts_at_ms = self.outside.now_ms + wait_ms;
        self.outside.at(self.home_starts_at_ms, Event::Starts(Who::Home));
        Ok(())
    }
}

/// Lives through one seed.
pub fn live(seed: u64, plan: Option<Plan>) -> (World, Option<Violation>) {
    let mut world = World::new(seed, plan);
    let violation = world.run().err();
    (world, violation)
}
