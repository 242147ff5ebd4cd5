//! The home's node: reads all partitions of all routes, commits in groups, answers on the routes. It drives [`Sink`], [`Groups`],
//! [`Prefix`](vcf_agent::delivery::prefix::Prefix) and [`Routes`] as inlets, a batcher and an outlet do.

use std::collections::BTreeMap;

use vcf_agent::delivery::breaker::{News, Outcome};
use vcf_agent::delivery::group::{Group, GroupLimits, Groups};
use vcf_agent::delivery::prefix::Token;
use vcf_agent::delivery::routes::{Allowed, Attempt, RouteId, Routes, Step, Tries, Wanted};
use vcf_agent::delivery::segment::Segment;
use vcf_agent::delivery::sink::{Offer, Sink};

use super::log::{Body, Message, PARTITIONS, Topic};
use super::reader::Reader;
use super::world::{BREAKER, Event, Outside, ROUTES, Who};
use crate::oracle::Checked;

const LIMITS: GroupLimits = GroupLimits { bytes_max: 220, flush_interval_ms: 20 };

/// A receipt is tried in so many attempts: after that its source asks again.
const REPLY_WAITS_MAX: u32 = 2;

/// A copy of a segment that was read somewhere.
#[derive(Debug, Clone, Copy)]
struct Copied {
    route: RouteId,
    partition: u32,
    token: Token,
    segment: Segment,
    attempt: u32,
}

/// A receipt on its way.
struct Reply {
    to: Copied,
    tries: Tries,
    waits: u32,
    attempt: Attempt,
}

/// See the module.
pub struct Home {
    life: u64,
    sink: Sink,
    groups: Groups<Copied>,
    joined: BTreeMap<Segment, Vec<Copied>>,
    commits: BTreeMap<u64, Group<Copied>>,
    replies: BTreeMap<u64, Reply>,
    ids: u64,
    readers: BTreeMap<(RouteId, u32), Reader>,
    routes: Routes,
}

impl Home {
    pub fn start(life: u64, outside: &mut Outside) -> Self {
        let routes = Routes::new(ROUTES, BREAKER).expect("two names");
        let at = |route: RouteId| (0..PARTITIONS).map(move |partition| (route, partition));
        let reader = |at| (at, Reader::new(outside.ledger.offsets.get(&at).copied()));
        let home = Self {
            life,
            sink: Sink::new(outside.ledger.done.clone()),
            groups: Groups::new(LIMITS),
            joined: BTreeMap::new(),
            commits: BTreeMap::new(),
            replies: BTreeMap::new(),
            ids: 0,
            readers: routes.ids().flat_map(at).map(reader).collect(),
            routes,
        };
        for route in home.routes.to_read() {
            outside.after(1, Event::Polls { who: Who::Home, route, life });
        }
        outside.after(0, Event::Beats { life });
        outside.after(0, Event::GroupsDue { life });
        home
    }

    pub fn happen(&mut self, event: Event, outside: &mut Outside) -> Checked {
        match event {
            Event::Polls { route, life, .. } if life == self.life => return self.poll(route, outside),
            Event::Canary { route, came_back, .. } => return self.hear(route, News::Canary { came_back }, outside),
            Event::Beats { life } if life == self.life => self.beat(outside),
            Event::GroupsDue { life } if life == self.life => {
                outside.after(5, event);
                self.groups.due(outside.now_ms).into_iter().for_each(|group| self.begin_commit(group, outside));
            }
            Event::Lands { life, id } if life == self.life => return self.land(id, outside),
            Event::ReceiptEnded { life, id, route, outcome } if life == self.life => {
                return self.receipt_ended(id, route, outcome, outside);
            }
            Event::RepliesAgain { life, id } if life == self.life => self.reply_again(id, outside),
            _ => {}
        }
        Ok(())
    }

    /// A sign of life on every route; nobody repeats it.
    fn beat(&mut self, outside: &mut Outside) {
        for route in self.routes.ids() {
            let message = outside.message(Body::Beat);
            let now_ms = outside.now_ms;
            let broker = &mut outside.brokers[route.index()];
            if broker.takes(now_ms) {
                broker.append(Topic::Receipts, 0, message, now_ms);
            }
        }
        outside.after(25, Event::Beats { life: self.life });
    }

    fn poll(&mut self, route: RouteId, outside: &mut Outside) -> Checked {
        outside.after(8, Event::Polls { who: Who::Home, route, life: self.life });
        for partition in 0..PARTITIONS {
            let at = (Topic::Segments, partition);
            let Some(reader) = self.readers.get_mut(&(route, partition)) else { continue };
            let polled = reader.poll(&outside.brokers[route.index()], at, outside.now_ms);
            self.hear(route, News::Polled { lane: partition, ok: polled.is_ok() }, outside)?;
            let Ok(polled) = polled else { continue };
            if polled.truncated {
                outside.count("truncations noticed");
            }
            for _ in 0..polled.known {
                outside.count("read again");
            }
            for (token, message) in polled.messages {
                self.take(route, partition, token, message, outside);
            }
            self.commit_offset(route, partition, outside)?;
        }
        Ok(())
    }

    fn commit_offset(&mut self, route: RouteId, partition: u32, outside: &mut Outside) -> Checked {
        let Some(reader) = self.readers.get_mut(&(route, partition)) else { return Ok(()) };
        let (broker, at) = (&mut outside.brokers[route.index()], (Topic::Segments, partition));
        let Some(next) = reader.to_commit(broker) else { return Ok(()) };
        broker.committed.insert(at, next);
        outside.oracle.committed(broker, at, next, &outside.ledger.done)
    }

    fn take(&mut self, route: RouteId, partition: u32, token: Token, message: Message, outside: &mut Outside) {
        let Body::Segment { segment, attempt } = message.body else { return };
        let copy = Copied { route, partition, token, segment, attempt };
        match self.sink.offer(segment) {
            Offer::Done => {
                outside.count("done again");
                self.resolve(copy);
                self.reply(copy, outside);
            }
            Offer::Join => {
                outside.count("joined");
                self.joined.entry(segment).or_default().push(copy);
            }
            Offer::Take => {
                let bytes = outside.segments[segment as usize];
                let closed = self.groups.add(segment, copy, bytes, outside.now_ms);
                closed.into_iter().for_each(|group| self.begin_commit(group, outside));
            }
        }
    }

    fn resolve(&mut self, copy: Copied) {
        if let Some(reader) = self.readers.get_mut(&(copy.route, copy.partition)) {
            reader.prefix.done(copy.token);
        }
    }

    fn begin_commit(&mut self, group: Group<Copied>, outside: &mut Outside) {
        self.ids += 1;
        self.commits.insert(self.ids, group);
        let after_ms = outside.rng.u64(1..8);
        outside.after(after_ms, Event::Lands { life: self.life, id: self.ids });
    }

    /// The group is durable, or failed: then its messages are read again.
    fn land(&mut self, id: u64, outside: &mut Outside) -> Checked {
        let Some(group) = self.commits.remove(&id) else { return Ok(()) };
        let fails = outside.is_hostile() && outside.rng.f64() < outside.plan.failed_commits;
        if !fails {
            let segments: Vec<Segment> = group.items.iter().map(|(segment, _)| *segment).collect();
            outside.oracle.group(&outside.ledger.done, &segments)?;
        } else {
            outside.count("failed commits");
            outside.oracle.faults += 1;
        }
        for (segment, copy) in group.items {
            let joined = self.joined.remove(&segment).unwrap_or_default();
            let copies = std::iter::once(copy).chain(joined);
            if fails {
                self.sink.dropped(segment);
                for copy in copies {
                    if let Some(reader) = self.readers.get_mut(&(copy.route, copy.partition)) {
                        reader.prefix.lost(copy.token);
                    }
                }
                continue;
            }
            self.sink.committed(segment);
            outside.ledger.done.insert(segment);
            for copy in copies {
                self.resolve(copy);
                self.reply(copy, outside);
            }
        }
        // In the same transaction.
        for (&at, reader) in &self.readers {
            match reader.prefix.committable() {
                Some(committable) => drop(outside.ledger.offsets.insert(at, committable)),
                None => drop(outside.ledger.offsets.remove(&at)),
            }
        }
        Ok(())
    }

    fn reply(&mut self, to: Copied, outside: &mut Outside) {
        self.ids += 1;
        let tries = Tries::default();
        let attempt = self.order(to, &tries);
        self.replies.insert(self.ids, Reply { to, tries, waits: 0, attempt });
        self.step(self.ids, outside);
    }

    fn order(&self, to: Copied, tries: &Tries) -> Attempt {
        let (segment, allowed, came_by) = (to.segment, Allowed::ALL, Some(to.route));
        self.routes.attempt(Wanted { segment, partitions: 1, tries, allowed, came_by })
    }

    fn step(&mut self, id: u64, outside: &mut Outside) {
        let Some(reply) = self.replies.get_mut(&id) else { return };
        match reply.attempt.step(outside.rng.f64()) {
            Step::Publish(target) => {
                let body = Body::Receipt { segment: reply.to.segment, attempt: reply.to.attempt };
                let (outcome, after_ms, _) = outside.publish(target.route, Topic::Receipts, target.partition, body);
                let event = Event::ReceiptEnded { life: self.life, id, route: target.route, outcome };
                outside.after(after_ms, event);
            }
            Step::Wait(_) if reply.waits == REPLY_WAITS_MAX => drop(self.replies.remove(&id)),
            Step::Wait(ms) => {
                reply.waits += 1;
                reply.tries.waits();
                outside.after(ms, Event::RepliesAgain { life: self.life, id });
            }
        }
    }

    fn receipt_ended(&mut self, id: u64, route: RouteId, outcome: Outcome, outside: &mut Outside) -> Checked {
        self.hear(route, News::Published(outcome), outside)?;
        if outcome == Outcome::Ok {
            self.replies.remove(&id);
        } else if let Some(reply) = self.replies.get_mut(&id) {
            reply.tries.in_vain(route);
            self.step(id, outside);
        }
        Ok(())
    }

    fn reply_again(&mut self, id: u64, outside: &mut Outside) {
        if let Some(reply) = self.replies.get(&id) {
            let attempt = self.order(reply.to, &reply.tries);
            self.replies.entry(id).and_modify(|reply| reply.attempt = attempt);
        }
        self.step(id, outside);
    }

    /// Tells a breaker; a flip changes nothing else.
    fn hear(&mut self, route: RouteId, news: News, outside: &mut Outside) -> Checked {
        let state = |home: &Self| {
            let prefixes =
                home.readers.values().map(|reader| (reader.prefix.committable(), reader.prefix.unresolved()));
            (home.sink.done().clone(), home.commits.len(), home.replies.len(), prefixes.collect::<Vec<_>>())
        };
        let before = state(self);
        if outside.hear(Who::Home, &mut self.routes, route, news).is_some() {
            outside.oracle.flipped(&before, &state(self))?;
        }
        Ok(())
    }
}
