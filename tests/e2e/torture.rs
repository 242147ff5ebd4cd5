//! SIGKILL at random moments of one job, again and again, until it is complete: every allele exactly once.
//!
//! `VCF_AGENT_TORTURE_KILLS` and `VCF_AGENT_TORTURE_RECORDS` make it longer (`just torture`). The job never begins anew, so
//! all kills after its first commit fall between that and COMPLETE. What a killed process did not finish is known from the
//! ledger alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use parquet::file::reader::{FileReader, SerializedFileReader};
use vcf_agent::delivery::job::JobState;
use vcf_agent::ledger::LedgerReader;

use crate::harness::{Place, adds_up, number, string};
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

#[test]
fn a_job_that_is_killed_again_and_again_stores_every_allele_exactly_once() {
    let kills = setting("VCF_AGENT_TORTURE_KILLS", 10) as usize;
    let records = setting("VCF_AGENT_TORTURE_RECORDS", 100_000);
    let place = Place::new();
    let text = oracle::generated(records);
    let file = place.write("torture.vcf", &text);
    let expected = oracle::expected_rows(text.as_bytes());
    drop(text);
    // Small segments where the file is small, so that there are always more than 15 groups of 16.
    let lines = (records / 16 / 20).clamp(64, 4096);
    let segments = records.div_ceil(lines);
    let config = place.write("torture.toml", format!("[ingest]\nsegment_lines_max = {lines}\n"));
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    let watcher = Watcher::start(place.data(), expected.len() as u64);

    let mut random = fastrand::Rng::with_seed(setting("VCF_AGENT_TORTURE_SEED", 1));
    let mut phases: Vec<Phase> = Vec::new();
    let mut groups_max = 0;
    let mut reach = Duration::from_millis(400);
    while phases.len() < kills {
        let nth = phases.len() as u64;
        // The job may get so far before this kill: most kills while it stores, the last tenth after that.
        let allowed = (segments * (nth + 1) * 10 / (kills as u64 * 9)) as u32;
        let (_, before, _) = look(&place.data());
        let mut running = place.start(words);
        let begun = Instant::now();
        // Uniform in a span that grows while nothing is reached and shrinks when too much is.
        let moment = reach.mul_f64(random.f64());
        let mut now = before;
        while begun.elapsed() < moment && !running.is_over() {
            now = look(&place.data()).1;
            if now > allowed.max(before) && before > 0 {
                thread::sleep(Duration::from_micros(random.u64(0..20_000)));
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        assert!(
            running.kill() || look(&place.data()).0 == Phase::Complete,
            "it ended by itself without being complete"
        );
        let (phase, after, groups) = look(&place.data());
        groups_max = groups_max.max(groups);
        if phase == Phase::Complete {
            break;
        }
        reach = reach.mul_f64(if after > now.max(allowed) {
            0.8
        } else if after <= before {
            1.15
        } else {
            1.0
        });
        reach = reach.clamp(Duration::from_millis(20), Duration::from_secs(30));
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
    assert!(
        phases.len() == kills && between * 10 >= kills * 7,
        "too few kills between first commit and COMPLETE: {phases:?}"
    );
}
