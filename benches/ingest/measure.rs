//! One process, measured: wall time, processor time and peak memory of exactly that child.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// What a run cost.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub wall_s: f64,
    pub cpu_s: f64,
    pub peak_mib: f64,
}

/// The middle value.
pub fn median(outcomes: &[Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    let mut values: Vec<f64> = outcomes.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs to the end; the second value is whether it succeeded (exit code 0).
#[expect(clippy::zombie_processes, reason = "wait4 waits for it")]
pub fn measured(command: &mut Command) -> (Outcome, bool) {
    let begun = Instant::now();
    let child = command.spawn().expect("the program starts");
    let (success, usage) = wait(&child);
    let wall_s = begun.elapsed().as_secs_f64();
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    // Linux counts in KiB.
    (Outcome { wall_s, cpu_s, peak_mib: usage.ru_maxrss as f64 / 1024.0 }, success)
}

fn wait(child: &Child) -> (bool, libc::rusage) {
    let mut status = 0;
    // SAFETY: plain data for the kernel to fill; `child` is ours, and nobody else waits for it.
    let (pid, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage), usage)
    };
    assert_eq!(pid, child.id() as libc::pid_t, "wait4 failed");
    (libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, usage)
}

/// The whole `vcf-agent run`, into a fresh data directory in `place`; also bytes on disk per row.
pub fn vcf_agent(file: &Path, place: &Path, records: u64) -> (Outcome, f64) {
    let (data, receipt) = (place.join("data"), place.join("receipt.json"));
    let out = std::fs::File::create(&receipt).expect("a file for the receipt");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcf-agent"));
    command.args(["run", "--json", "--data-dir"]).arg(&data).arg(file).stdin(Stdio::null()).stdout(out);
    let (outcome, success) = measured(&mut command);
    let text = std::fs::read_to_string(receipt).expect("the receipt is there");
    assert!(success, "vcf-agent failed: {text}");
    let receipt: serde_json::Value = serde_json::from_str(&text).expect("a receipt");
    assert_eq!(receipt["records"].as_u64(), Some(records), "every record was read: {receipt}");
    assert_eq!(receipt["certificate"]["holds"], true, "{receipt}");
    let rows = receipt["stored"].as_u64().unwrap_or(0).max(1);
    let bytes = size(&data.join("alleles")) as f64 / rows as f64;
    std::fs::remove_dir_all(&data).expect("the data directory goes");
    (outcome, bytes)
}

/// bcftools to a file in `place`; `None` if it refuses the file.
pub fn bcftools(arguments: &[&str], file: &Path, place: &Path) -> Option<Outcome> {
    let out = place.join("out.bcf");
    let mut command = Command::new("bcftools");
    command
        .args(arguments)
        .arg("-o")
        .arg(&out)
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let (outcome, success) = measured(&mut command);
    let _may_be_absent = std::fs::remove_file(out);
    success.then_some(outcome)
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let of = |path: std::path::PathBuf| {
        if path.is_dir() { size(&path) } else { path.metadata().map_or(0, |meta| meta.len()) }
    };
    entries.filter_map(Result::ok).map(|entry| of(entry.path())).sum()
}
