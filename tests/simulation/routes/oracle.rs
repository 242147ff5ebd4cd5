//! The invariants of the design that failover may break, checked by somebody who sees both logs and the home's disk, and who shares no
//! code with what is checked.

use std::collections::BTreeSet;

use vcf_agent::delivery::segment::{Segment, SegmentSet};

use super::log::{At, Body, Broker};
use crate::oracle::{Checked, broken};

/// See the module.
pub struct Oracle {
    segments: u32,
    /// Segments that may be published again for one fault: what the window holds, or what it takes to open a breaker
    /// whose partitions are counted one by one.
    per_fault: u64,
    landed: BTreeSet<Segment>,
    /// Copies that reached a log beyond the first of each segment, by the source's doing.
    pub copies: u64,
    pub faults: u64,
    /// Routes of which something is broken for good.
    pub broken: [bool; 2],
}

impl Oracle {
    pub fn new(costs: &[u64], window_bytes: u64) -> Self {
        let mut costs = costs.to_vec();
        costs.sort_unstable();
        let mut left = window_bytes;
        let fits = |cost: &&u64| left.checked_sub(**cost).map(|rest| left = rest).is_some();
        let window = costs.iter().take_while(fits).count() as u64;
        let to_open = u64::from((super::world::BREAKER.failures_max - 1) * super::log::PARTITIONS + 1);
        Self {
            segments: costs.len() as u32,
            per_fault: window.max(to_open),
            landed: BTreeSet::new(),
            copies: 0,
            faults: 0,
            broken: [false; 2],
        }
    }

    /// A copy of a segment is in a log, or will be.
    pub fn lands(&mut self, segment: Segment) -> Checked {
        self.copies += u64::from(!self.landed.insert(segment));
        match self.copies <= self.faults * self.per_fault {
            true => Ok(()),
            false => {
                let (copies, faults) = (self.copies, self.faults);
                broken(
                    9,
                    format!("{copies} segments published again after {faults} faults, at most {} each", self.per_fault),
                )
            }
        }
    }

    /// A group enters the ledger.
    pub fn group(&self, done: &SegmentSet, segments: &[Segment]) -> Checked {
        let mut unique = BTreeSet::new();
        match segments.iter().find(|segment| !unique.insert(**segment) || done.contains(**segment)) {
            Some(segment) => broken(2, format!("segment {segment} is committed a second time")),
            None => Ok(()),
        }
    }

    /// Whatever the source takes for done is durable.
    pub fn source(&self, done: &SegmentSet, durable: &SegmentSet) -> Checked {
        match done.iter().find(|segment| !durable.contains(*segment)) {
            Some(segment) => broken(1, format!("the source takes segment {segment} for done, the sink never had it")),
            None => Ok(()),
        }
    }

    /// Reading goes on, or will, with `next`: everything before it in the log that lies there now is resolved.
    pub fn committed(&self, broker: &Broker, at: At, next: u64, resolved: &SegmentSet) -> Checked {
        let before = broker.entries(at).iter().enumerate().take(next as usize);
        for (offset, entry) in before {
            let is_resolved = match entry.message.body {
                Body::Segment { segment, .. } | Body::Receipt { segment, .. } => resolved.contains(segment),
                Body::Beat => true,
            };
            if !is_resolved {
                let what = format!("{next} is committed in {at:?}, and {:?}", entry.message.body);
                return broken(4, format!("{what} at {offset} is not resolved"));
            }
        }
        Ok(())
    }

    /// A breaker flipped: nothing else may have changed.
    pub fn flipped<T: PartialEq + std::fmt::Debug>(&self, before: &T, after: &T) -> Checked {
        match before == after {
            true => Ok(()),
            false => broken(6, format!("a flip made {after:?} of {before:?}")),
        }
    }

    pub fn at_the_end(&self, durable: &SegmentSet) -> Checked {
        match durable.missing_below(self.segments).next() {
            Some(segment) => broken(1, format!("the source is done, and the sink has no segment {segment}")),
            None => Ok(()),
        }
    }
}
