//! Time, two brokers, a source and a home, and everything that goes wrong between them. A seed decides all of it.

use std::collections::BTreeMap;

use vcf_agent::delivery::breaker::{BreakerPolicy, Flip, News, Outcome};
use vcf_agent::delivery::prefix::Committable;
use vcf_agent::delivery::routes::{RouteId, Routes};
use vcf_agent::delivery::segment::{Segment, SegmentSet};
use vcf_agent::delivery::sent::SentPolicy;

use super::home::Home;
use super::log::{At, Body, Broker, Habits, Message, Topic};
use super::oracle::Oracle;
use super::source::Publisher;
use crate::oracle::{Checked, Violation, broken};

/// Names of the routes, the preferred one first.
pub const ROUTES: [&str; 2] = ["iggy", "kafka"];

/// Nothing goes wrong any more, or what is broken stays broken beside a sound route; the job must be done after this long.
const PATIENCE_MS: u64 = 30_000;

/// The defaults, about a hundred times as quick.
pub const BREAKER: BreakerPolicy = BreakerPolicy {
    failures_max: 3,
    recent_max: 20,
    recent_min: 6,
    healthy_ms: 300,
    canary_gap_ms: 100,
    dwell_min_ms: 300,
    dwell_max_ms: 6_000,
    flap_ms: 3_000,
};

/// Longer than a trip without faults takes.
pub const SENT: SentPolicy = SentPolicy { patience_ms: 120, patience_max_ms: 1_000 };

/// One of the two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Source,
    Home,
}

/// What is broken for good, on one route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    Publish,
    Poll,
    Both,
    Receipts,
    Segments,
}

/// What a moment brings that nobody wanted.
#[derive(Debug, Clone, Copy)]
pub enum Mishap {
    NoPublish { route: usize, for_ms: u64 },
    NoPoll { route: usize, for_ms: u64 },
    Restart { route: usize, loses_tails: bool },
    Breaks { route: usize, what: Broken },
    Unreadable { route: usize, partition: u32 },
    HomeCrashes,
}

/// What happens at a moment.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    Reads,
    Ended { segment: Segment, attempt: u32, route: RouteId, outcome: Outcome },
    TriesAgain { segment: Segment },
    LooksForOverdue,
    Polls { who: Who, route: RouteId, life: u64 },
    SendsCanary { who: Who, route: RouteId },
    Canary { who: Who, route: RouteId, came_back: bool },
    Beats { life: u64 },
    GroupsDue { life: u64 },
    Lands { life: u64, id: u64 },
    ReceiptEnded { life: u64, id: u64, route: RouteId, outcome: Outcome },
    RepliesAgain { life: u64, id: u64 },
    Appends { route: RouteId, at: At, message: Message },
    Goes(Mishap),
    HomeStarts,
}

/// What goes wrong, and how often.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub habits: Habits,
    pub failed_commits: f64,
    /// Whoever cannot read a partition opens the next generation of its topic.
    pub has_generations: bool,
    pub mishaps: Vec<(u64, Mishap)>,
    /// From then on nothing new goes wrong (ms).
    pub until_ms: u64,
}

impl Plan {
    /// Much goes wrong, differently by seed, and one route stays usable or becomes so again.
    pub fn hostile(rng: &mut fastrand::Rng) -> Self {
        let mut chance = |often: [f64; 4]| often[rng.usize(..4)];
        let habits = Habits {
            swallows: chance([0.0, 0.0, 0.02, 0.1]),
            loses: chance([0.0, 0.0, 0.05, 0.2]),
            forgets_to_answer: chance([0.0, 0.0, 0.05, 0.2]),
            is_late: chance([0.0, 0.0, 0.02, 0.1]),
            doubles: chance([0.0, 0.0, 0.1, 0.3]),
            shows_late: chance([0.0, 0.0, 0.01, 0.05]),
            refuses: chance([0.0, 0.0, 0.0, 0.05]),
        };
        let failed_commits = chance([0.0, 0.0, 0.05, 0.3]);
        let until_ms = [200, 600, 1_500][rng.usize(..3)];
        let mut mishaps = Vec::new();
        for _ in 0..rng.u32(..6) {
            let (route, for_ms) = (rng.usize(..2), rng.u64(20..500));
            let mishap = match rng.u32(..5) {
                0 => Mishap::NoPublish { route, for_ms },
                1 => Mishap::NoPoll { route, for_ms },
                2 => Mishap::HomeCrashes,
                _ => Mishap::Restart { route, loses_tails: rng.bool() },
            };
            mishaps.push((rng.u64(..until_ms), mishap));
        }
        // What is broken for good is broken on one route only: the other one is usable, or becomes so again. A partition that
        // cannot be read is broken for good unless there are generations.
        let (route, has_generations) = (rng.usize(..2), rng.bool());
        if rng.bool() {
            let what =
                [Broken::Publish, Broken::Poll, Broken::Both, Broken::Receipts, Broken::Segments][rng.usize(..5)];
            mishaps.push((rng.u64(..until_ms), Mishap::Breaks { route, what }));
        }
        if rng.u32(..3) == 0 {
            let partition = rng.u32(..super::log::PARTITIONS);
            let route = if has_generations { rng.usize(..2) } else { route };
            mishaps.push((rng.u64(..until_ms), Mishap::Unreadable { route, partition }));
        }
        Self { habits, failed_commits, has_generations, mishaps, until_ms }
    }
}

/// What the home has on its disk.
#[derive(Default)]
pub struct Ledger {
    pub done: SegmentSet,
    pub offsets: BTreeMap<(RouteId, At), Committable>,
}

/// Everything but the two nodes.
pub struct Outside {
    pub now_ms: u64,
    pub rng: fastrand::Rng,
    pub plan: Plan,
    /// What each segment costs.
    pub segments: Vec<u64>,
    pub window_bytes: u64,
    /// Longest time between two segments that are read.
    pub pace_ms: u64,
    pub brokers: [Broker; 2],
    pub ledger: Ledger,
    pub oracle: Oracle,
    pub counts: BTreeMap<&'static str, u64>,
    /// What happened, if somebody wants to know.
    pub trace: Option<Vec<String>>,
    queue: BTreeMap<(u64, u64), Event>,
    events: u64,
    ids: u128,
}

impl Outside {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{} {}", self.now_ms, what()));
        }
    }

    pub fn after(&mut self, ms: u64, event: Event) {
        self.events += 1;
        self.queue.insert((self.now_ms + ms, self.events), event);
    }

    pub fn message(&mut self, body: Body) -> Message {
        self.ids += 1;
        Message { id: self.ids, body }
    }

    pub fn is_hostile(&self) -> bool {
        self.now_ms < self.plan.until_ms
    }

    /// Publishes; says what its sender will hear, and when, and whether a copy is or will be in the log.
    pub fn publish(&mut self, route: RouteId, at: At, body: Body) -> (Outcome, u64, bool) {
        let message = self.message(body);
        let habits = if self.is_hostile() { self.plan.habits } else { Habits::default() };
        let broker = &mut self.brokers[route.index()];
        let ending = broker.publish(at, message, habits, &mut self.rng, self.now_ms);
        if let Some(fault) = ending.fault {
            self.count(fault);
            // What lasts is met again each time that the patience passes.
            let again = if fault == "shown late" { super::log::SHOWS_LATE_MS_MAX / SENT.patience_ms } else { 0 };
            self.oracle.faults += u64::from(fault != "doubled") + again;
        }
        if let Some(late_ms) = ending.late_ms {
            self.after(late_ms, Event::Appends { route, at, message });
        }
        self.say(|| format!("{message:?} to {} {at:?}: {:?}", ROUTES[route.index()], ending.outcome));
        (ending.outcome, ending.after_ms, ending.copies > 0)
    }

    /// Tells a breaker, and what it makes of that.
    pub fn hear(&mut self, who: Who, routes: &mut Routes, route: RouteId, news: News) -> Option<Flip> {
        let flip = routes.hear(route, news, self.now_ms)?;
        self.count(if routes.breaker(route).is_some_and(|breaker| breaker.is_open()) { "opened" } else { "closed" });
        self.say(|| format!("{who:?}: {} {:?}: {}", routes.name(route), flip.turn, flip.why));
        if who == Who::Source && !routes.breaker(route).is_some_and(|breaker| breaker.is_open()) {
            // What is broken for good is met again.
            self.oracle.faults += u64::from(self.oracle.broken[route.index()]);
        }
        Some(flip)
    }

    /// Somebody cannot read a partition: the next generation of its topic, if there is none yet and the broker can be reached.
    pub fn open_next(&mut self, route: RouteId, at: At) {
        let now_ms = self.now_ms;
        let broker = &mut self.brokers[route.index()];
        if self.plan.has_generations && broker.takes(now_ms) && broker.open_next(at.topic, at.generation) {
            self.count("generations opened");
            self.say(|| format!("the next generation after {} {at:?}", ROUTES[route.index()]));
        }
    }

    /// The newest generation of a topic, as far as it can be found out; `known` if the broker is away.
    pub fn newest(&self, route: RouteId, topic: Topic, known: u32) -> u32 {
        let broker = &self.brokers[route.index()];
        if broker.gives(self.now_ms) { broker.newest(topic) } else { known }
    }

    fn goes_wrong(&mut self, mishap: Mishap) {
        self.oracle.faults += 1;
        let (now_ms, patience_ms) = (self.now_ms, SENT.patience_ms);
        match mishap {
            Mishap::NoPublish { route, for_ms } => {
                self.count("outages of publishing");
                self.oracle.faults += for_ms / patience_ms;
                let until_ms = &mut self.brokers[route].no_publish_until_ms;
                *until_ms = (*until_ms).max(now_ms + for_ms);
            }
            Mishap::NoPoll { route, for_ms } => {
                self.count("outages of polling");
                self.oracle.faults += for_ms / patience_ms;
                let until_ms = &mut self.brokers[route].no_poll_until_ms;
                *until_ms = (*until_ms).max(now_ms + for_ms);
            }
            Mishap::Restart { route, loses_tails } => {
                self.count("restarts");
                if self.brokers[route].restart(loses_tails, &mut self.rng) > 0 {
                    self.count("lost ends");
                }
            }
            Mishap::Unreadable { route, partition } => {
                self.spoil(route, |at| at.topic == Topic::Segments && at.partition == partition)
            }
            Mishap::Breaks { route, what } => self.breaks(route, what),
            Mishap::HomeCrashes => {}
        }
    }

    fn breaks(&mut self, route: usize, what: Broken) {
        self.count("broken for good");
        self.oracle.broken[route] |= matches!(what, Broken::Publish | Broken::Poll | Broken::Both);
        let broker = &mut self.brokers[route];
        if matches!(what, Broken::Publish | Broken::Both) {
            broker.no_publish_until_ms = u64::MAX;
        }
        if matches!(what, Broken::Poll | Broken::Both) {
            broker.no_poll_until_ms = u64::MAX;
        }
        match what {
            Broken::Receipts => self.spoil(route, |at| at.topic == Topic::Receipts),
            Broken::Segments => self.spoil(route, |at| at.topic == Topic::Segments),
            _ => {}
        }
    }

    fn spoil(&mut self, route: usize, which: impl Fn(At) -> bool) {
        self.count("unreadable");
        self.oracle.broken[route] |= !self.plan.has_generations;
        let mut spoiled = 0;
        for (_, partition) in self.brokers[route].partitions().filter(|(at, _)| which(**at)) {
            partition.is_unreadable = true;
            spoiled += 1;
        }
        self.oracle.faults += spoiled;
    }
}

/// See the module.
pub struct World {
    pub outside: Outside,
    source: Publisher,
    home: Option<Home>,
    lives: u64,
}

impl World {
    pub fn new(seed: u64, plan: Option<Plan>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let plan = plan.unwrap_or_else(|| Plan::hostile(&mut rng));
        let count = [rng.usize(..4), rng.usize(4..40), rng.usize(40..90)][rng.usize(..3)];
        let window_bytes = [5, 80, 250, 600][rng.usize(..4)];
        let pace_ms = [1, 4, 25][rng.usize(..3)];
        let segments: Vec<u64> = (0..count).map(|_| rng.u64(10..40)).collect();
        let outside = Outside {
            now_ms: 0,
            oracle: Oracle::new(&segments, window_bytes),
            rng,
            plan,
            segments,
            window_bytes,
            pace_ms,
            brokers: [Broker::new(), Broker::new()],
            ledger: Ledger::default(),
            counts: BTreeMap::new(),
            trace: None,
            queue: BTreeMap::new(),
            events: 0,
            ids: 0,
        };
        let source = Publisher::new(&outside);
        let mut world = Self { outside, source, home: None, lives: 0 };
        world.begin();
        world
    }

    fn begin(&mut self) {
        let outside = &mut self.outside;
        for (at_ms, mishap) in outside.plan.mishaps.clone() {
            outside.after(at_ms, Event::Goes(mishap));
        }
        outside.after(0, Event::HomeStarts);
        outside.after(0, Event::Reads);
        outside.after(0, Event::LooksForOverdue);
        for route in self.source.routes.ids() {
            outside.after(0, Event::SendsCanary { who: Who::Source, route });
            outside.after(3, Event::SendsCanary { who: Who::Home, route });
        }
        for route in self.source.routes.to_read() {
            outside.after(0, Event::Polls { who: Who::Source, route, life: 0 });
        }
    }

    /// Lives until the source has every receipt.
    pub fn run(&mut self) -> Checked {
        while !self.source.is_done() {
            let Some(((at_ms, _), event)) = self.outside.queue.pop_first() else {
                return broken(8, "everything is quiet, and the job is not done");
            };
            self.outside.now_ms = at_ms;
            if at_ms > self.outside.plan.until_ms + PATIENCE_MS {
                return broken(8, format!("not done {PATIENCE_MS} ms after the last fault"));
            }
            if !matches!(event, Event::Polls { .. } | Event::LooksForOverdue | Event::SendsCanary { .. }) {
                self.outside.say(|| format!("{event:?}"));
            }
            self.happen(event)?;
            self.outside.oracle.source(self.source.done(), &self.outside.ledger.done)?;
        }
        self.outside.oracle.at_the_end(&self.outside.ledger.done)?;
        self.source.at_the_end()
    }

    fn happen(&mut self, event: Event) -> Checked {
        let outside = &mut self.outside;
        match event {
            Event::Reads => return self.source.read(outside),
            Event::Ended { segment, attempt, route, outcome } => {
                return self.source.ended(segment, attempt, route, outcome, outside);
            }
            Event::TriesAgain { segment } => return self.source.attempt(segment, outside),
            Event::LooksForOverdue => return self.source.look_for_overdue(outside),
            Event::Polls { who: Who::Source, route, .. } => return self.source.poll(route, outside),
            Event::SendsCanary { who, route } => {
                let broker = &outside.brokers[route.index()];
                let came_back = broker.takes(outside.now_ms) && broker.gives(outside.now_ms + 6);
                outside.after(6, Event::Canary { who, route, came_back });
                outside.after(20, Event::SendsCanary { who, route });
            }
            Event::Canary { who: Who::Source, route, came_back } => {
                return self.source.hear(route, News::Canary { came_back }, outside);
            }
            Event::Appends { route, at, message } => {
                if outside.brokers[route.index()].takes(outside.now_ms) {
                    outside.brokers[route.index()].append(at, message, outside.now_ms);
                }
            }
            Event::Goes(mishap) => {
                outside.goes_wrong(mishap);
                if matches!(mishap, Mishap::HomeCrashes) && self.home.take().is_some() {
                    outside.count("home crashes");
                    let wait_ms = outside.rng.u64(5..150);
                    outside.after(wait_ms, Event::HomeStarts);
                }
            }
            Event::HomeStarts => {
                self.lives += 1;
                self.home = Some(Home::start(self.lives, outside));
            }
            _ => return self.home.as_mut().map_or(Ok(()), |home| home.happen(event, outside)),
        }
        Ok(())
    }
}

/// Lives through one seed.
pub fn live(seed: u64, plan: Option<Plan>) -> (World, Option<Violation>) {
    let mut world = World::new(seed, plan);
    let violation = world.run().err();
    (world, violation)
}
