//! Exit codes, the shape of the receipt, and the commands that only read.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::harness::{Place, adds_up, number, string};
use crate::oracle::{self, entries};
use crate::present::program;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// What the contract promises in every receipt; `error` comes only with a refusal or a failure.
const KEYS: [&str; 33] = [
    "job",
    "revision",
    "file",
    "file_digest",
    "bytes",
    "assembly",
    "samples",
    "records",
    "parsed",
    "dead_records",
    "alleles",
    "no_alt",
    "stored",
    "dead_rows",
    "dropped",
    "selected",
    "cached",
    "answered",
    "abstained",
    "dead_tasks",
    "dead_letters",
    "dropped_dead",
    "replayed",
    "edited",
    "pending",
    "providers",
    "warnings",
    "state",
    "certificate",
    "started_at",
    "finished_at",
    "stored_per_second",
    "error",
];

fn keys(receipt: &Value) -> BTreeSet<&str> {
    receipt.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_example_is_complete_and_its_receipt_has_every_key() {
    let (place, file) = (Place::new(), example("tour.vcf"));
    let receipt = place.run(&file).expect(0).object();
    let promised: BTreeSet<&str> = KEYS.into_iter().filter(|key| *key != "error").collect();
    assert_eq!(keys(&receipt), promised);
    adds_up(&receipt);
    let counts = oracle::count(&fs::read(&file).unwrap());
    assert_eq!(
        [number(&receipt, "records"), number(&receipt, "alleles"), number(&receipt, "no_alt")],
        [counts.records, counts.alleles, counts.no_alt]
    );
    assert_eq!((number(&receipt, "samples"), number(&receipt, "dead_records")), (3, 0));
    assert_eq!(string(&receipt, "assembly"), "GRCh38");
    assert_eq!(number(&receipt, "bytes"), fs::metadata(&file).unwrap().len());
    let selected = number(&receipt, "selected");
    assert!(selected > 0 && selected < counts.alleles, "the triage by default selects a few: {receipt}");
    let certificate: BTreeSet<&str> = keys(&receipt["certificate"]);
    assert_eq!(certificate, ["rows", "digest_sum", "expected_digest_sum", "holds"].into());
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(&fs::read(&file).unwrap()));
}

#[test]
fn the_digest_is_what_sha256sum_says() {
    let place = Place::new();
    if !program("the_digest_is_what_sha256sum_says", "sha256sum") {
        return;
    }
    let receipt = place.run(&example("tour.vcf")).expect(0).object();
    let said = Command::new("sha256sum").arg(example("tour.vcf")).output().unwrap();
    assert!(String::from_utf8(said.stdout).unwrap().starts_with(string(&receipt, "file_digest")), "{receipt}");
}

#[test]
fn the_receipt_later_is_the_receipt_then() {
    let place = Place::new();
    let then = place.run(&example("tour.vcf")).expect(0).object();
    let job = string(&then, "job");
    assert_eq!(place.receipt(job, &[]).expect(0).object(), then);
    let deep = place.receipt(job, &["--deep"]).expect(0).object();
    assert_eq!(deep["certificate"], then["certificate"]);
    let again = place.run(&example("tour.vcf")).expect(0).object();
    assert_eq!(
        (&again["job"], &again["certificate"]),
        (&then["job"], &then["certificate"]),
        "the same file is the same job"
    );
    assert_eq!(oracle::rows(&place.data()).len() as u64, number(&then, "stored"), "and is not stored twice");
}

#[test]
fn another_triage_for_a_stored_file_selects_anew_and_stores_nothing_twice() {
    let (place, file) = (Place::new(), example("tour.vcf"));
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/triage-example.toml");
    let events = place.path("events.jsonl");
    let words = ["run".as_ref(), "--json".as_ref(), "--events".as_ref(), events.as_os_str(), file.as_os_str()];
    let with_triage = [&words[..], &["--config".as_ref(), config.as_os_str()]].concat();
    let fresh = Place::new().call([
        "run".as_ref(),
        "--json".as_ref(),
        "--config".as_ref(),
        config.as_os_str(),
        file.as_os_str(),
    ]);
    let fresh = fresh.expect(0).object();
    assert!(number(&fresh, "selected") > 0, "the example's triage selects something: {fresh}");
    let plain = place.call(words).expect(0).object();
    assert_eq!(number(&plain, "revision"), 1);
    assert_ne!(plain["dropped"], fresh["dropped"], "the triage by default is another one");
    let asked = place.call(&with_triage).expect(0).object();
    adds_up(&asked);
    for key in ["selected", "dropped", "pending", "stored", "certificate"] {
        assert_eq!(asked[key], fresh[key], "{key}: as if it had been configured from the beginning");
    }
    assert_eq!((&asked["job"], number(&asked, "revision")), (&plain["job"], 2));
    // The same triage again, or none, changes nothing.
    for words in [&with_triage[..], &words] {
        let again = place.call(words).expect(0).object();
        assert_eq!((&again["dropped"], number(&again, "revision")), (&asked["dropped"], 2));
    }
    place.receipt(string(&asked, "job"), &["--deep"]).expect(0);
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(&fs::read(&file).unwrap()));
    let kinds = fs::read_to_string(events).unwrap();
    assert_eq!(kinds.matches("\"job_triaged\"").count(), 1, "{kinds}");
}

#[test]
fn malformed_records_are_dead_letters_and_the_rest_is_stored() {
    let (place, file) = (Place::new(), example("broken.vcf"));
    let receipt = place.run(&file).expect(3).object();
    adds_up(&receipt);
    assert_eq!(string(&receipt, "state"), "COMPLETE");
    assert_eq!(
        [number(&receipt, "records"), number(&receipt, "dead_records"), number(&receipt, "stored")],
        [13, 10, 3]
    );
    let codes: BTreeSet<&str> = receipt["warnings"].as_array().unwrap().iter().map(|w| string(w, "code")).collect();
    assert!(codes.len() >= 3, "the blank line, the late header and the odd values are warnings: {codes:?}");
    let job = string(&receipt, "job");
    place.receipt(job, &["--deep"]).expect(3);
    let list = place.call(["dlq", "ls", job]).expect(0).stdout;
    for line in [7, 8, 9, 10, 11, 12, 13, 14, 15, 16] {
        assert!(list.contains(&line.to_string()), "line {line} is missing in:\n{list}");
    }
}

#[test]
fn a_gzipped_file_says_the_same_as_its_text() {
    let place = Place::new();
    let text = fs::read(example("tour.vcf")).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut gzip, &text).unwrap();
    let stored = gzip.finish().unwrap();
    let whole = place.run(&place.write("named-like-text.vcf", &stored)).expect(0).object();
    let plain = place.run(&example("tour.vcf")).expect(0).object();
    for key in ["records", "alleles", "no_alt", "stored", "certificate"] {
        assert_eq!(whole[key], plain[key], "{key}");
    }
    assert_ne!(whole["job"], plain["job"], "other bytes, another job");
    let cut = place.run(&place.write("cut.vcf.gz", &stored[..stored.len() - 9])).expect(65).object();
    assert_eq!(cut["certificate"], Value::Null);
    assert_eq!(cut["error"]["code"].as_u64(), Some(65), "{cut}");
    assert_eq!(oracle::published(&place.data()).len(), 2, "nothing of the cut file is visible");
}

#[test]
fn a_refused_file_has_a_receipt_too_and_costs_no_other_file() {
    let place = Place::new();
    let bad = place.write("picture.vcf", b"\x89PNG\r\n\x1a\nthis is not a VCF\n");
    let said =
        place.call(["run".as_ref(), "--json".as_ref(), bad.as_os_str(), example("tour.vcf").as_os_str()]).expect(65);
    let receipts = said.objects();
    assert_eq!(receipts.len(), 2, "{said:?}");
    assert_eq!(string(&receipts[0], "state"), "REFUSED");
    let promised: BTreeSet<&str> = KEYS.into_iter().collect();
    assert_eq!(keys(&receipts[0]), promised);
    assert_eq!(receipts[0]["error"]["code"].as_u64(), Some(65));
    assert_eq!(receipts[0]["error"]["line"].as_u64(), Some(1), "{}", receipts[0]);
    assert_eq!(string(&receipts[1], "state"), "COMPLETE");
}

#[test]
fn wrong_words_on_the_command_line_are_exit_64() {
    let place = Place::new();
    for words in
        [&["run"][..], &["run", "--no-such-flag", "x.vcf"], &["no-such-command"], &["export", "j0", "--format", "pdf"]]
    {
        let said = place.call(words).expect(64);
        assert!(!said.stderr.is_empty() && said.stdout.is_empty(), "{said:?}");
    }
    place.call(["--help"]).expect(0);
    place.call(["--version"]).expect(0);
}

#[test]
fn a_file_that_is_not_there_is_exit_65() {
    let place = Place::new();
    let said = place.call(["run", "--json", "absent.vcf"]);
    assert!(format!("{}{}", said.stdout, said.stderr).contains("absent.vcf"), "{said:?}");
    said.expect(65);
}

#[test]
fn a_wrong_configuration_is_exit_78_and_names_every_mistake_with_its_line() {
    let place = Place::new();
    let config = place.write("bad.toml", "worker_threads = -1\n\n[ingest]\nline_byte_max = 7\n");
    let config = config.to_str().unwrap();
    for words in [["config", "check", "--config", config].as_slice(), &["run", "--config", config, "x.vcf"]] {
        let said = place.call(words).expect(78);
        for place_of in ["bad.toml:1", "bad.toml:4"] {
            assert!(format!("{}{}", said.stderr, said.stdout).contains(place_of), "{place_of} is missing in {said:?}");
        }
    }
}

#[test]
fn a_damaged_row_file_is_exit_4() {
    let place = Place::new();
    let receipt = place.run(&example("tour.vcf")).expect(0).object();
    let job = string(&receipt, "job");
    let file = oracle::published(&place.data()).pop().unwrap();
    let sound = fs::read(&file).unwrap();
    // Anywhere in the pages of the columns; the file stays as long as it was.
    let mut damaged = sound.clone();
    damaged[40..200].iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(&file, &damaged).unwrap();
    place.receipt(job, &["--deep"]).expect(4);
    place.receipt(job, &[]).expect(4);
    fs::remove_file(&file).unwrap();
    place.receipt(job, &[]).expect(4);
    // The same file again is the same job: it is no success either, and another triage leaves its selection alone.
    let again = place.run(&example("tour.vcf")).expect(4).object();
    assert_eq!((string(&again, "job"), number(&again["certificate"], "rows")), (job, 0), "{again}");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/triage-example.toml");
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str()];
    let asked = place.call([&words[..], &[example("tour.vcf").as_os_str()]].concat()).expect(4).object();
    assert_eq!((&asked["dropped"], &asked["revision"]), (&receipt["dropped"], &receipt["revision"]), "{asked}");
    fs::write(&file, &sound).unwrap();
    place.receipt(job, &["--deep"]).expect(0);
}

#[test]
fn more_dead_letters_than_allowed_fail_the_job_and_name_the_first_ten() {
    let place = Place::new();
    let config = place.write("few.toml", "[ingest]\ndead_letters_max = 20\n");
    let mut text = oracle::small(50);
    (0..40).for_each(|i| text.push_str(&format!("chr1\tx{i}\t.\tA\tC\t.\t.\t.\tGT\t0/1\n")));
    let file = place.write("bad.vcf", text);
    let said =
        place.call(["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()]);
    let receipt = said.expect(65).object();
    assert_eq!(string(&receipt, "state"), "FAILED");
    let message = string(&receipt["error"], "message");
    let lines: Vec<u64> = (58..68).collect();
    assert!(lines.iter().all(|line| message.contains(&line.to_string())), "the first ten lines are named: {message}");
    assert!(oracle::published(&place.data()).is_empty(), "a failed job has no visible row");
}

#[test]
fn a_disk_that_is_full_is_exit_74_and_the_same_command_goes_on() {
    let test = "a_disk_that_is_full_is_exit_74_and_the_same_command_goes_on";
    let place = Place::new();
    if !program(test, "bash") {
        return;
    }
    let file = place.write("big.vcf", oracle::generated(60_000));
    // No file may grow beyond 64 KiB: writing fails like on a full disk (EFBIG instead of ENOSPC).
    let mut limited = Command::new("bash");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" run --json \"$1\"";
    limited.args(["-c", script, env!("CARGO_BIN_EXE_vcf-agent")]).arg(&file);
    let said = place.start_command(place.prepare(limited)).finish();
    assert_eq!(said.code(), 74, "{said:#?}");
    assert!(oracle::published(&place.data()).is_empty(), "nothing is visible");
    let receipt = place.run(&file).expect(0).object();
    adds_up(&receipt);
    assert_eq!(oracle::rows(&place.data()), oracle::expected_rows(&fs::read(&file).unwrap()));
}

#[test]
fn every_event_is_one_json_line() {
    let place = Place::new();
    let events = place.path("events.jsonl");
    place.call(["run".as_ref(), "--events".as_ref(), events.as_os_str(), example("tour.vcf").as_os_str()]).expect(0);
    let text = fs::read_to_string(events).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| string(event, "kind")).collect();
    for kind in ["job_accepted", "group_committed", "job_publishing", "job_complete"] {
        assert!(kinds.contains(&kind), "{kind} is missing in {kinds:?}");
    }
    assert!(events.windows(2).all(|pair| number(&pair[0], "seq") < number(&pair[1], "seq")), "{text}");
}

#[test]
fn no_receipt_event_or_log_names_a_sample() {
    let place = Place::new();
    let events = place.path("events.jsonl");
    let mut command = place.command();
    command.args(["run".as_ref(), "--events".as_ref(), events.as_os_str(), example("tour.vcf").as_os_str()]);
    command.env("RUST_LOG", "trace");
    let said = place.start_command(command).finish().expect(0);
    let all = said.stdout + &said.stderr + &fs::read_to_string(events).unwrap();
    assert!(!all.contains("SYNTH_"), "{all}");
}

#[test]
fn jobs_lists_what_ran_and_doctor_finds_nothing_wrong() {
    let place = Place::new();
    let receipt = place.run(&example("tour.vcf")).expect(0).object();
    let listed = place.call(["jobs"]).expect(0).stdout;
    assert!(listed.contains(string(&receipt, "job")) && listed.contains("COMPLETE"), "{listed}");
    place.call(["doctor"]).expect(0);
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.call(["completions", shell]).expect(0).stdout.contains("vcf-agent"));
    }
}

#[test]
fn a_run_leaves_only_its_data_directory() {
    let place = Place::new();
    place.run(&example("tour.vcf")).expect(0);
    let left: Vec<PathBuf> = entries(place.data().parent().unwrap());
    assert_eq!(left, [place.data()]);
}

#[test]
fn another_layout_of_a_file_takes_the_place_of_the_old_one_and_leaves_nothing_of_it() {
    let place = Place::new();
    let old = place.run(&example("tour.vcf")).expect(0).object();
    let old = string(&old, "job");
    let visible = |job: &str| place.data().join(format!("alleles/job={job}"));
    let kept: Vec<(PathBuf, Vec<u8>)> =
        entries(&visible(old)).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let config = place.write("layout.toml", "[ingest]\nsegment_lines_max = 64\n");
    let words = ["run", "--json", "--config"].map(OsStr::new);
    let words: Vec<&OsStr> = words.into_iter().chain([config.as_os_str()]).collect();
    let run = |file: &Path| place.call(words.iter().copied().chain([file.as_os_str()])).expect(0).object();
    let new = run(&example("tour.vcf"));
    assert_ne!(string(&new, "job"), old);
    let listed = place.call(["jobs"]).expect(0).stdout;
    assert!(listed.lines().any(|line| line.starts_with(old) && line.contains("REPLACED")), "{listed}");
    let expected = oracle::expected_rows(&fs::read(example("tour.vcf")).unwrap());
    assert_eq!(oracle::rows(&place.data()), expected, "only the new rows are visible");

    // As after a crash before the old folder was renamed away, and after one before it was removed.
    let deleted = place.data().join("staging").join(format!(".deleted-{old}"));
    for folder in [visible(old), deleted] {
        fs::create_dir(&folder).unwrap();
        for (path, bytes) in &kept {
            fs::write(folder.join(path.file_name().unwrap()), bytes).unwrap();
        }
        run(&example("tour.vcf"));
        assert!(!folder.exists(), "{} is still there after the next start", folder.display());
    }
    assert_eq!(oracle::rows(&place.data()), expected);
}

#[test]
fn events_that_cannot_be_written_are_exit_74_and_come_with_the_next_run() {
    let place = Place::new();
    let file = example("tour.vcf");
    let run = |events: &Path| {
        place.call(["run".as_ref(), "--json".as_ref(), "--events".as_ref(), events.as_os_str(), file.as_os_str()])
    };
    let said = run(Path::new("/dev/full")).expect(74);
    assert_eq!(string(&said.object(), "state"), "COMPLETE", "the receipt stays as it is");
    let error = said.stderr.lines().find(|line| line.contains("/dev/full")).unwrap_or_else(|| panic!("{said:?}"));
    assert!(error.contains("not all events were written") && error.contains("--events"), "{error}");
    let events = place.path("events.jsonl");
    run(&events).expect(0);
    let text = fs::read_to_string(events).unwrap();
    assert!(text.contains("\"seq\":1}") && text.contains("group_committed"), "the events of the first run: {text}");
}

#[test]
fn a_data_directory_that_is_a_file_is_called_one() {
    let place = Place::new();
    let file = place.write("data", "words");
    let said = place.run(&example("tour.vcf")).expect(74);
    assert!(said.stderr.contains("it is a file, not a folder"), "{said:?}");
    assert_eq!(fs::read_to_string(file).unwrap(), "words");
}
