//! Two brokers, one better than the other and neither good: logs that lose their ends and reuse the offsets, swallow what they
//! confirmed, confirm late or never, double, show messages late, cannot be reached for publishing, for polling or for both, and
//! partitions that take everything and give nothing back.

use std::collections::BTreeMap;

use vcf_agent::delivery::breaker::Outcome;
use vcf_agent::delivery::prefix::Consumed;
use vcf_agent::delivery::segment::Segment;

/// Partitions of the topic of segments; the topic of receipts has one.
pub const PARTITIONS: u32 = 3;

/// A publication is given up after this long: its outcome is unknown then.
pub const DEADLINE_MS: u64 = 25;

/// A message is shown late by less than this.
pub const SHOWS_LATE_MS_MAX: u64 = 400;

/// One of the two topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Segments,
    Receipts,
}

/// A partition of a generation of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub topic: Topic,
    pub generation: u32,
    pub partition: u32,
}

/// Why a poll brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollError {
    /// The broker is not there, or was away.
    Away,
    /// It is there, and this partition cannot be read.
    Unreadable,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Segment {
        segment: Segment,
        attempt: u32,
    },
    Receipt {
        segment: Segment,
        attempt: u32,
    },
    /// The home is alive.
    Beat,
}

/// A message. No two publications are the same message; a copy that the broker makes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    pub id: u128,
    pub body: Body,
}

#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub message: Message,
    shows_at_ms: u64,
}

/// A partition. Offsets are places in the list: what was lost is reused.
#[derive(Debug, Default)]
pub struct Partition {
    pub entries: Vec<Entry>,
    /// Takes everything, gives nothing back.
    pub is_unreadable: bool,
    /// Nothing new is shown before.
    shows_late_until_ms: u64,
}

/// What goes wrong with single messages, and how often.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habits {
    /// Confirmed, and not in the log.
    pub swallows: f64,
    /// Not confirmed, and not in the log.
    pub loses: f64,
    /// Not confirmed, and in the log.
    pub forgets_to_answer: f64,
    /// Not confirmed, and in the log later, after what was published since.
    pub is_late: f64,
    /// Twice in the log.
    pub doubles: f64,
    /// In the log, and shown to nobody for a while; nor what comes after it.
    pub shows_late: f64,
    /// Refuses, for now.
    pub refuses: f64,
}

/// How a publication ended: what its sender hears, when, and whether that is a fault which may cost copies.
pub struct Ending {
    pub outcome: Outcome,
    pub after_ms: u64,
    pub fault: Option<&'static str>,
    /// Copies that reached the log, or will.
    pub copies: u64,
    /// It reaches the log only then.
    pub late_ms: Option<u64>,
}

/// See the module.
#[derive(Default)]
pub struct Broker {
    partitions: BTreeMap<At, Partition>,
    /// Connections of a former life are broken.
    pub epoch: u64,
    pub no_publish_until_ms: u64,
    pub no_poll_until_ms: u64,
    /// What readers told it; kept apart from the logs, as brokers do.
    pub committed: BTreeMap<At, u64>,
}

impl Broker {
    pub fn new() -> Self {
        let mut broker = Self { epoch: 1, ..Self::default() };
        broker.open_next(Topic::Segments, 0);
        broker.open_next(Topic::Receipts, 0);
        broker
    }

    /// Creates the generation after this one, if it is the newest.
    pub fn open_next(&mut self, topic: Topic, after: u32) -> bool {
        let is_newest = self.newest(topic) == after;
        let partitions = if topic == Topic::Segments { PARTITIONS } else { 1 };
        for partition in (0..partitions).filter(|_| is_newest) {
            self.partitions.insert(At { topic, generation: after + 1, partition }, Partition::default());
        }
        is_newest
    }

    /// The newest generation of a topic; 0 if there is none.
    pub fn newest(&self, topic: Topic) -> u32 {
        let key = |generation| At { topic, generation, partition: 0 };
        self.partitions.range(key(0)..=key(u32::MAX)).next_back().map_or(0, |(at, _)| at.generation)
    }

    pub fn takes(&self, now_ms: u64) -> bool {
        now_ms >= self.no_publish_until_ms
    }

    pub fn gives(&self, now_ms: u64) -> bool {
        now_ms >= self.no_poll_until_ms
    }

    pub fn partitions(&mut self) -> impl Iterator<Item = (&At, &mut Partition)> {
        self.partitions.iter_mut()
    }

    pub fn entries(&self, at: At) -> &[Entry] {
        self.partitions.get(&at).map_or(&[], |partition| &partition.entries)
    }

    pub fn append(&mut self, at: At, message: Message, now_ms: u64) {
        if let Some(partition) = self.partitions.get_mut(&at) {
            partition.entries.push(Entry { message, shows_at_ms: now_ms.max(partition.shows_late_until_ms) });
        }
    }

    /// A publication, and what becomes of it.
    pub fn publish(
        &mut self,
        at: At,
        message: Message,
        habits: Habits,
        rng: &mut fastrand::Rng,
        now_ms: u64,
    ) -> Ending {
        let (soon, later) = (rng.u64(1..5), rng.u64(10..SHOWS_LATE_MS_MAX));
        let mut ending = Ending { outcome: Outcome::Ok, after_ms: soon, fault: None, copies: 1, late_ms: None };
        if !self.takes(now_ms) {
            return Ending { outcome: Outcome::Unknown, after_ms: DEADLINE_MS, copies: 0, ..ending };
        }
        let mut chance = |often: f64| rng.f64() < often;
        if chance(habits.refuses) {
            return Ending { outcome: Outcome::Rejected, fault: Some("refused"), copies: 0, ..ending };
        }
        if chance(habits.loses) {
            return Ending {
                outcome: Outcome::Unknown,
                fault: Some("lost"),
                copies: 0,
                after_ms: DEADLINE_MS,
                ..ending
            };
        }
        if chance(habits.swallows) {
            return Ending { fault: Some("swallowed"), copies: 0, ..ending };
        }
        if chance(habits.is_late) {
            let late_ms = Some(later);
            return Ending { outcome: Outcome::Unknown, after_ms: DEADLINE_MS, fault: Some("late"), late_ms, ..ending };
        }
        if chance(habits.forgets_to_answer) {
            ending = Ending { outcome: Outcome::Unknown, after_ms: DEADLINE_MS, fault: Some("not answered"), ..ending };
        }
        if chance(habits.shows_late) {
            let until_ms = now_ms + later;
            if let Some(partition) = self.partitions.get_mut(&at) {
                partition.shows_late_until_ms = partition.shows_late_until_ms.max(until_ms);
            }
            ending.fault = Some("shown late");
        }
        self.append(at, message, now_ms);
        if chance(habits.doubles) {
            self.append(at, message, now_ms);
            ending.fault = ending.fault.or(Some("doubled"));
        }
        ending
    }

    /// Reads from `position` on; an error for a connection of a former life.
    pub fn poll(
        &self,
        at: At,
        position: Option<u64>,
        epoch: u64,
        now_ms: u64,
    ) -> Result<Vec<(Consumed, Message)>, PollError> {
        if epoch != self.epoch || !self.gives(now_ms) {
            return Err(PollError::Away);
        }
        let there = self.partitions.get(&at).filter(|there| !there.is_unreadable).ok_or(PollError::Unreadable)?;
        let from = position.unwrap_or(0) as usize;
        let new = there.entries.iter().enumerate().skip(from).take_while(|(_, entry)| entry.shows_at_ms <= now_ms);
        Ok(new
            .take(20)
            .map(|(offset, entry)| (Consumed { offset: offset as u64, digest: entry.message.id }, entry.message))
            .collect())
    }

    /// It restarts, and its logs may be shorter than they were.
    pub fn restart(&mut self, loses_tails: bool, rng: &mut fastrand::Rng) -> u64 {
        self.epoch += 1;
        let mut lost = 0;
        for partition in self.partitions.values_mut().filter(|_| loses_tails) {
            let keep = partition.entries.len() - rng.usize(..=partition.entries.len().min(6));
            lost += (partition.entries.len() - keep) as u64;
            partition.entries.truncate(keep);
        }
        lost
    }
}
