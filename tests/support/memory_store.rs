//! A store in memory, for tests only. What is "on disk" survives as long as the value is shared; faults can be asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vcf_agent::domain::answer::Answer;
use vcf_agent::domain::ids::JobId;
use vcf_agent::domain::rows::{Rows, rows_digest_sum};
use vcf_agent::fault::Fault;
use vcf_agent::stores::{Fill, StagedGroup, Store, StoreScan};

/// What lies on the imaginary disk.
#[derive(Default)]
pub struct Disk {
    /// Groups no reader sees.
    pub staged: BTreeMap<JobId, BTreeMap<String, Rows>>,
    /// Groups every reader sees.
    pub published: BTreeMap<JobId, BTreeMap<String, Rows>>,
    /// What was concluded, by job.
    pub assessments: BTreeMap<JobId, Vec<Answer>>,
    /// Replays no reader sees.
    pub replays: BTreeMap<(JobId, String), Rows>,
    /// The most jobs that readers ever saw at once.
    pub visible_max: usize,
    /// Groups written so far.
    pub writes: u64,
    /// So many more recoveries find that a group, if there is one that is known, is gone.
    pub losses: u64,
}

/// Decides about each write: `Some` is what it fails with.
pub type FailWrite = Box<dyn FnMut(u64) -> Option<Fault> + Send>;

/// See the module.
#[derive(Clone)]
pub struct MemoryStore {
    disk: Arc<Mutex<Disk>>,
    fail_write: Arc<Mutex<FailWrite>>,
}

impl MemoryStore {
    /// An empty disk on which writes fail as `fail_write` says.
    pub fn new(fail_write: FailWrite) -> Self {
        Self { disk: Arc::default(), fail_write: Arc::new(Mutex::new(fail_write)) }
    }

    /// The disk.
    pub fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn groups(&self, job: &JobId) -> BTreeMap<String, Rows> {
        let disk = self.disk();
        disk.staged.get(job).or_else(|| disk.published.get(job)).cloned().unwrap_or_default()
    }
}

/// The same rows in order of (ordinal, ALT index).
fn sorted(rows: &Rows) -> Rows {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&row| (rows.ordinal[row], rows.alt_index[row]));
    let mut sorted = Rows::default();
    order.into_iter().for_each(|row| sorted.push_row(rows, row));
    sorted
}

fn joined<'a>(parts: impl Iterator<Item = &'a Rows>) -> Rows {
    let mut all = Rows::default();
    parts.for_each(|part| (0..part.len()).for_each(|row| all.push_row(part, row)));
    all
}

fn scan(groups: &BTreeMap<String, Rows>) -> StoreScan {
    let mut scan = StoreScan::default();
    let mut keys = Vec::new();
    for rows in groups.values() {
        scan.rows += rows.len() as u64;
        scan.digest_sum.add(rows_digest_sum(rows).0);
        scan.bytes += rows.bytes() as u64;
        keys.extend((0..rows.len()).map(|row| (rows.ordinal[row], rows.alt_index[row])));
    }
    keys.sort_unstable();
    scan.duplicates = keys.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
    scan
}

impl Store for MemoryStore {
    fn write_group(&self, job: &JobId, block: u32, segments: &[(u32, Arc<Rows>)]) -> Result<StagedGroup, Fault> {
        let mut disk = self.disk();
        disk.writes += 1;
        if let Some(fault) = (self.fail_write.lock().unwrap_or_else(PoisonError::into_inner))(disk.writes) {
            return Err(fault);
        }
        let name = format!("part-{block:08}-{:08}", segments.first().map_or(0, |(segment, _)| *segment));
        let rows = joined(segments.iter().map(|(_, rows)| &**rows));
        let group = StagedGroup { name: name.clone(), rows: rows.len() as u64, bytes: rows.bytes() as u64 };
        disk.staged.entry(job.clone()).or_default().insert(name, rows);
        Ok(group)
    }

    fn try_encode(&self, _: &Rows) -> Result<(), Fault> {
        Ok(())
    }

    fn recover(&self, job: &JobId, known: &[String]) -> Result<Vec<String>, Fault> {
        let mut disk = self.disk();
        let lost = known.first().filter(|_| disk.losses > 0).cloned();
        if let Some(groups) = disk.staged.get_mut(job) {
            groups.retain(|name, _| known.contains(name) && lost.as_ref() != Some(name));
            disk.losses -= u64::from(lost.is_some());
        }
        drop(disk);
        let there = self.groups(job);
        Ok(known.iter().filter(|name| !there.contains_key(*name)).cloned().collect())
    }

    fn staged_jobs(&self) -> Result<Vec<JobId>, Fault> {
        Ok(self.disk().staged.keys().cloned().collect())
    }

    fn discard(&self, job: &JobId) -> Result<(), Fault> {
        self.disk().staged.remove(job);
        Ok(())
    }

    fn merge(&self, job: &JobId, known: &[String]) -> Result<Vec<(StagedGroup, Vec<String>)>, Fault> {
        let mut disk = self.disk();
        let mut blocks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in known {
            blocks.entry(name[..13].to_owned()).or_default().push(name.clone());
        }
        let mut merged = Vec::new();
        for (block, names) in blocks.into_iter().filter(|(_, names)| names.len() > 1) {
            let groups = disk.staged.entry(job.clone()).or_default();
            let rows = sorted(&joined(names.iter().filter_map(|name| groups.get(name))));
            let free = (1u32..).map(|nth| format!("{block}-merged{nth}"));
            let name = free.into_iter().find(|name| !names.contains(name)).expect("names do not run out");
            let group = StagedGroup { name, rows: rows.len() as u64, bytes: rows.bytes() as u64 };
            groups.insert(group.name.clone(), rows);
            merged.push((group, names));
        }
        Ok(merged)
    }

    fn scan(&self, job: &JobId) -> Result<StoreScan, Fault> {
        Ok(scan(&self.groups(job)))
    }

    fn stage_replay(&self, job: &JobId, revision: u32, rows: &Rows) -> Result<StagedGroup, Fault> {
        let name = format!("replay-{revision:08}");
        self.disk().replays.insert((job.clone(), name.clone()), rows.clone());
        Ok(StagedGroup { name, rows: rows.len() as u64, bytes: rows.bytes() as u64 })
    }

    fn scan_with_replay(&self, job: &JobId, name: &str) -> Result<StoreScan, Fault> {
        let mut groups = self.groups(job);
        let staged = self.disk().replays.get(&(job.clone(), name.to_owned())).cloned();
        groups.insert(name.to_owned(), staged.ok_or_else(|| Fault::unavailable("no such replay is staged"))?);
        Ok(scan(&groups))
    }

    fn publish_replay(&self, job: &JobId, name: &str) -> Result<bool, Fault> {
        let mut disk = self.disk();
        let staged = disk.replays.remove(&(job.clone(), name.to_owned()));
        let visible = disk.published.entry(job.clone()).or_default();
        if let Some(rows) = staged {
            visible.insert(name.to_owned(), rows);
        }
        Ok(visible.contains_key(name))
    }

    fn discard_replays(&self) -> Result<(), Fault> {
        self.disk().replays.clear();
        Ok(())
    }

    fn publish(&self, job: &JobId) -> Result<(), Fault> {
        let mut disk = self.disk();
        let staged = disk.staged.remove(job).unwrap_or_default();
        disk.published.entry(job.clone()).or_insert(staged);
        disk.visible_max = disk.visible_max.max(disk.published.len());
        Ok(())
    }

    fn delete(&self, job: &JobId) -> Result<(), Fault> {
        let mut disk = self.disk();
        disk.staged.remove(job);
        disk.published.remove(job);
        disk.assessments.remove(job);
        disk.replays.retain(|(of, _), _| of != job);
        Ok(())
    }

    fn keys(&self, job: &JobId, group: Option<&str>, ordinals: Range<u64>) -> Result<Vec<(i64, i32)>, Fault> {
        let rows = self.read_records(job, group, std::slice::from_ref(&ordinals))?;
        Ok(rows.ordinal.iter().copied().zip(rows.alt_index.iter().copied()).collect())
    }

    fn read_records(&self, job: &JobId, group: Option<&str>, ordinals: &[Range<u64>]) -> Result<Rows, Fault> {
        let groups = self.groups(job);
        if let Some(missing) = group.filter(|group| !groups.contains_key(*group)) {
            return Err(Fault::permanent(format!("there is no group {missing}")));
        }
        let meant = |name: &String| Some(name.as_str()) == group || name.starts_with("replay-");
        let rows = joined(groups.iter().filter(|(name, _)| meant(name)).map(|(_, rows)| rows));
        Ok(sorted(&rows.filter_records(|ordinal| ordinals.iter().any(|range| range.contains(&ordinal)))))
    }

    fn has_assessments(&self, job: &JobId) -> Result<bool, Fault> {
        Ok(self.disk().assessments.contains_key(job))
    }

    fn write_assessments(&self, job: &JobId, fill: &mut Fill<'_>) -> Result<u64, Fault> {
        let mut all = Vec::new();
        fill(&mut |answers| {
            all.extend_from_slice(answers);
            Ok(())
        })?;
        let count = all.len() as u64;
        self.disk().assessments.insert(job.clone(), all);
        Ok(count)
    }

    fn read(&self, job: &JobId, each: &mut dyn FnMut(&Rows) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut groups = self.groups(job);
        if groups.keys().any(|name| name.starts_with("replay-")) {
            groups = BTreeMap::from([(String::new(), sorted(&joined(groups.values())))]);
        }
        groups.values().filter(|rows| !rows.is_empty()).try_for_each(each)
    }
}
