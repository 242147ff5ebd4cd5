//! On a pipe: time from a line written to its row durable, by asking the ledger once a millisecond.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use vcf_agent::ledger::LedgerReader;

const LINES_PER_S: u64 = 2_000;

/// Prints p50 and p99 for the default interval and for short ones.
pub fn run(quick: bool, cache: &Path) {
    let seconds = if quick { 4 } else { 20 };
    println!("\n| pipe, {LINES_PER_S} lines/s for {seconds} s | p50 ms | p99 ms | max ms |\n|---|---|---|---|");
    for interval in [None, Some(100), Some(50), Some(20)] {
        let mut latencies = measure(interval, seconds * LINES_PER_S, cache);
        latencies.sort_by(f64::total_cmp);
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
        let name = interval.map_or("flush_interval_ms by default".to_owned(), |ms| format!("flush_interval_ms = {ms}"));
        println!("| {name} | {:.0} | {:.0} | {:.0} |", at(0.5), at(0.99), at(1.0));
    }
}

fn measure(flush_interval_ms: Option<u64>, lines: u64, cache: &Path) -> Vec<f64> {
    let place = tempfile::Builder::new().prefix("pipe-").tempdir_in(cache).expect("a folder");
    let data = place.path().join("data");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcf-agent"));
    command.args(["run", "--json", "--data-dir"]).arg(&data).arg("-").stdin(Stdio::piped()).stdout(Stdio::null());
    if let Some(ms) = flush_interval_ms {
        command.env("VCF_AGENT_FLUSH_INTERVAL_MS", ms.to_string());
    }
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe was asked for");
    let origin = Instant::now();
    let writer = std::thread::spawn(move || {
        let mut written = Vec::with_capacity(lines as usize);
        stdin.write_all(b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n").expect("it reads");
        for nth in 0..lines {
            let due = Duration::from_secs_f64(nth as f64 / LINES_PER_S as f64);
            if let Some(early) = due.checked_sub(origin.elapsed()) {
                std::thread::sleep(early);
            }
            stdin.write_all(format!("chr1\t{}\t.\tA\tC\t50\tPASS\tDP=30\n", 100 + nth).as_bytes()).expect("it reads");
            written.push(origin.elapsed());
        }
        written
    });
    let durable = watch(&data, lines, origin);
    let written = writer.join().expect("the writer ends");
    assert!(child.wait().expect("it ends").success());
    written.iter().zip(&durable).map(|(then, now)| now.saturating_sub(*then).as_secs_f64() * 1000.0).collect()
}

/// For each line, in order, when the ledger was first seen to have it.
fn watch(data: &Path, lines: u64, origin: Instant) -> Vec<Duration> {
    let mut durable = Vec::with_capacity(lines as usize);
    let mut reader = None;
    while (durable.len() as u64) < lines {
        std::thread::sleep(Duration::from_millis(1));
        assert!(origin.elapsed() < Duration::from_secs(300), "the lines never became durable");
        if reader.is_none() {
            reader = LedgerReader::open(data).ok();
        }
        let Some(ledger) = &reader else { continue };
        let Some(job) = ledger.jobs().ok().and_then(|jobs| jobs.into_iter().next()) else { continue };
        let records = ledger.sums(&job.job).map_or(0, |sums| sums.total.records);
        let now = origin.elapsed();
        durable.resize((records as usize).max(durable.len()), now);
    }
    durable
}
