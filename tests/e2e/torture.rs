//! SIGKILL at random moments of one job, again and again, until it is complete: every allele exactly once.
//!
//! `VCF_AGENT_TORTURE_KILLS` and `VCF_AGENT_TORTURE_RECORDS` make it longer (`just torture`). The job never begins anew, so
//! all kills after its first commit fall between that and COMPLETE. A [`Plan`] sees to it that they do: a first few kills fall
//! before the first commit, a last few may come too late, all others stay clear of both ends. What a killed process did not
//! finish is known from the ledger alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use parquet::file::reader::{FileReader, SerializedFileReader};
use vcf_agent::delivery::job::JobState;
use vcf_agent::ledger::LedgerReader;

use crate::harness::{Place, Running, adds_up, number, string};
use crate::oracle;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// How far the job is, by its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// No ledger, or no job in it.
    NotAccepted,
    /// Accepted, nothing committed.
    BeforeFirstCommit,
    /// Some segments committed.
    Storing,
    /// The source reached its end: what is left is audit, merge, scan.
    Certifying,
    /// The intent to publish is recorded.
    Publishing,
    /// Done.
    Complete,
}

/// The job's phase, committed segments and committed groups.
fn look(data: &Path) -> (Phase, u32, usize) {
    let Ok(reader) = LedgerReader::open(data) else { return (Phase::NotAccepted, 0, 0) };
    let Some(row) = reader.jobs().ok().and_then(|jobs| jobs.into_iter().next()) else {
        return (Phase::NotAccepted, 0, 0);
    };
    let segments = reader.sums(&row.job).map_or(0, |sums| sums.segments);
    let groups = reader.groups(&row.job).map_or(0, |groups| groups.len());
    let phase = match row.state {
        JobState::Complete => Phase::Complete,
        JobState::Publishing => Phase::Publishing,
        JobState::Open | JobState::Stalled if row.end.is_some() => Phase::Certifying,
        JobState::Open | JobState::Stalled if segments > 0 => Phase::Storing,
        JobState::Open | JobState::Stalled => Phase::BeforeFirstCommit,
        other => panic!("the job is {other}: a kill must not end it"),
    };
    (phase, segments, groups)
}

/// Looks at the folder that readers look at, all the time: there is no job there, or there are all rows.
struct Watcher {
    stop: Arc<AtomicBool>,
    looks: Arc<AtomicU64>,
    faults: Arc<Mutex<Vec<String>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watcher {
    fn start(data: PathBuf, rows: u64) -> Self {
        let (stop, looks, faults) = <(Arc<AtomicBool>, Arc<AtomicU64>, Arc<Mutex<Vec<String>>>)>::default();
        let (stopped, counted, found) = (stop.clone(), looks.clone(), faults.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let seen = visible_rows(&data);
                if !matches!(seen, Ok(0)) && seen != Ok(rows) {
                    found.lock().unwrap().push(format!("a reader saw {seen:?} of {rows} rows"));
                }
                counted.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_micros(500));
            }
        });
        Self { stop, looks, faults, thread: Some(thread) }
    }

    fn finish(mut self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        (self.looks.load(Ordering::Relaxed), std::mem::take(&mut *self.faults.lock().unwrap()))
    }
}

/// Rows by the footers of everything that a glob finds.
fn visible_rows(data: &Path) -> Result<u64, String> {
    let mut rows = 0;
    for path in oracle::published(data) {
        let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let reader = SerializedFileReader::new(file).map_err(|error| format!("{}: {error}", path.display()))?;
        rows += reader.metadata().file_metadata().num_rows() as u64;
    }
    Ok(rows)
}

/// Which kill falls where.
struct Plan {
    kills: u64,
    segments: u64,
}

impl Plan {
    /// Kills before the first commit; as many at the end wait until the source is read, and may find the job complete.
    fn at_an_end(&self) -> u64 {
        (self.kills / 20).max(1)
    }

    /// Committed segments for which kill `nth` (from 0) waits: none at first, then up to three quarters, at last all.
    fn goal(&self, nth: u64) -> u32 {
        let (edge, between) = (self.at_an_end(), self.kills - 2 * self.at_an_end());
        if nth >= edge + between {
            return u32::MAX;
        }
        (self.segments * 3 * (nth + 1).saturating_sub(edge) / (between * 4)) as u32
    }

    /// Kills that must fall between first commit and COMPLETE.
    fn needed(&self) -> usize {
        (self.kills as usize * if self.kills >= 100 { 9 } else { 8 }).div_ceil(10)
    }
}

/// Lets the job run up to the moment of kill `nth`. `reach` is how long the last run took to its first new commit.
fn run_up(running: &mut Running, data: &Path, goal: u32, random: &mut fastrand::Rng, reach: &mut Duration) {
    let (_, before, _) = look(data);
    let begun = Instant::now();
    let mut came_further = false;
    // A job that is far enough is killed on its way to the next commit, one that is not, shortly after it is.
    let moment = (before > goal || goal == 0).then(|| reach.mul_f64(random.f64()));
    while !running.is_over() && moment.is_none_or(|moment| begun.elapsed() < moment) {
        let (phase, now, _) = look(data);
        if now > before && !came_further {
            came_further = true;
            *reach = begun.elapsed();
        }
        if now > goal || came_further && moment.is_some() || phase >= Phase::Certifying {
            let delay_max_us = if goal == u32::MAX { 100_000 } else { 20_000 };
            return thread::sleep(Duration::from_micros(random.u64(0..delay_max_us)));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_job_that_is_killed_again_and_again_stores_every_allele_exactly_once() {
    let kills = setting("VCF_AGENT_TORTURE_KILLS", 10) as usize;
    let records = setting("VCF_AGENT_TORTURE_RECORDS", 100_000);
    let place = Place::new();
    let text = oracle::generated(records);
    let file = place.write("torture.vcf", &text);
    let expected = oracle::expected_rows(text.as_bytes());
    drop(text);
    // Small segments where the file is small, so that there are 40 groups of 16.
    let lines = (records / 16 / 40).clamp(64, 4096);
    let segments = records.div_ceil(lines);
    let config = place.write("torture.toml", format!("[ingest]\nsegment_lines_max = {lines}\n"));
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    let watcher = Watcher::start(place.data(), expected.len() as u64);

    let plan = Plan { kills: kills as u64, segments };
    let mut random = fastrand::Rng::with_seed(setting("VCF_AGENT_TORTURE_SEED", 1));
    let mut phases: Vec<Phase> = Vec::new();
    let mut groups_max = 0;
    let mut reach = Duration::from_millis(100);
    while phases.len() < kills {
        let mut running = place.start(words);
        run_up(&mut running, &place.data(), plan.goal(phases.len() as u64), &mut random, &mut reach);
        let killed = running.kill();
        let (phase, _, groups) = look(&place.data());
        groups_max = groups_max.max(groups);
        if phase == Phase::Complete {
            break;
        }
        assert!(killed, "it ended by itself without being complete");
        phases.push(phase);
    }

    let count = |phase| phases.iter().filter(|&&p| p == phase).count();
    println!(
        "torture: {} kills of one job of {records} records, {segments} segments, at most {groups_max} groups seen: {} before the job was accepted, {} before its first commit, \
         {} while storing, {} while certifying, {} while publishing",
        phases.len(),
        count(Phase::NotAccepted),
        count(Phase::BeforeFirstCommit),
        count(Phase::Storing),
        count(Phase::Certifying),
        count(Phase::Publishing)
    );
    let finished = place.call(words).expect(0).object();
    let (looks, faults) = watcher.finish();
    println!("torture: a reader looked {looks} times");
    assert!(faults.is_empty(), "{} faults: {:?}", faults.len(), &faults[..faults.len().min(5)]);
    assert!(looks > 0);

    adds_up(&finished);
    assert_eq!(number(&finished, "records"), records);
    place.receipt(string(&finished, "job"), &["--deep"]).expect(0);
    let found = oracle::rows(&place.data());
    assert_eq!(found.len(), expected.len(), "rows");
    assert!(found == expected, "the first difference: {:?}", found.iter().zip(&expected).find(|(a, b)| a != b));
    let between = phases.iter().filter(|&&phase| phase >= Phase::Storing).count();
    assert!(between >= plan.needed(), "{between} kills between first commit and COMPLETE: {phases:?}");
    assert!(groups_max >= 15, "{groups_max} groups");
}
