//! The home's node: reads all partitions of all routes, commits in groups, answers on the routes. It drives [`Sink`], [`Groups`],
//! [`Prefix`](vcf_agent::delivery::prefix::Prefix) and [`Routes`] as inlets, a batcher and an outlet do.

use std::collections::BTreeMap;

use vcf_agent::delivery::breaker::{News, Outcome};
use vcf_agent::delivery::group::{Group, GroupLimits, Groups};
use vcf_agent::delivery::prefix::Token;
use vcf_agent::delivery::routes::{Allowed, Attempt, RouteId, Routes, Step, Tries, Wanted};
use vcf_agent::delivery::segment::Segment;
use vcf_agent::delivery::sink::{Offer, Sink};

use super::log::{At, Body, Message, PARTITIONS, Topic};
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
    at: At,
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
    /// Of segments, all partitions of all generations.
    readers: BTreeMap<(RouteId, At), Reader>,
    /// The generation of the topic of receipts that is published to.
    generations: BTreeMap<RouteId, u32>,
    routes: Routes,
}

impl Home {
    pub fn start(life: u64, outside: &mut Outside) -> Self {
        let routes = Routes::new(ROUTES, BREAKER).expect("two names");
        let home = Self {
            life,
            sink: Sink::new(outside.ledger.done.clone()),
            groups: Groups::new(LIMITS),
            joined: BTreeMap::new(),
            commits: BTreeMap::new(),
            replies: BTreeMap::new(),
            ids: 0,
            readers: BTreeMap::new(),
            generations: routes.ids().map(|route| (route, 1)).collect(),
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
            let generation = self.generations.entry(route).or_insert(1);
            *generation = outside.newest(route, Topic::Receipts, *generation);
            let at = At { topic: Topic::Receipts, generation: *generation, partition: 0 };
            let (message, now_ms) = (outside.message(Body::Beat), outside.now_ms);
            let broker = &mut outside.brokers[route.index()];
            if broker.takes(now_ms) {
                broker.append(at, message, now_ms);
            }
        }
        outside.after(25, Event::Beats { life: self.life });
    }

    fn poll(&mut self, route: RouteId, outside: &mut Outside) -> Checked {
        outside.after(8, Event::Polls { who: Who::Home, route, life: self.life });
        let newest = outside.newest(route, Topic::Segments, 1);
        for generation in 1..=newest {
            for partition in 0..PARTITIONS {
                let at = At { topic: Topic::Segments, generation, partition };
                self.poll_one(route, at, generation < newest, outside)?;
            }
        }
        Ok(())
    }

    fn poll_one(&mut self, route: RouteId, at: At, has_next: bool, outside: &mut Outside) -> Checked {
        let committed = outside.ledger.offsets.get(&(route, at)).copied();
        let reader = self.readers.entry((route, at)).or_insert_with(|| Reader::new(committed));
        // It is left for a person; what was in it comes again.
        if reader.is_given_up() && has_next {
            return Ok(());
        }
        let polled = reader.poll(&outside.brokers[route.index()], at, outside.now_ms);
        if reader.is_given_up() {
            outside.open_next(route, at);
        }
        self.hear(route, News::Polled { lane: at.partition, ok: polled.is_ok() }, outside)?;
        let Ok(polled) = polled else { return Ok(()) };
        if polled.truncated {
            outside.count("truncations noticed");
        }
        for _ in 0..polled.known {
            outside.count("read again");
        }
        for (token, message) in polled.messages {
            self.take(route, at, token, message, outside);
        }
        self.commit_offset(route, at, outside)
    }

    fn commit_offset(&mut self, route: RouteId, at: At, outside: &mut Outside) -> Checked {
        let Some(reader) = self.readers.get_mut(&(route, at)) else { return Ok(()) };
        let broker = &mut outside.brokers[route.index()];
        let Some(next) = reader.new_commit(broker) else { return Ok(()) };
        broker.committed.insert(at, next);
        outside.oracle.committed(broker, at, next, &outside.ledger.done)
    }

    fn take(&mut self, route: RouteId, at: At, token: Token, message: Message, outside: &mut Outside) {
        let Body::Segment { segment, attempt } = message.body else { return };
        let copy = Copied { route, at, token, segment, attempt };
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
        if let Some(reader) = self.readers.get_mut(&(copy.route, copy.at)) {
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
                    if let Some(reader) = self.readers.get_mut(&(copy.route, copy.at)) {
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
            outside.ledger.offsets.remove(&at);
            outside.ledger.offsets.extend(reader.prefix.committable().map(|committable| (at, committable)));
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
                let generation = self.generations.get(&target.route).copied().unwrap_or(1);
                let at = At { topic: Topic::Receipts, generation, partition: target.partition };
                let (outcome, after_ms, _) = outside.publish(target.route, at, body);
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
