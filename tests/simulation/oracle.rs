//! The invariants of the design, checked by somebody who knows the file, the disk and every fault that was made, and who shares
//! no code with what is checked.

use std::collections::{BTreeMap, BTreeSet};

use vcf_agent::delivery::job::JobState;
use vcf_agent::delivery::segment::{Segment, SegmentSet};

use crate::disk::{Ledger, Name, Pages, Store};
use crate::model::{Key, Model, Row};

/// A broken invariant: its number in the design (0: no progress), and how it was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: u8,
    pub what: String,
}

pub type Checked = Result<(), Violation>;

/// The violation of an invariant.
pub fn broken<T>(invariant: u8, what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { invariant, what: what.into() })
}

/// What the oracle remembers of one run of the job.
#[derive(Default)]
pub struct Oracle {
    /// The run that the home is in; a source may have yet to hear that its own has failed.
    run: u32,
    /// Segments that were durable in the sink at some time.
    durable_once: BTreeSet<Segment>,
    /// Groups that the world took away.
    taken: BTreeSet<Name>,
    /// The world altered a row: only then may a certificate not hold.
    pub altered: bool,
    /// Segments that were ever sent.
    sent: BTreeSet<Segment>,
    /// Last attempt of each segment, in this life of the source.
    attempts: BTreeMap<Segment, u32>,
    /// Sendings of a segment that had been sent before.
    sent_again: u64,
    /// Faults after which a window may be sent again.
    pub faults: u64,
    revealed: bool,
}

/// The only arrows between the states of a job, as the design draws them.
const ARROWS: [(JobState, JobState); 13] = [
    (JobState::Open, JobState::Stalled),
    (JobState::Stalled, JobState::Open),
    (JobState::Open, JobState::Publishing),
    (JobState::Stalled, JobState::Publishing),
    (JobState::Publishing, JobState::Complete),
    (JobState::Complete, JobState::Replaced),
    (JobState::Complete, JobState::Deleted),
    (JobState::Open, JobState::Failed),
    (JobState::Open, JobState::Cancelled),
    (JobState::Stalled, JobState::Failed),
    (JobState::Stalled, JobState::Cancelled),
    (JobState::Failed, JobState::Deleted),
    (JobState::Cancelled, JobState::Deleted),
];

impl Oracle {
    pub fn new(run: u32) -> Self {
        Self { run, ..Self::default() }
    }

    /// Another life of the source: it counts its attempts anew.
    pub fn source_lives(&mut self) {
        self.attempts.clear();
    }

    /// A segment is sent.
    pub fn sends(&mut self, segment: Segment, attempt: u32, run: u32, was_wanted: bool) -> Checked {
        if run != self.run {
            return Ok(());
        }
        if !was_wanted {
            return broken(9, format!("segment {segment} was sent although it was done or under way"));
        }
        let last = self.attempts.insert(segment, attempt).unwrap_or(0);
        if attempt != last + 1 {
            return broken(9, format!("attempt {attempt} of segment {segment} came after attempt {last}"));
        }
        self.sent_again += u64::from(!self.sent.insert(segment));
        Ok(())
    }

    pub fn sent_again(&self) -> u64 {
        self.sent_again
    }

    /// Whatever the source takes for done was durable in the sink; and it does not send more than the faults explain.
    pub fn source(&self, run: u32, done: &SegmentSet, window_segments: u64) -> Checked {
        if run != self.run {
            return Ok(());
        }
        if let Some(segment) = done.iter().find(|segment| !self.durable_once.contains(segment)) {
            return broken(1, format!("the source takes segment {segment} for done, the sink never had it"));
        }
        if self.sent_again > self.faults * window_segments {
            let words = format!("{} segments sent again after {} faults", self.sent_again, self.faults);
            return broken(9, format!("{words}, the window holds {window_segments}"));
        }
        Ok(())
    }

    /// A group is about to enter the ledger: each segment once, and the file holds just their rows, less the dead.
    pub fn group(
        &self,
        model: &Model,
        pages: &Pages,
        segments: &[Segment],
        stored: &[Row],
        dead: &[(Segment, Row)],
    ) -> Checked {
        let mut unique = BTreeSet::new();
        for &segment in segments {
            if !unique.insert(segment) {
                return broken(2, format!("segment {segment} is in a group twice"));
            }
            if pages.done.contains(segment) {
                return broken(2, format!("segment {segment} is committed a second time"));
            }
        }
        let expected = segments.iter().flat_map(|&segment| &model.segments[segment as usize].rows);
        let mut expected: BTreeMap<Key, Row> = expected.map(|row| (row.key, *row)).collect();
        for row in stored.iter().chain(dead.iter().map(|(_, row)| row)) {
            if expected.remove(&row.key) != Some(*row) {
                return broken(3, format!("row {:?} is stored or dead twice, or was never in the file", row.key));
            }
        }
        if stored.iter().any(|row| row.poison) || dead.iter().any(|(_, row)| !row.poison) {
            return broken(8, "poison was stored, or a sound neighbour was blamed");
        }
        match expected.keys().next() {
            Some(key) => broken(1, format!("row {key:?} is neither stored nor dead")),
            None => Ok(()),
        }
    }

    /// The ledger was synced.
    pub fn durable(&mut self, pages: &Pages) {
        self.durable_once.extend(pages.done.iter());
    }

    /// The world takes a group away: each of its segments is a fault of its own.
    pub fn takes_away(&mut self, name: Name, segments: usize) {
        self.taken.insert(name);
        self.faults += segments as u64;
    }

    /// The ledger forgot a group: another may come under its name.
    pub fn forgotten(&mut self, names: &[Name]) {
        self.taken.retain(|name| !names.contains(name));
    }

    /// After a crash: what the ledger knows lies on the disk, whole.
    pub fn after_crash(&mut self, ledger: &Ledger, store: &Store) -> Checked {
        self.durable(&ledger.synced);
        if ledger.synced.state == JobState::Failed {
            // Its rows are removed.
            return Ok(());
        }
        let files = store.published.as_ref().unwrap_or(&store.staged);
        for name in ledger.synced.groups.keys().filter(|name| !self.taken.contains(name)) {
            if files.get(name).is_none_or(|file| file.torn) {
                return broken(1, format!("the ledger knows group {name:?}, whose file a crash took or tore"));
            }
        }
        Ok(())
    }

    /// A certificate does not hold.
    pub fn refused(&self) -> Checked {
        match self.altered {
            true => Ok(()),
            false => broken(8, "the certificate does not hold, and nothing was altered"),
        }
    }

    pub fn arrow(&self, from: JobState, to: JobState) -> Checked {
        match ARROWS.contains(&(from, to)) {
            true => Ok(()),
            false => broken(5, format!("the job went from {from} to {to}")),
        }
    }

    /// At every step: a reader sees nothing, or all rows of a job whose certificate is true.
    pub fn readers(&mut self, model: &Model, ledger: &Ledger, store: &Store) -> Checked {
        let pages = &ledger.written;
        match &store.published {
            None if pages.state == JobState::Complete => {
                return broken(5, "the job is complete and nothing is published");
            }
            None => {
                self.revealed = false;
                return Ok(());
            }
            Some(_) if self.revealed => return Ok(()),
            Some(_) => self.revealed = true,
        }
        if !matches!(pages.state, JobState::Publishing | JobState::Complete) {
            return broken(2, format!("rows of a job that is {} are visible", pages.state));
        }
        let mut expected = model.rows();
        for (_, row) in &pages.dead {
            if expected.remove(&row.key).is_none() {
                return broken(3, format!("row {:?} is dead twice", row.key));
            }
        }
        for row in store.published.iter().flatten().flat_map(|(_, file)| &file.rows) {
            match expected.remove(&row.key) {
                Some(known) if known == *row => {}
                Some(_) => return broken(5, format!("row {:?} was certified and says something else", row.key)),
                None => return broken(2, format!("row {:?} is visible twice, or is also dead", row.key)),
            }
        }
        match expected.keys().next() {
            Some(key) => broken(5, format!("the job was certified without row {key:?}")),
            None => Ok(()),
        }
    }
}
