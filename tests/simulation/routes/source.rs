//! The source's node: reads, publishes by the routes, waits for receipts on all of them, publishes again what is overdue. It drives
//! [`Source`], [`Sent`], [`Routes`] and [`Pulse`] as a parser and an outlet do.

use std::collections::BTreeMap;

use vcf_agent::delivery::breaker::{News, Outcome};
use vcf_agent::delivery::receipt::Verdict;
use vcf_agent::delivery::routes::{Allowed, Attempt, RouteId, Routes, Step, Wanted};
use vcf_agent::delivery::segment::{Segment, SegmentSet};
use vcf_agent::delivery::sent::{Place, Pulse, Sent};
use vcf_agent::delivery::source::{Read, Source};

use super::log::{At, Body, PARTITIONS, Topic};
use super::reader::Reader;
use super::world::{BREAKER, Event, Outside, ROUTES, SENT, Who};
use crate::oracle::{Checked, broken};

/// What a flip must not touch.
#[derive(Debug, PartialEq)]
struct InFlight {
    done: SegmentSet,
    with_credit: Vec<Segment>,
    sent: Vec<(Segment, u32, Place)>,
    waiting: Vec<Segment>,
}

/// See the module.
pub struct Publisher {
    pub routes: Routes,
    source: Source,
    sent: Sent,
    pulse: Pulse,
    /// Of receipts, by route and generation.
    readers: BTreeMap<(RouteId, u32), Reader>,
    /// The generation of the topic of segments that is published to.
    generations: BTreeMap<RouteId, u32>,
    attempts: BTreeMap<Segment, Attempt>,
    next: Segment,
    /// Waits for credit.
    held: bool,
}

impl Publisher {
    pub fn new(outside: &Outside) -> Self {
        let routes = Routes::new(ROUTES, BREAKER).expect("two names");
        Self {
            readers: BTreeMap::new(),
            generations: routes.ids().map(|route| (route, 1)).collect(),
            routes,
            source: Source::new(outside.window_bytes, SegmentSet::default()),
            sent: Sent::new(SENT),
            pulse: Pulse::new(80),
            attempts: BTreeMap::new(),
            next: 0,
            held: false,
        }
    }

    pub fn done(&self) -> &SegmentSet {
        self.source.done()
    }

    pub fn is_done(&self) -> bool {
        self.source.is_done()
    }

    /// Reads one segment, if there is credit.
    pub fn read(&mut self, outside: &mut Outside) -> Checked {
        let total = outside.segments.len() as u32;
        if self.next == total {
            self.source.end_of_file(total);
            return Ok(());
        }
        let (segment, bytes) = (self.next, outside.segments[self.next as usize]);
        match self.source.read(segment, bytes) {
            Read::Wait => self.held = true,
            Read::Skip => unreachable!("it is read once"),
            Read::Send { .. } => {
                self.next += 1;
                self.sent.hold(segment, bytes);
                let pace_ms = outside.rng.u64(..=outside.pace_ms);
                outside.after(pace_ms, Event::Reads);
                self.attempt(segment, outside)?;
            }
        }
        Ok(())
    }

    /// Begins an attempt at a segment that waits.
    pub fn attempt(&mut self, segment: Segment, outside: &mut Outside) -> Checked {
        let Some(tries) = self.sent.tries(segment) else { return Ok(()) };
        let wanted = Wanted { segment, partitions: PARTITIONS, tries, allowed: Allowed::ALL, came_by: None };
        let attempt = self.routes.attempt(wanted);
        self.attempts.insert(segment, attempt);
        self.step(segment, outside)
    }

    fn step(&mut self, segment: Segment, outside: &mut Outside) -> Checked {
        let Some(attempt) = self.attempts.get_mut(&segment) else { return Ok(()) };
        match attempt.step(outside.rng.f64()) {
            Step::Publish(target) => {
                let route = target.route;
                let generation = self.generations.get(&route).copied().unwrap_or(1);
                let Some(attempt) = self.sent.publish(segment, Place { target, generation }) else { return Ok(()) };
                let at = At { topic: Topic::Segments, generation, partition: target.partition };
                let body = Body::Segment { segment, attempt };
                let (outcome, after_ms, lands) = outside.publish(route, at, body);
                outside.after(after_ms, Event::Ended { segment, attempt, route, outcome });
                if lands {
                    outside.oracle.lands(segment)?;
                }
            }
            Step::Wait(ms) => {
                outside.count("backed off");
                self.attempts.remove(&segment);
                self.sent.backs_off(segment);
                outside.after(ms, Event::TriesAgain { segment });
            }
        }
        Ok(())
    }

    /// The broker answered, or the deadline passed.
    pub fn ended(
        &mut self,
        segment: Segment,
        attempt: u32,
        route: RouteId,
        outcome: Outcome,
        outside: &mut Outside,
    ) -> Checked {
        self.hear(route, News::Published(outcome), outside)?;
        match outcome {
            Outcome::Ok => self.sent.confirmed(segment, attempt, outside.now_ms),
            Outcome::Rejected | Outcome::Unknown if self.sent.in_vain(segment, attempt) => {
                outside.count("went on to the next route");
                self.step(segment, outside)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub fn look_for_overdue(&mut self, outside: &mut Outside) -> Checked {
        outside.after(15, Event::LooksForOverdue);
        let home_since_ms = self.pulse.alive_since_ms(outside.now_ms);
        for late in self.sent.overdue(outside.now_ms, home_since_ms) {
            outside.count("overdue");
            outside.say(|| format!("overdue: {late:?}"));
            self.look_for_generations(outside);
            let partition = late.place.target.partition;
            self.hear(late.place.target.route, News::Overdue { partition, home_is_alive: true }, outside)?;
            self.attempt(late.segment, outside)?;
        }
        Ok(())
    }

    /// On a missing receipt: is there a newer generation to publish to?
    fn look_for_generations(&mut self, outside: &Outside) {
        for (route, generation) in &mut self.generations {
            *generation = outside.newest(*route, Topic::Segments, *generation);
        }
    }

    /// Polls the receipts of a route, of every generation.
    pub fn poll(&mut self, route: RouteId, outside: &mut Outside) -> Checked {
        outside.after(8, Event::Polls { who: Who::Source, route, life: 0 });
        let newest = outside.newest(route, Topic::Receipts, 1);
        for generation in 1..=newest {
            self.poll_one(
                route,
                At { topic: Topic::Receipts, generation, partition: 0 },
                generation < newest,
                outside,
            )?;
        }
        Ok(())
    }

    fn poll_one(&mut self, route: RouteId, at: At, has_next: bool, outside: &mut Outside) -> Checked {
        let key = (route, at.generation);
        let reader = self.readers.entry(key).or_insert_with(|| Reader::new(None));
        if reader.is_given_up() && has_next {
            return Ok(());
        }
        let polled = reader.poll(&outside.brokers[route.index()], at, outside.now_ms);
        if reader.is_given_up() {
            outside.open_next(route, at);
        }
        self.hear(route, News::Polled { lane: 0, ok: polled.is_ok() }, outside)?;
        let Ok(polled) = polled else { return Ok(()) };
        if polled.truncated {
            outside.count("truncations noticed");
        }
        for (token, message) in polled.messages {
            self.pulse.heard(outside.now_ms);
            if let Body::Receipt { segment, attempt } = message.body {
                self.receipt(segment, attempt, outside)?;
            }
            if let Some(reader) = self.readers.get_mut(&key) {
                reader.prefix.done(token);
            }
        }
        let Some(reader) = self.readers.get_mut(&key) else { return Ok(()) };
        match reader.new_commit(&outside.brokers[route.index()]) {
            Some(next) => outside.oracle.committed(&outside.brokers[route.index()], at, next, self.source.done()),
            None => Ok(()),
        }
    }

    fn receipt(&mut self, segment: Segment, attempt: u32, outside: &mut Outside) -> Checked {
        let Some(returned) = self.sent.receipt(segment, attempt) else { return Ok(()) };
        self.attempts.remove(&segment);
        self.source.verdict(segment, self.source.attempts(segment), Verdict::Committed);
        if std::mem::take(&mut self.held) {
            outside.after(0, Event::Reads);
        }
        match returned.place {
            Some(place) => {
                let partition = place.target.partition;
                self.hear(place.target.route, News::Receipt { partition }, outside)
            }
            None => Ok(()),
        }
    }

    /// Tells a breaker; a flip changes nothing else.
    pub fn hear(&mut self, route: RouteId, news: News, outside: &mut Outside) -> Checked {
        let before = self.in_flight();
        if outside.hear(Who::Source, &mut self.routes, route, news).is_some() {
            outside.oracle.flipped(&before, &self.in_flight())?;
        }
        Ok(())
    }

    fn in_flight(&self) -> InFlight {
        InFlight {
            done: self.source.done().clone(),
            with_credit: self.source.in_flight().collect(),
            sent: self.sent.sent().collect(),
            waiting: self.sent.waiting().collect(),
        }
    }

    pub fn at_the_end(&self) -> Checked {
        match self.sent.is_empty() && self.source.window().is_idle() {
            true => Ok(()),
            false => broken(8, format!("{} bytes of credit never came home", self.source.window().used_bytes())),
        }
    }
}
