//! The source's side of a job: what was read, what is under way, what came back, what is missing.
//!
//! A source reads its file in passes. The first pass meets every segment; a later one only wants what was lost. A pass
//! ends when the file ends; the source is done when a pass has ended and nothing is missing.

use std::collections::BTreeMap;

use super::receipt::Verdict;
use super::segment::{Segment, SegmentSet};
use super::window::Window;
use super::{Mutant, mutant};

/// What to do with a segment that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Send it, as this attempt (1 is the first).
    Send {
        /// Counts from 1.
        attempt: u32,
    },
    /// It is in the sink already, or under way: do not send it.
    Skip,
    /// No credit: keep it, and ask again when a verdict came back.
    Wait,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    attempt: u32,
    cost_bytes: u64,
}

/// The state of one job at its source.
#[derive(Debug, Clone)]
pub struct Source {
    window: Window,
    done: SegmentSet,
    in_flight: BTreeMap<Segment, Flight>,
    attempts: BTreeMap<Segment, u32>,
    total: Option<u32>,
    waste: u64,
}

impl Source {
    /// A source whose sink already holds `done`.
    pub fn new(window_bytes: u64, done: SegmentSet) -> Self {
        Self {
            window: Window::new(window_bytes),
            done,
            in_flight: BTreeMap::new(),
            attempts: BTreeMap::new(),
            total: None,
            waste: 0,
        }
    }

    /// A segment was read that would cost this much credit.
    pub fn read(&mut self, segment: Segment, cost_bytes: u64) -> Read {
        if self.done.contains(segment) || self.in_flight.contains_key(&segment) {
            return Read::Skip;
        }
        if !self.window.take(cost_bytes) {
            return Read::Wait;
        }
        let attempt = self.attempts.get(&segment).copied().unwrap_or(0) + 1;
        if attempt > 1 {
            self.waste += 1;
        }
        self.attempts.insert(segment, attempt);
        if mutant(Mutant::AckIsDone) {
            self.done.insert(segment);
        }
        self.in_flight.insert(segment, Flight { attempt, cost_bytes });
        Read::Send { attempt }
    }

    /// What a sending that is under way really costs is known now. About an earlier sending it changes nothing.
    pub fn recost(&mut self, segment: Segment, attempt: u32, cost_bytes: u64) {
        if let Some(flight) = self.in_flight.get_mut(&segment)
            && flight.attempt == attempt
        {
            self.window.recost(flight.cost_bytes, cost_bytes);
            flight.cost_bytes = cost_bytes;
        }
    }

    /// A verdict came back. A verdict about an earlier attempt returns nothing twice: its credit was returned before. No two
    /// sendings of a segment have the same number, so a late verdict is never taken for that of a later sending.
    pub fn verdict(&mut self, segment: Segment, attempt: u32, verdict: Verdict) {
        if verdict == Verdict::Committed {
            self.done.insert(segment);
        }
        if let Some(flight) = self.in_flight.get(&segment)
            && flight.attempt == attempt
        {
            self.window.give(flight.cost_bytes);
            self.in_flight.remove(&segment);
        }
    }

    /// An audit found these segments missing in the sink, whatever their receipts said: they are to be sent again.
    pub fn resend(&mut self, segments: impl IntoIterator<Item = Segment>) {
        for segment in segments {
            self.done.remove(segment);
        }
    }

    /// The end of the file was reached: it has this many segments.
    pub fn end_of_file(&mut self, segments: u32) {
        assert!(self.total.is_none_or(|known| known == segments), "a file's segments are a pure function of its bytes");
        self.total = Some(segments);
    }

    /// Segments that are neither done nor under way; empty until the first pass has ended.
    pub fn missing(&self) -> Vec<Segment> {
        let total = self.total.unwrap_or(0);
        self.done.missing_below(total).filter(|segment| !self.in_flight.contains_key(segment)).collect()
    }

    /// Whether the whole file is in the sink.
    pub fn is_done(&self) -> bool {
        self.total.is_some_and(|total| self.done.missing_below(total).next().is_none()) && self.in_flight.is_empty()
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// How often a segment was sent.
    pub fn attempts(&self, segment: Segment) -> u32 {
        self.attempts.get(&segment).copied().unwrap_or(0)
    }

    /// Segments under way.
    pub fn in_flight(&self) -> impl Iterator<Item = Segment> + '_ {
        self.in_flight.keys().copied()
    }

    /// Segments known to be in the sink.
    pub fn done(&self) -> &SegmentSet {
        &self.done
    }

    /// The credits.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Segments sent more than once so far (invariant 9: at most the window per fault).
    pub fn waste(&self) -> u64 {
        self.waste
    }
}
