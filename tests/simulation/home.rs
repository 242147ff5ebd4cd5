//! The sink's process: takes segments, commits them in groups, audits, publishes. It drives [`Sink`] and [`Groups`] as a batcher
//! does; every step of a commit is an event of its own, so that a crash may fall between any two.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use vcf_agent::delivery::certificate::{Tally, holds};
use vcf_agent::delivery::group::{Group, GroupLimits, Groups};
use vcf_agent::delivery::job::JobState;
use vcf_agent::delivery::poison::{Strikes, culprits};
use vcf_agent::delivery::receipt::Receipt;
use vcf_agent::delivery::segment::Segment;
use vcf_agent::delivery::sink::{Offer, Sink};

use crate::disk::{Ledger, Name, Store};
use crate::model::{Row, tally};
use crate::oracle::{Checked, Oracle, Violation, broken};
use crate::world::{Event, Message, Outside, Sending, Spoken, heard};

const LIMITS: GroupLimits = GroupLimits { bytes_max: 220, flush_interval_ms: 20 };

/// What the home does by itself.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// A group may be old enough.
    Due,
    /// A commit's file is written, synced and renamed.
    Written(u64),
    /// Its folder is synced.
    FolderSynced(u64),
    /// It stands in the ledger.
    Recorded(u64),
    /// The ledger is synced.
    Synced(u64),
    /// The word PUBLISHING is synced.
    WillPublish,
    /// The folder is renamed.
    Renamed,
    /// Both parents are synced.
    PublicationSynced,
    /// The word COMPLETE is synced.
    Completed,
}

/// A group on its way into store and ledger.
struct Commit {
    items: Vec<(Segment, Receipt<Sending>)>,
    name: Name,
    stored: Vec<Row>,
    dead: Vec<(Segment, Row)>,
}

/// See the module.
pub struct Home {
    pub life: u64,
    run: u32,
    sink: Sink,
    groups: Groups<Receipt<Sending>>,
    joined: BTreeMap<Segment, Vec<Receipt<Sending>>>,
    commits: BTreeMap<u64, Commit>,
    commits_begun: u64,
    strikes: Strikes<u64>,
    spoken: Spoken,
    due_armed: bool,
}

impl Home {
    /// What a start does: ledger and store are made to agree, and what was being published is finished.
    pub fn boot(life: u64, outside: &mut Outside) -> Result<Self, Violation> {
        let mut home = Self {
            life,
            run: 0,
            sink: Sink::default(),
            groups: Groups::new(LIMITS),
            joined: BTreeMap::new(),
            commits: BTreeMap::new(),
            commits_begun: 0,
            strikes: Strikes::default(),
            spoken: Spoken::default(),
            due_armed: false,
        };
        home.open(outside);
        if outside.ledger.synced.state == JobState::Publishing {
            outside.count("publications finished at boot");
            home.soon(outside, Step::Renamed);
        }
        Ok(home)
    }

    /// Begins with what is on the disk.
    fn open(&mut self, outside: &mut Outside) {
        if outside.ledger.written.state == JobState::Failed {
            outside.store = Store::default();
        } else {
            recover(outside);
        }
        self.run = outside.ledger.synced.run;
        self.sink = Sink::new(outside.ledger.synced.done.clone());
    }

    fn soon(&self, outside: &mut Outside, step: Step) {
        outside.soon(2, Event::Steps { life: self.life, step });
    }

    pub fn take(&mut self, message: Message, outside: &mut Outside) -> Checked {
        match message {
            Message::Open { session } => self.on_open(session, outside),
            // A job that has ended takes nothing more, and says so: its source may not know.
            Message::Segment { run, sending }
                if run != self.run || outside.ledger.written.state == JobState::Failed =>
            {
                outside.send(Message::Over { session: sending.session, run, is_complete: false });
            }
            Message::Segment { sending, .. } => self.on_segment(sending, outside),
            Message::Flush { run } if run == self.run => {
                self.groups.close_all().into_iter().for_each(|group| self.begin_commit(group, outside));
            }
            Message::End { session, run, audit, segments, parsed } => {
                self.on_end((session, run, audit), segments, parsed, outside)?;
            }
            _ => {}
        }
        self.answer(outside);
        Ok(())
    }

    /// Sends what receipts have said.
    fn answer(&mut self, outside: &mut Outside) {
        for (sending, verdict) in heard(&self.spoken) {
            outside.send(Message::Said { run: self.run, sending, verdict });
        }
    }

    fn on_open(&mut self, session: u64, outside: &mut Outside) {
        if outside.ledger.synced.state == JobState::Failed {
            outside.count("runs after a failed one");
            outside.ledger = Ledger::new(self.run + 1);
            outside.oracle = Oracle::new(self.run + 1);
            self.open(outside);
        }
        let is_complete = outside.ledger.synced.state == JobState::Complete;
        let done = self.sink.done().clone();
        outside.send(Message::Accepted { session, run: self.run, is_complete, done });
    }

    fn on_segment(&mut self, sending: Sending, outside: &mut Outside) {
        let spoken = Arc::clone(&self.spoken);
        let receipt = Receipt::new(sending, move |sending, verdict| {
            spoken.lock().unwrap_or_else(PoisonError::into_inner).push((sending, verdict));
        });
        match self.sink.offer(sending.segment) {
            Offer::Done => {
                outside.count("done again");
                receipt.committed();
            }
            Offer::Join => {
                outside.count("joined");
                self.joined.entry(sending.segment).or_default().push(receipt);
            }
            Offer::Take => {
                let bytes = outside.model.segments[sending.segment as usize].cost_bytes;
                let closed = self.groups.add(sending.segment, receipt, bytes, outside.now_ms);
                closed.into_iter().for_each(|group| self.begin_commit(group, outside));
                self.arm(outside);
            }
        }
    }

    fn arm(&mut self, outside: &mut Outside) {
        if let Some(due_ms) = self.groups.next_due_ms().filter(|_| !self.due_armed) {
            self.due_armed = true;
            outside.at(due_ms.max(outside.now_ms), Event::Steps { life: self.life, step: Step::Due });
        }
    }

    pub fn step(&mut self, step: Step, outside: &mut Outside) -> Checked {
        match step {
            Step::Due => {
                self.due_armed = false;
                let due = self.groups.due(outside.now_ms);
                due.into_iter().for_each(|group| self.begin_commit(group, outside));
                self.arm(outside);
            }
            Step::Written(id) => self.write(id, outside)?,
            Step::FolderSynced(id) => {
                outside.store.sync_folder();
                self.soon(outside, Step::Recorded(id));
            }
            Step::Recorded(id) => self.record(id, outside)?,
            Step::Synced(id) => self.land(id, outside),
            Step::WillPublish => {
                outside.sync_ledger();
                self.soon(outside, Step::Renamed);
            }
            Step::Renamed => {
                outside.store.publish();
                self.soon(outside, Step::PublicationSynced);
            }
            Step::PublicationSynced => {
                outside.store.sync_publication();
                outside.set_state(JobState::Complete)?;
                self.soon(outside, Step::Completed);
            }
            Step::Completed => outside.sync_ledger(),
        }
        self.answer(outside);
        Ok(())
    }

    /// Encodes the rows, around the records that panic.
    fn begin_commit(&mut self, group: Group<Receipt<Sending>>, outside: &mut Outside) {
        self.commits_begun += 1;
        let id = self.commits_begun;
        let rows_of =
            |segment: Segment| outside.model.segments[segment as usize].rows.iter().map(move |row| (segment, *row));
        let mut rows: Vec<(Segment, Row)> = group.items.iter().flat_map(|(segment, _)| rows_of(*segment)).collect();
        let mut dead = Vec::new();
        while rows.iter().any(|(_, row)| row.poison) {
            if self.strikes.strike(id) {
                self.strikes.forget(&id);
                let found = culprits(0..rows.len(), &mut |range| !rows[range].iter().any(|(_, row)| row.poison));
                dead.extend(found.into_iter().rev().map(|at| rows.remove(at)));
                outside.count("groups with poison");
            }
        }
        let first = group.items.first().map_or(0, |(segment, _)| *segment);
        let stored = rows.into_iter().map(|(_, row)| row).collect();
        self.commits.insert(id, Commit { items: group.items, name: (group.block, first), stored, dead });
        self.soon(outside, Step::Written(id));
    }

    fn write(&mut self, id: u64, outside: &mut Outside) -> Checked {
        let Some(commit) = self.commits.get(&id) else { return Ok(()) };
        if let Some(why) = outside.write_fails() {
            outside.count(why);
            for (segment, _) in &commit.items {
                self.sink.dropped(*segment);
                self.joined.remove(segment);
            }
            self.commits.remove(&id);
            return if why == "disk full" { outside.set_state(JobState::Stalled) } else { Ok(()) };
        }
        if commit.stored.is_empty() {
            self.soon(outside, Step::Recorded(id));
        } else {
            outside.store.write(commit.name, commit.stored.clone());
            self.soon(outside, Step::FolderSynced(id));
        }
        Ok(())
    }

    fn record(&mut self, id: u64, outside: &mut Outside) -> Checked {
        let Some(commit) = self.commits.get(&id) else { return Ok(()) };
        let segments: Vec<Segment> = commit.items.iter().map(|(segment, _)| *segment).collect();
        let pages = &outside.ledger.written;
        outside.oracle.group(&outside.model, pages, &segments, &commit.stored, &commit.dead)?;
        if !matches!(pages.state, JobState::Open | JobState::Stalled) {
            return broken(5, format!("a group is committed to a job that is {}", pages.state));
        }
        outside.set_state(JobState::Open)?;
        let pages = &mut outside.ledger.written;
        for &segment in &segments {
            pages.done.insert(segment);
        }
        pages.dead.extend(&commit.dead);
        if !commit.stored.is_empty() {
            pages.groups.insert(commit.name, segments);
        }
        self.soon(outside, Step::Synced(id));
        Ok(())
    }

    /// Durable: only now it is done.
    fn land(&mut self, id: u64, outside: &mut Outside) {
        outside.sync_ledger();
        outside.count("groups");
        for (segment, receipt) in self.commits.remove(&id).into_iter().flat_map(|commit| commit.items) {
            self.sink.committed(segment);
            receipt.committed();
            self.joined.remove(&segment).into_iter().flatten().for_each(Receipt::committed);
        }
    }

    /// The source says that it holds a receipt for everything: ledger against file, store against ledger, then the scan.
    fn on_end(
        &mut self,
        (session, run, audit): (u64, u32, u64),
        segments: u32,
        parsed: Tally,
        outside: &mut Outside,
    ) -> Checked {
        let state = outside.ledger.written.state;
        let is_complete = run == self.run && outside.ledger.synced.state == JobState::Complete;
        if is_complete || run != self.run || state == JobState::Failed {
            outside.send(Message::Over { session, run, is_complete });
            return Ok(());
        }
        if matches!(state, JobState::Publishing | JobState::Complete) || !self.commits.is_empty() {
            // It asks again.
            return Ok(());
        }
        recover(outside);
        self.sink.end(segments);
        let gone: Vec<Segment> =
            self.sink.done().iter().filter(|segment| !outside.ledger.synced.done.contains(*segment)).collect();
        self.sink.forget(gone);
        if let Some(missing) = self.sink.missing().filter(|missing| !missing.is_empty()) {
            outside.send(Message::Missing { session, audit, segments: missing });
            return Ok(());
        }
        self.certify((session, run), parsed, outside)
    }

    fn certify(&mut self, (session, run): (u64, u32), parsed: Tally, outside: &mut Outside) -> Checked {
        if !self.sink.is_complete() {
            return broken(1, "nothing is missing, and yet the sink is not complete");
        }
        let dead = tally(outside.ledger.synced.dead.iter().map(|(_, row)| row));
        if outside.store.scan().is_some_and(|scan| holds(parsed, dead, scan)) {
            outside.set_state(JobState::Publishing)?;
            self.soon(outside, Step::WillPublish);
        } else {
            outside.count("certificates that do not hold");
            outside.oracle.refused()?;
            outside.set_state(JobState::Failed)?;
            outside.sync_ledger();
            outside.store = Store::default();
            outside.send(Message::Over { session, run, is_complete: false });
        }
        Ok(())
    }
}

/// Store against ledger: what the ledger does not know is removed, what the store has lost is forgotten.
fn recover(outside: &mut Outside) {
    let lost = outside.store.recover(&outside.ledger.synced.groups);
    outside.ledger.written.forget(&lost);
    outside.oracle.forgotten(&lost);
    outside.sync_ledger();
}
