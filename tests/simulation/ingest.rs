//! The source's process: reads the file pass by pass, holds a receipt for everything that is under way, gives up what stays out too
//! long. It drives [`Source`] as a parser does, over a link that may lose anything.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use vcf_agent::delivery::receipt::{Receipt, Verdict};
use vcf_agent::delivery::segment::{Segment, SegmentSet};
use vcf_agent::delivery::source::{Read, Source};

use crate::oracle::Checked;
use crate::world::{DEADLINE_MS, Event, Message, Outside, Sending, Spoken, heard};

/// What the source's process does by itself.
#[derive(Debug, Clone, Copy)]
pub enum Tick {
    /// Asks for its job, until it is answered.
    Ask,
    /// Reads the next segment that it wants.
    Read,
    /// Begins another pass.
    ReadAgain,
    /// Something of this run has been under way for too long.
    GiveUp(u32, Sending),
    /// Says again that it is done.
    TellAgain(u64),
}

/// A job at its source.
struct Job {
    run: u32,
    source: Source,
    outstanding: BTreeMap<Sending, Receipt<Sending>>,
    spoken: Spoken,
    next: Segment,
    /// Waits for credit with a segment in hand.
    held: bool,
    pass_ended: bool,
    pass_waiting: bool,
    /// The audit that it has asked for.
    told: Option<u64>,
}

/// See the module.
pub struct Ingest {
    pub session: u64,
    pub is_finished: bool,
    job: Option<Job>,
    audits: u64,
}

impl Ingest {
    pub fn start(session: u64, outside: &mut Outside) -> Self {
        let mut ingest = Self { session, is_finished: false, job: None, audits: 0 };
        ingest.ask(outside);
        ingest
    }

    /// The source, and of which run it is.
    pub fn source(&self) -> Option<(u32, &Source)> {
        self.job.as_ref().map(|job| (job.run, &job.source))
    }

    fn at(&self, outside: &mut Outside, wait_ms: u64, tick: Tick) {
        outside.at(outside.now_ms + wait_ms, Event::Ticks { session: self.session, tick });
    }

    fn ask(&mut self, outside: &mut Outside) {
        outside.send(Message::Open { session: self.session });
        self.at(outside, 40, Tick::Ask);
    }

    pub fn tick(&mut self, tick: Tick, outside: &mut Outside) -> Checked {
        match tick {
            Tick::Ask if self.job.is_none() && !self.is_finished => self.ask(outside),
            Tick::Ask => {}
            Tick::Read => self.read(outside)?,
            Tick::ReadAgain => {
                if let Some(job) = &mut self.job {
                    outside.count("passes again");
                    (job.next, job.pass_ended, job.pass_waiting) = (0, false, false);
                }
                self.read(outside)?;
            }
            Tick::GiveUp(run, sending) => {
                let job = self.job.as_mut().filter(|job| job.run == run);
                // Dropped, the receipt says "lost".
                if job.is_some_and(|job| job.outstanding.remove(&sending).is_some()) {
                    outside.count("given up");
                }
                self.hear(outside);
            }
            Tick::TellAgain(audit) if self.job.as_ref().is_some_and(|job| job.told == Some(audit)) => {
                self.tell(outside)
            }
            Tick::TellAgain(_) => {}
        }
        Ok(())
    }

    /// Reads until it has sent one segment, has no credit, or is at the end.
    fn read(&mut self, outside: &mut Outside) -> Checked {
        let session = self.session;
        let Some(job) = self.job.as_mut().filter(|job| !job.pass_ended && !job.held) else { return Ok(()) };
        while job.next < outside.model.len() {
            let segment = job.next;
            let source = &job.source;
            let was_wanted = !source.done().contains(segment) && !source.in_flight().any(|other| other == segment);
            match job.source.read(segment, outside.model.segments[segment as usize].cost_bytes) {
                Read::Skip => job.next += 1,
                Read::Wait => {
                    job.held = true;
                    outside.send(Message::Flush { run: job.run });
                    return Ok(());
                }
                Read::Send { attempt } => {
                    job.next += 1;
                    let run = job.run;
                    let sending = Sending { session, segment, attempt };
                    job.send(sending);
                    outside.send(Message::Segment { run, sending });
                    outside.oracle.sends(segment, attempt, run, was_wanted)?;
                    self.at(outside, DEADLINE_MS, Tick::GiveUp(run, sending));
                    let soon = outside.rng.u64(..3);
                    self.at(outside, soon, Tick::Read);
                    return Ok(());
                }
            }
        }
        job.source.end_of_file(outside.model.len());
        job.pass_ended = true;
        self.settle(outside);
        Ok(())
    }

    /// Hears what receipts have said, and goes on.
    fn hear(&mut self, outside: &mut Outside) {
        let Some(job) = &mut self.job else { return };
        for (sending, verdict) in heard(&job.spoken) {
            job.source.verdict(sending.segment, sending.attempt, verdict);
        }
        if std::mem::take(&mut job.held) {
            self.at(outside, 0, Tick::Read);
        }
        self.settle(outside);
    }

    fn settle(&mut self, outside: &mut Outside) {
        let Some(job) = self.job.as_mut().filter(|job| job.pass_ended && job.told.is_none()) else { return };
        if job.source.is_done() {
            self.audits += 1;
            job.told = Some(self.audits);
            self.tell(outside);
        } else if job.source.missing().is_empty() {
            outside.send(Message::Flush { run: job.run });
        } else if !job.pass_waiting {
            job.pass_waiting = true;
            self.at(outside, 10, Tick::ReadAgain);
        }
    }

    fn tell(&mut self, outside: &mut Outside) {
        let Some((run, audit)) = self.job.as_ref().and_then(|job| Some((job.run, job.told?))) else { return };
        let (segments, parsed) = (outside.model.len(), outside.model.parsed());
        outside.send(Message::End { session: self.session, run, audit, segments, parsed });
        self.at(outside, 60, Tick::TellAgain(audit));
    }

    pub fn take(&mut self, message: Message, outside: &mut Outside) -> Checked {
        match message {
            Message::Accepted { session, run, is_complete, done } if session == self.session && self.job.is_none() => {
                if is_complete {
                    self.is_finished = true;
                } else if !self.is_finished {
                    outside.oracle.source_lives();
                    self.job = Some(Job::new(run, outside.model.window_bytes, done));
                    self.read(outside)?;
                }
            }
            Message::Said { run, sending, verdict } => {
                if let Some(job) = self.job.as_mut().filter(|job| job.run == run) {
                    job.said(self.session, sending, verdict, outside);
                }
                self.hear(outside);
            }
            Message::Missing { session, audit, segments } if session == self.session => {
                if let Some(job) = self.job.as_mut().filter(|job| job.told == Some(audit)) {
                    outside.count("audits that missed something");
                    job.told = None;
                    job.source.resend(segments);
                    self.settle(outside);
                }
            }
            Message::Over { session, run, is_complete } if session == self.session => {
                if let Some(job) = self.job.as_mut().filter(|job| job.run == run) {
                    job.told = None;
                    self.is_finished = is_complete;
                    if !is_complete {
                        // The same bytes again are the next run of the job.
                        self.job = None;
                        self.ask(outside);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Job {
    fn new(run: u32, window_bytes: u64, done: SegmentSet) -> Self {
        Self {
            run,
            source: Source::new(window_bytes, done),
            outstanding: BTreeMap::new(),
            spoken: Spoken::default(),
            next: 0,
            held: false,
            pass_ended: false,
            pass_waiting: false,
            told: None,
        }
    }

    fn send(&mut self, sending: Sending) {
        let spoken = Arc::clone(&self.spoken);
        let receipt = Receipt::new(sending, move |sending, verdict| {
            spoken.lock().unwrap_or_else(PoisonError::into_inner).push((sending, verdict));
        });
        self.outstanding.insert(sending, receipt);
    }

    /// The home's word about a sending of this life, or of a former one.
    fn said(&mut self, session: u64, sending: Sending, verdict: Verdict, outside: &mut Outside) {
        match (self.outstanding.remove(&sending), verdict) {
            (Some(receipt), Verdict::Committed) => receipt.committed(),
            (Some(receipt), Verdict::Lost) => drop(receipt),
            // It was given up, or said before: what is durable is durable whoever asked.
            (None, Verdict::Committed) => {
                outside.count("late receipts");
                let attempt = if sending.session == session { sending.attempt } else { 0 };
                self.source.verdict(sending.segment, attempt, verdict);
            }
            (None, Verdict::Lost) => {}
        }
    }
}
