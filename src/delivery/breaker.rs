//! The breaker of one route: whether new segments should start there. It never stops anything: a route whose breaker is open is
//! tried last, is read as always, and what is under way on it stays.
//!
//! Four signals are heard, and each is judged by itself: a broker that confirms every publication and gives nothing back would
//! otherwise drown its failing canaries in successes. There is no half-open state: whether a route is well again is found out by
//! canaries, never by risking segments on it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// When a breaker opens and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// It opens after this many failures of one signal in a row.
    pub failures_max: u32,
    /// It opens when half of the last so many outcomes of one signal were failures,
    pub recent_max: u32,
    /// as soon as so many were seen.
    pub recent_min: u32,
    /// It closes after canaries have come back for this long, and nothing else failed meanwhile.
    pub healthy_ms: u64,
    /// Silence of the canaries that is no health: what came before it does not count.
    pub canary_gap_ms: u64,
    /// It stays open for at least this long. Shorter than `healthy_ms` the first doublings would change nothing.
    pub dwell_min_ms: u64,
    /// The dwell doubles when the breaker flaps, up to this.
    pub dwell_max_ms: u64,
    /// Opening again within this long after it closed is a flap. Each such time closed takes one doubling back.
    pub flap_ms: u64,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures_max: 3,
            recent_max: 20,
            recent_min: 6,
            healthy_ms: 30_000,
            canary_gap_ms: 5_000,
            dwell_min_ms: 30_000,
            dwell_max_ms: 600_000,
            flap_ms: 300_000,
        }
    }
}

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Confirmed.
    Ok,
    /// The other side said no: it is there, and well enough to say so.
    Rejected,
    /// The deadline passed or the connection broke.
    Unknown,
}

/// What a breaker hears of its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// A publication ended.
    Published(Outcome),
    /// A canary came back within its deadline, or did not.
    Canary {
        /// It came back.
        came_back: bool,
    },
    /// An inlet polled a partition.
    Polled {
        /// Which of the partitions that are read on this route, of whichever topic; numbered by the caller.
        lane: u32,
        /// It was answered, be it with nothing new.
        ok: bool,
    },
    /// A receipt came back for what was published to this partition.
    Receipt {
        /// Of the topic of segments.
        partition: u32,
    },
    /// A receipt is overdue for what was published to this partition.
    Overdue {
        /// Of the topic of segments.
        partition: u32,
        /// The home gave a sign of life lately. Otherwise the silence says nothing of the route, and is not counted.
        home_is_alive: bool,
    },
}

/// What is judged by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Outcomes of publications.
    Publish,
    /// Canaries.
    Canary,
    /// Polls of one lane.
    Poll(u32),
    /// Receipts for one partition.
    Receipt(u32),
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish => f.write_str("publications without an answer"),
            Self::Canary => f.write_str("canaries that did not come back"),
            Self::Poll(lane) => write!(f, "failed polls of lane {lane}"),
            Self::Receipt(partition) => write!(f, "overdue receipts of partition {partition}"),
        }
    }
}

impl News {
    /// The signal, and whether it is good; `None` if it says nothing of the route's health.
    fn judged(self) -> Option<(Signal, bool)> {
        match self {
            Self::Published(Outcome::Ok) => Some((Signal::Publish, true)),
            Self::Published(Outcome::Unknown) => Some((Signal::Publish, false)),
            Self::Published(Outcome::Rejected) | Self::Overdue { home_is_alive: false, .. } => None,
            Self::Canary { came_back } => Some((Signal::Canary, came_back)),
            Self::Polled { lane, ok } => Some((Signal::Poll(lane), ok)),
            Self::Receipt { partition } => Some((Signal::Receipt(partition), true)),
            Self::Overdue { partition, .. } => Some((Signal::Receipt(partition), false)),
        }
    }
}

/// The state of a breaker. Times are the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// New segments may start on this route.
    Closed,
    /// New segments start elsewhere, if there is another route.
    Open {
        /// When it opened.
        since_ms: u64,
    },
}

/// Why a breaker flipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// So many failures in a row.
    InARow {
        /// Of this signal.
        signal: Signal,
        /// How many.
        failures: u32,
    },
    /// Too many failures among the last outcomes.
    Half {
        /// Of this signal.
        signal: Signal,
        /// Failures among those.
        failures: u32,
        /// Outcomes that were looked at.
        seen: u32,
    },
    /// Healthy for long enough, and open for long enough.
    Healthy {
        /// How long canaries had come back.
        healthy_ms: u64,
        /// How long it had to stay open.
        dwell_ms: u64,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InARow { signal, failures } => {
                write!(f, "{failures} {signal}, one after the other")
            }
            Self::Half { signal, failures, seen } => write!(f, "{failures} {signal} among the last {seen} outcomes"),
            Self::Healthy { healthy_ms, dwell_ms } => {
                write!(f, "healthy for {healthy_ms} ms, and at least {dwell_ms} ms open")
            }
        }
    }
}

/// What a breaker turned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It opened.
    Opened,
    /// It closed.
    Closed,
}

/// A flip: a row of the ledger, an event, a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flip {
    /// To what.
    pub turn: Turn,
    /// When, by the caller's clock.
    pub at_ms: u64,
    /// Why.
    pub why: Why,
}

/// The last outcomes of one signal.
#[derive(Debug, Clone, Default)]
struct Recent {
    outcomes: VecDeque<bool>,
    failures_in_a_row: u32,
}

impl Recent {
    fn add(&mut self, good: bool, policy: &BreakerPolicy) {
        self.failures_in_a_row = if good { 0 } else { self.failures_in_a_row.saturating_add(1) };
        self.outcomes.push_back(good);
        while self.outcomes.len() > policy.recent_max.max(1) as usize {
            self.outcomes.pop_front();
        }
    }

    /// Why it should open, if it should.
    fn verdict(&self, signal: Signal, policy: &BreakerPolicy) -> Option<Why> {
        if self.failures_in_a_row >= policy.failures_max.max(1) {
            return Some(Why::InARow { signal, failures: self.failures_in_a_row });
        }
        let seen = self.outcomes.len() as u32;
        let failures = self.outcomes.iter().filter(|good| !**good).count() as u32;
        let is_half = seen >= policy.recent_min && failures > 0 && failures * 2 >= seen;
        is_half.then_some(Why::Half { signal, failures, seen })
    }
}

/// The time since which canaries come back, and that of the last one. Both by the breaker's own clock.
#[derive(Debug, Clone, Copy)]
struct Health {
    since_ms: u64,
    last_ms: u64,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Breaker {
    policy: BreakerPolicy,
    state: BreakerState,
    recent: BTreeMap<Signal, Recent>,
    health: Option<Health>,
    /// The breaker's own clock: it only adds up steps forward, so that a clock that is set back neither panics nor keeps a route shut.
    lived_ms: u64,
    heard_at_ms: Option<u64>,
    opened_ms: u64,
    closed_ms: Option<u64>,
    doublings: u32,
    flips: u64,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            state: BreakerState::Closed,
            recent: BTreeMap::new(),
            health: None,
            lived_ms: 0,
            heard_at_ms: None,
            opened_ms: 0,
            closed_ms: None,
            doublings: 0,
            flips: 0,
        }
    }

    /// Something became known of the route at `now_ms`; says if that makes it flip.
    pub fn hear(&mut self, news: News, now_ms: u64) -> Option<Flip> {
        let step_ms = now_ms.saturating_sub(self.heard_at_ms.unwrap_or(now_ms));
        self.lived_ms = self.lived_ms.saturating_add(step_ms);
        self.heard_at_ms = Some(now_ms);
        let (signal, good) = news.judged()?;
        self.follow_health(signal, good);
        match self.state {
            BreakerState::Closed => {
                let recent = self.recent.entry(signal).or_default();
                recent.add(good, &self.policy);
                let why = recent.verdict(signal, &self.policy).filter(|_| !good)?;
                Some(self.open(why, now_ms))
            }
            BreakerState::Open { .. } => self.close_if_well(now_ms),
        }
    }

    /// Any failure ends a time of health; only canaries begin and prolong it.
    fn follow_health(&mut self, signal: Signal, good: bool) {
        let now_ms = self.lived_ms;
        match (signal, good) {
            (_, false) => self.health = None,
            (Signal::Canary, true) => {
                let gap_max_ms = self.policy.canary_gap_ms;
                let goes_on = self.health.filter(|health| now_ms - health.last_ms <= gap_max_ms);
                self.health =
                    Some(Health { since_ms: goes_on.map_or(now_ms, |health| health.since_ms), last_ms: now_ms });
            }
            _ => {}
        }
    }

    fn open(&mut self, why: Why, now_ms: u64) -> Flip {
        if let Some(closed_ms) = self.closed_ms {
            let closed_for_ms = self.lived_ms - closed_ms;
            if closed_for_ms < self.policy.flap_ms {
                self.doublings = self.doublings.saturating_add(1);
            } else {
                let forgiven = closed_for_ms / self.policy.flap_ms.max(1);
                self.doublings = self.doublings.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
            }
        }
        self.opened_ms = self.lived_ms;
        self.state = BreakerState::Open { since_ms: now_ms };
        self.flip(Turn::Opened, why, now_ms)
    }

    fn close_if_well(&mut self, now_ms: u64) -> Option<Flip> {
        let health = self.health.filter(|health| health.last_ms == self.lived_ms)?;
        let (healthy_ms, dwell_ms) = (self.lived_ms - health.since_ms, self.dwell_ms());
        if healthy_ms < self.policy.healthy_ms || self.lived_ms - self.opened_ms < dwell_ms {
            return None;
        }
        self.closed_ms = Some(self.lived_ms);
        self.state = BreakerState::Closed;
        Some(self.flip(Turn::Closed, Why::Healthy { healthy_ms, dwell_ms }, now_ms))
    }

    fn flip(&mut self, turn: Turn, why: Why, at_ms: u64) -> Flip {
        // What was before is judged: it must not count a second time.
        self.recent.clear();
        self.flips += 1;
        Flip { turn, at_ms, why }
    }

    /// How long it stays open at least, this time or the next (ms).
    pub fn dwell_ms(&self) -> u64 {
        let factor = 1u64.checked_shl(self.doublings).unwrap_or(u64::MAX);
        let longest_ms = self.policy.dwell_max_ms.max(self.policy.dwell_min_ms);
        self.policy.dwell_min_ms.saturating_mul(factor).min(longest_ms)
    }

    /// Closed, or open since when.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// Whether new segments should start elsewhere.
    pub fn is_open(&self) -> bool {
        matches!(self.state, BreakerState::Open { .. })
    }

    /// How often it has flipped.
    pub fn flips(&self) -> u64 {
        self.flips
    }
}
