//! Several processes, signals, pipes. A run is held in the middle by feeding it through a pipe, never by a clock.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Place, Running, adds_up, number, string};
use crate::oracle;

/// Waits until `done`; a run that never gets there hangs.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain for: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Events of a run so far.
fn kinds(events: &PathBuf) -> Vec<String> {
    let text = fs::read_to_string(events).unwrap_or_default();
    let whole = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    whole.map(|event| string(&event, "kind").to_owned()).collect()
}

/// A run that reads standard input, has stored something, and waits for more.
fn held(place: &Place, text: &str) -> (Running, std::process::ChildStdin, PathBuf) {
    let events = place.path("held.jsonl");
    let config = place.write("held.toml", "flush_interval_ms = 50\n");
    let words = [
        "run".as_ref(),
        "--json".as_ref(),
        "--events".as_ref(),
        events.as_os_str(),
        "--config".as_ref(),
        config.as_os_str(),
        OsStr::new("-"),
    ];
    let mut running = place.start_piped(words);
    let mut stdin = running.stdin();
    stdin.write_all(text.as_bytes()).unwrap();
    stdin.flush().unwrap();
    until("a first group", || running.is_over() || kinds(&events).iter().any(|kind| kind == "group_committed"));
    (running, stdin, events)
}

#[test]
fn a_second_run_is_refused_with_the_holders_pid_and_readers_are_not() {
    let place = Place::new();
    let (running, stdin, _) = held(&place, &oracle::small(100));
    let file = place.write("other.vcf", oracle::small(10));
    let said = place.run(&file).expect(75);
    let words = format!("{}{}", said.stdout, said.stderr);
    assert!(words.contains(&running.pid().to_string()), "{words}");
    assert!(words.contains("--wait"), "it says what to do: {words}");
    let listed = place.call(["jobs"]).expect(0).stdout;
    assert!(listed.contains("OPEN"), "{listed}");
    let job =
        listed.split(|c: char| !c.is_alphanumeric()).find(|word| word.len() == 17 && word.starts_with('j')).unwrap();
    let open = place.receipt(job, &[]).expect(75).object();
    assert_eq!(string(&open, "state"), "OPEN");
    assert!(oracle::published(&place.data()).is_empty(), "nobody sees half a job");
    place.call(["dlq", "ls", job]).expect(0);
    place.call(["explain", job, "record:0"]).expect(0);
    place.call(["explain", job, "record:999999"]).expect(75);
    drop(stdin);
    let receipt = running.finish().expect(0).object();
    adds_up(&receipt);
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(oracle::small(100).as_bytes()));
}

#[test]
fn a_run_that_may_wait_begins_when_the_holder_is_gone() {
    let place = Place::new();
    let (running, stdin, _) = held(&place, &oracle::small(100));
    let file = place.write("other.vcf", oracle::small(10));
    let mut waiting = place.start(["run".as_ref(), "--json".as_ref(), "--wait".as_ref(), file.as_os_str()]);
    // It cannot be shown that it would wait for ever; that it is there while the holder is, can.
    thread::sleep(Duration::from_millis(300));
    assert!(!waiting.is_over(), "{:?}", waiting.finish());
    drop(stdin);
    running.finish().expect(0);
    assert_eq!(number(&waiting.finish().expect(0).object(), "records"), 10);
}

#[test]
fn a_killed_holder_leaves_no_lock() {
    let place = Place::new();
    let (running, stdin, _) = held(&place, &oracle::small(100));
    assert!(running.kill());
    drop(stdin);
    place.run(&place.write("other.vcf", oracle::small(10))).expect(0);
}

/// A run of a file that is in the middle of it: small segments and groups, so that many commits are still to come.
fn in_the_middle(place: &Place, file: &Path) -> (Running, Vec<OsString>) {
    let events = place.path("events.jsonl");
    let config = place
        .write("small.toml", "flush_interval_ms = 20\n[ingest]\nsegment_lines_max = 64\nwindow_bytes = \"1 MiB\"\n");
    let words: [&OsStr; 7] = [
        "run".as_ref(),
        "--json".as_ref(),
        "--events".as_ref(),
        events.as_os_str(),
        "--config".as_ref(),
        config.as_os_str(),
        file.as_os_str(),
    ];
    let mut running = place.start(words);
    until("a first group", || running.is_over() || kinds(&events).iter().any(|kind| kind == "group_committed"));
    (running, words.map(OsStr::to_owned).to_vec())
}

#[test]
fn an_interrupt_drains_and_the_same_command_goes_on() {
    let place = Place::new();
    let text = oracle::generated(120_000);
    let (running, words) = in_the_middle(&place, &place.write("big.vcf", &text));
    running.signal("INT");
    let interrupted = running.finish().expect(75);
    let receipt = interrupted.object();
    assert_eq!(string(&receipt, "state"), "OPEN", "{interrupted:?}");
    let so_far = number(&receipt, "stored");
    assert!(so_far > 0, "{receipt}");
    assert!(oracle::published(&place.data()).is_empty(), "nobody sees half a job");
    let finished = place.call(words).expect(0).object();
    adds_up(&finished);
    assert_eq!(finished["job"], receipt["job"], "the same command goes on with the same job");
    assert!(finished["stored_per_second"].is_null(), "nobody knows how long it worked: {finished}");
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(text.as_bytes()));
    // What was durable was not written again: each segment is in one committed group only.
    let job = string(&finished, "job");
    place.receipt(job, &["--deep"]).expect(0);
}

#[test]
fn a_file_of_rows_that_went_away_while_its_job_was_open_comes_again() {
    let place = Place::new();
    let text = oracle::generated(120_000);
    let (running, words) = in_the_middle(&place, &place.write("big.vcf", &text));
    running.signal("INT");
    let job = string(&running.finish().expect(75).object(), "job").to_owned();
    let staged = oracle::entries(&place.data().join("staging").join(&job));
    fs::remove_file(staged.first().expect("something is staged")).unwrap();
    let receipt = place.call(words).expect(0).object();
    adds_up(&receipt);
    assert_eq!(string(&receipt, "job"), job);
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(text.as_bytes()));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_exit_65_and_nothing_of_it_is_visible() {
    let place = Place::new();
    let file = place.write("big.vcf", oracle::generated(120_000));
    let (running, _) = in_the_middle(&place, &file);
    let mut more = fs::OpenOptions::new().append(true).open(&file).unwrap();
    more.write_all(b"chr2\t242000000\t.\tA\tG\t7\tPASS\tAF=0.5;DP=3\tGT\t0/1\n").unwrap();
    let receipt = running.finish().expect(65).object();
    assert_eq!(string(&receipt, "state"), "FAILED");
    assert!(string(&receipt["error"], "message").contains("changed while it was read"), "{receipt}");
    assert!(oracle::published(&place.data()).is_empty());
    let receipt = place.run(&file).expect(0).object();
    adds_up(&receipt);
    assert_eq!(number(&receipt, "records"), 120_001);
}

#[test]
fn standard_input_is_a_job_of_its_own_each_time() {
    let place = Place::new();
    let text = oracle::small(3_000);
    let first = place.run_stdin(text.as_bytes()).expect(0).object();
    adds_up(&first);
    assert_eq!((string(&first, "file"), number(&first, "bytes")), ("-", text.len() as u64));
    let file = place.run(&place.write("same.vcf", &text)).expect(0).object();
    assert_eq!(first["file_digest"], file["file_digest"], "the digest is that of the bytes");
    assert_ne!(first["job"], file["job"]);
    let second = place.run_stdin(text.as_bytes()).expect(0).object();
    assert_ne!(first["job"], second["job"]);
    assert_eq!(oracle::rows(&place.data()).len() as u64, 3 * number(&first, "stored"));
}

#[test]
fn a_pipe_that_has_a_name_is_a_job_of_its_own_each_time() {
    let place = Place::new();
    let text = oracle::small(500);
    let through_a_pipe = || {
        let mut running = place.start_piped(["run", "--json", "/dev/stdin"]);
        running.stdin().write_all(text.as_bytes()).unwrap();
        running.finish().expect(0).object()
    };
    let (first, second) = (through_a_pipe(), through_a_pipe());
    let file = place.run(&place.write("same.vcf", &text)).expect(0).object();
    let jobs: std::collections::BTreeSet<&str> = [&first, &second, &file].map(|receipt| string(receipt, "job")).into();
    assert_eq!(jobs.len(), 3, "{jobs:?}");
    assert_eq!(oracle::rows(&place.data()).len() as u64, 3 * number(&first, "stored"), "none took another's place");
}

/// A FIFO to which nobody writes and from which nobody reads.
fn fifo(place: &Place, name: &str) -> PathBuf {
    let path = place.path(name);
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    path
}

#[test]
fn a_fifo_without_a_writer_is_interrupted_like_any_other_file() {
    let place = Place::new();
    let mut running = place.start(["run".as_ref(), "--json".as_ref(), fifo(&place, "fifo").as_os_str()]);
    until("the spool of the pipe", || running.is_over() || place.data().join("spool").exists());
    running.signal("TERM");
    let receipt = running.finish().expect(75).object();
    assert_eq!((string(&receipt, "state"), receipt["error"]["code"].as_u64()), ("REFUSED", Some(75)), "{receipt}");
    place.run(&place.write("other.vcf", oracle::small(10))).expect(0);
}

#[test]
fn a_fifo_whose_writer_comes_later_is_read() {
    let place = Place::new();
    let path = fifo(&place, "fifo");
    let mut running = place.start(["run".as_ref(), "--json".as_ref(), path.as_os_str()]);
    until("the spool of the pipe", || running.is_over() || place.data().join("spool").exists());
    fs::write(path, oracle::small(100)).unwrap();
    adds_up(&running.finish().expect(0).object());
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(oracle::small(100).as_bytes()));
}

#[test]
fn a_run_that_cannot_drain_ends_after_the_timeout() {
    let place = Place::new();
    let config = place.write("hasty.toml", "drain_timeout_ms = 200\n");
    let file = place.write("x.vcf", oracle::small(10));
    // Whoever opens the events file waits for its reader, who never comes.
    let events = fifo(&place, "events");
    let mut running = place.start([
        "run".as_ref(),
        "--config".as_ref(),
        config.as_os_str(),
        "--events".as_ref(),
        events.as_os_str(),
        file.as_os_str(),
    ]);
    until("the lock", || running.is_over() || fs::read(place.data().join("LOCK")).is_ok_and(|pid| !pid.is_empty()));
    running.signal("TERM");
    running.finish().expect(75);
    place.run(&file).expect(0);
}

#[test]
fn standard_input_that_was_interrupted_begins_anew() {
    let place = Place::new();
    let text = oracle::small(2_000);
    let (running, stdin, _) = held(&place, &text[..text.len() / 2]);
    assert!(running.kill());
    drop(stdin);
    assert!(oracle::published(&place.data()).is_empty());
    let receipt = place.run_stdin(text.as_bytes()).expect(0).object();
    adds_up(&receipt);
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(text.as_bytes()), "nothing of the first try is left");
    let listed = place.call(["jobs"]).expect(0).stdout;
    assert!(listed.contains("FAILED"), "the interrupted job is over: {listed}");
}

#[test]
fn standard_input_that_ends_early_is_no_short_success() {
    let place = Place::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(oracle::small(3_000).as_bytes()).unwrap();
    let stored = gzip.finish().unwrap();
    let receipt = place.run_stdin(&stored[..stored.len() / 2]).expect(65).object();
    assert_eq!(receipt["error"]["code"].as_u64(), Some(65), "{receipt}");
    assert!(oracle::published(&place.data()).is_empty());
}

#[test]
fn a_terminal_gets_words_a_script_gets_json_only() {
    let place = Place::new();
    let file = place.write("x.vcf", oracle::small(10));
    let said = place.run(&file).expect(0);
    assert_eq!(said.objects().len(), 1, "{said:?}");
    let words = place.call([OsStr::new("run"), file.as_os_str()]).expect(0).stdout;
    assert!(words.contains("COMPLETE") && !words.contains('\u{1b}'), "no colours where nobody sees them: {words}");
}
