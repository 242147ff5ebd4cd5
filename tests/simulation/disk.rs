//! What survives a crash: a store's files and a ledger, with an honest model of syncing. What was not synced may be there
//! afterwards, or not: a coin decides.

use std::collections::BTreeMap;

use vcf_agent::delivery::certificate::Scan;
use vcf_agent::delivery::job::JobState;
use vcf_agent::delivery::segment::{Segment, SegmentSet};
use vcf_agent::delivery::{Mutant, mutant};

use crate::model::{Row, tally};

/// A group's file: its block and its first segment, as real stores name them.
pub type Name = (u32, Segment);

/// A file of rows.
#[derive(Debug, Clone)]
pub struct File {
    pub rows: Vec<Row>,
    /// Its bytes are on the disk.
    synced: bool,
    /// Its name is on the disk.
    linked: bool,
    /// A crash tore it: its end is missing.
    pub torn: bool,
}

/// The store's files of one job.
#[derive(Debug, Clone, Default)]
pub struct Store {
    pub staged: BTreeMap<Name, File>,
    /// What readers see, once the folder was renamed.
    pub published: Option<BTreeMap<Name, File>>,
    /// The rename is on the disk.
    publication_synced: bool,
}

impl Store {
    /// Written under a hidden name, synced, renamed; the folder is not synced yet.
    pub fn write(&mut self, name: Name, rows: Vec<Row>) {
        let synced = !mutant(Mutant::SkipOneFsync);
        self.staged.insert(name, File { rows, synced, linked: false, torn: false });
    }

    pub fn sync_folder(&mut self) {
        self.staged.values_mut().for_each(|file| file.linked = true);
    }

    /// Removes what the ledger does not know; returns what it knows and is not there.
    pub fn recover(&mut self, known: &BTreeMap<Name, Vec<Segment>>) -> Vec<Name> {
        self.staged.retain(|name, _| known.contains_key(name));
        let there = self.published.as_ref().unwrap_or(&self.staged);
        known.keys().filter(|name| !there.contains_key(name)).copied().collect()
    }

    /// `None` if a file is torn.
    pub fn scan(&self) -> Option<Scan> {
        if self.staged.values().any(|file| file.torn) {
            return None;
        }
        let rows = || self.staged.values().flat_map(|file| &file.rows);
        let mut keys: Vec<_> = rows().map(|row| row.key).collect();
        keys.sort_unstable();
        let duplicates = keys.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        Some(Scan { found: tally(rows()), duplicates })
    }

    /// One rename; repeating it is harmless.
    pub fn publish(&mut self) {
        if self.published.is_none() {
            self.published = Some(std::mem::take(&mut self.staged));
            self.publication_synced = false;
        }
    }

    pub fn sync_publication(&mut self) {
        self.publication_synced = true;
    }

    pub fn crash(&mut self, rng: &mut fastrand::Rng) {
        if !self.publication_synced && self.published.is_some() && rng.bool() {
            self.staged = self.published.take().unwrap_or_default();
        }
        self.publication_synced = self.published.is_some();
        self.staged.retain(|_, file| file.linked || rng.bool());
        for file in self.staged.values_mut() {
            file.torn |= !file.synced && rng.bool();
            (file.synced, file.linked) = (true, true);
        }
    }
}

/// What the ledger says about the job.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Which attempt at this file it is; a later one is another job.
    pub run: u32,
    pub state: JobState,
    pub done: SegmentSet,
    pub groups: BTreeMap<Name, Vec<Segment>>,
    pub dead: Vec<(Segment, Row)>,
}

impl Pages {
    pub fn new(run: u32) -> Self {
        Self { run, state: JobState::Open, done: SegmentSet::default(), groups: BTreeMap::new(), dead: Vec::new() }
    }

    /// The store lost these groups: they and their segments are forgotten.
    pub fn forget(&mut self, lost: &[Name]) -> Vec<Segment> {
        let segments: Vec<Segment> = lost.iter().filter_map(|name| self.groups.remove(name)).flatten().collect();
        for &segment in &segments {
            self.done.remove(segment);
        }
        self.dead.retain(|(segment, _)| !segments.contains(segment));
        segments
    }
}

/// The ledger: what is written, and what of it is on the disk.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub written: Pages,
    pub synced: Pages,
}

impl Ledger {
    pub fn new(run: u32) -> Self {
        Self { written: Pages::new(run), synced: Pages::new(run) }
    }

    pub fn sync(&mut self) {
        self.synced = self.written.clone();
    }

    pub fn crash(&mut self, rng: &mut fastrand::Rng) {
        if rng.bool() {
            self.sync();
        }
        self.written = self.synced.clone();
    }
}
