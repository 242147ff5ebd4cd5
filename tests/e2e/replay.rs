//! Dead letters that are replayed and dropped: what comes out at the end is what a file without faults gives, and every step is written down.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Place, adds_up, number, string};
use crate::oracle;

/// A sound file in which every third record has three ALTs.
fn with_many_alts(records: u64) -> String {
    let mut text = String::new();
    for (nth, line) in oracle::generated(records).lines().enumerate() {
        let mut columns: Vec<&str> = line.split('\t').collect();
        if !line.starts_with('#') && nth % 3 == 0 {
            columns[4] = "C,G,T";
        }
        text.push_str(&(columns.join("\t") + "\n"));
    }
    text
}

/// Under this limit a record with three ALTs is a dead letter. The triage selects some of each segment.
const TWO_ALTS: &str =
    "[ingest]\nalts_max = 2\nsegment_lines_max = 64\n[analysis]\nproviders = []\n[triage.qual]\nmin = 450\n";

/// A file that was run under [`TWO_ALTS`]: the place, the file, the configuration, the receipt.
fn with_dead_letters(text: &str) -> (Place, PathBuf, PathBuf, Value) {
    let place = Place::new();
    let (file, config) = (place.write("many.vcf", text), place.write("two.toml", TWO_ALTS));
    let words = ["run", "--json", "--config", "two.toml", "many.vcf"];
    let receipt = place.call(words).expect(3).object();
    assert!(number(&receipt, "dead_records") > 0);
    (place, file, config, receipt)
}

/// The receipt now, whose equations hold and whose `--deep` does too.
#[track_caller]
fn proven(place: &Place, code: i32) -> Value {
    let receipt = place.receipt("last", &["--deep"]).expect(code).object();
    adds_up(&receipt);
    assert_eq!(receipt["deep"]["holds"], Value::Bool(true), "{receipt}");
    receipt
}

#[track_caller]
fn exports_as(place: &Place, text: &str) {
    let exported = place.call(["export", "last"]).expect(0).stdout;
    assert!(exported == text, "the export is not the file");
}

#[test]
fn thousands_of_dead_letters_are_replayed_at_a_rate_once_the_limit_is_raised() {
    let text = with_many_alts(9_000);
    let (place, _, _, before) = with_dead_letters(&text);
    let dead = number(&before, "dead_records");
    assert!(dead > 2_900);
    let done = place.call(["dlq", "replay", "last", "--all", "--rate", "100000", "--json"]).expect(0).object();
    assert_eq!((number(&done, "replayed"), number(&done, "open")), (dead, 0));
    let receipt = proven(&place, 0);
    assert_eq!(number(&receipt, "revision"), 2);
    assert_eq!(
        (number(&receipt, "replayed"), number(&receipt, "edited"), number(&receipt, "dead_records")),
        (dead, 0, 0)
    );
    assert!(oracle::rows(&place.data()) == oracle::expected_rows(text.as_bytes()));
    exports_as(&place, &text);
    // As if there had never been a limit: triage has chosen the same rows.
    let other = Place::new();
    other.write("many.vcf", &text);
    other.write("all.toml", TWO_ALTS.replace("alts_max = 2\n", ""));
    let sound = other.call(["run", "--json", "--config", "all.toml", "many.vcf"]).expect(0).object();
    for field in ["records", "parsed", "alleles", "no_alt", "stored", "selected", "dropped"] {
        assert_eq!(receipt[field], sound[field], "{field}");
    }
    assert!(number(&receipt, "selected") > 0);
    assert_eq!(receipt["certificate"], sound["certificate"]);
    // Another triage finds each row at its place.
    let another = TWO_ALTS.replace("450", "700");
    place.write("two.toml", &another);
    let again = place.call(["run", "--json", "--config", "two.toml", "many.vcf"]).expect(0).object();
    other.write("all.toml", another.replace("alts_max = 2\n", ""));
    let sound = other.call(["run", "--json", "--config", "all.toml", "many.vcf"]).expect(0).object();
    assert_eq!((&again["selected"], &again["dropped"]), (&sound["selected"], &sound["dropped"]));
    proven(&place, 0);
}

#[test]
fn a_second_replay_finds_nothing_left_and_changes_nothing() {
    let (place, ..) = with_dead_letters(&with_many_alts(300));
    place.call(["dlq", "replay", "last", "--all"]).expect(0);
    let before = proven(&place, 0);
    let done = place.call(["dlq", "replay", "last", "--all", "--json"]).expect(0).object();
    assert_eq!((number(&done, "replayed"), number(&done, "revision")), (0, 2));
    assert_eq!(proven(&place, 0), before);
    let record = place.call(["dlq", "ls", "last", "--all", "--json"]).expect(0).objects();
    assert!(record.is_empty());
    place.call(["dlq", "replay", "last", "7777"]).expect(64);
}

/// Every file of a data directory but the ledger's, with its bytes.
fn files(place: &Place) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![place.data()]);
    while let Some(folder) = folders.pop() {
        for path in oracle::entries(&folder) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with("ledger.db-") {
                found.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_would_happen() {
    let (place, _, config, receipt) = with_dead_letters(&with_many_alts(300));
    let (before, dead) = (files(&place), number(&receipt, "dead_records"));
    let done = place.call(["dlq", "replay", "last", "--all", "--dry-run", "--json"]).expect(0).object();
    assert_eq!((number(&done, "replayed"), number(&done, "open")), (dead, dead));
    let config = config.to_string_lossy().into_owned();
    let words = ["dlq", "replay", "last", "--all", "--dry-run", "--json", "--config", &config];
    let done = place.call(words).expect(3).object();
    assert_eq!((number(&done, "replayed"), number(&done["still_dead"], "too_many_alts")), (0, dead));
    let done = place.call(["dlq", "drop", "last", "--all", "--dry-run", "--json"]).expect(0).object();
    assert_eq!((number(&done, "dropped"), number(&done, "open")), (dead, dead));
    assert!(files(&place) == before);
    assert_eq!(number(&proven(&place, 3), "revision"), 1);
}

#[test]
fn a_letter_that_is_still_dead_keeps_its_text_and_gets_the_new_reason() {
    let (place, ..) = with_dead_letters(&with_many_alts(30));
    let first =
        |place: &Place| place.call(["dlq", "ls", "last", "--json", "--limit", "1"]).expect(0).objects().remove(0);
    let before = first(&place);
    let record = before["record"].to_string();
    let raw = place.call(["dlq", "show", "last", &record, "--raw"]).expect(0).stdout;
    place.write("one.toml", "[ingest]\nalts_max = 1\n");
    let done = place.call(["dlq", "replay", "last", &record, "--json", "--config", "one.toml"]).expect(3).object();
    assert_eq!((number(&done, "replayed"), number(&done["still_dead"], "too_many_alts")), (0, 1));
    let after = first(&place);
    assert!(string(&before, "detail").contains("alts_max = 2"), "{before}");
    assert!(string(&after, "detail").contains("alts_max = 1"), "{after}");
    assert_eq!(number(&after, "failed_replays"), 1);
    assert_eq!(place.call(["dlq", "show", "last", &record, "--raw"]).expect(0).stdout, raw);
    assert_eq!(number(&proven(&place, 3), "revision"), 1);
}

/// Ten records of which the fourth is none; the file, and how it should be.
fn with_a_typo() -> (String, String) {
    let sound = oracle::generated(10);
    (sound.replace("chr1\t109\t", "chr1\t1o9\t"), sound)
}

#[test]
fn an_edited_record_is_stored_at_its_place_and_the_receipt_says_so() {
    let place = Place::new();
    let (text, sound) = with_a_typo();
    place.run(&place.write("typo.vcf", &text)).expect(3);
    let raw = place.call(["dlq", "show", "last", "3", "--raw"]).expect(0).stdout;
    assert!(raw.starts_with("chr1\t1o9\t"));
    let words = ["dlq", "replay", "last", "3", "--edit", "line.txt", "--by", "ada", "--json"];
    // Still no record: nothing changes, not even the reason.
    place.write("line.txt", raw.replace("1o9", "l09"));
    let said = place.call(words).expect(65);
    assert!(said.stderr.contains("pos_not_a_number") && said.stderr.contains("nothing was changed"), "{said:?}");
    assert_eq!(number(&proven(&place, 3), "revision"), 1);
    for bad in ["", "#x\n", "a\nb\n"] {
        place.write("line.txt", bad);
        place.call(words).expect(65);
    }
    place.write("line.txt", raw.replace("1o9", "109"));
    let done = place.call(words).expect(0).object();
    assert_eq!((number(&done, "replayed"), number(&done, "edited"), number(&done, "revision")), (1, 1, 2));
    let receipt = proven(&place, 0);
    assert_eq!((number(&receipt, "replayed"), number(&receipt, "edited")), (1, 1));
    assert!(place.call(["receipt"]).expect(0).stdout.contains("1 of them with another text than the file's"));
    exports_as(&place, &sound);
    // Both texts are known, and who did it.
    let shown = place.call(["dlq", "show", "last", "3", "--json"]).expect(0).object();
    assert_eq!(shown["raw"].as_str().unwrap().to_owned() + "\n", raw);
    assert_eq!(shown["edited"]["raw"].as_str().unwrap().to_owned() + "\n", raw.replace("1o9", "109"));
    assert_eq!((string(&shown["replayed"], "by"), number(&shown["replayed"], "revision")), ("ada", 2));
    // A letter is replayed once.
    place.call(words).expect(64);
}

#[test]
fn dropped_letters_stay_known_and_are_no_open_items() {
    let place = Place::new();
    let (text, sound) = with_a_typo();
    let text = text.replace("chr2\t106\t.\tA\t", "chr2\t106\t.\t.\t");
    let file = place.write("typo.vcf", &text);
    let receipt = place.run(&file).expect(3).object();
    assert_eq!(number(&receipt, "dead_records"), 2);
    let groups = place.call(["dlq", "ls", "last", "--by-reason", "--json"]).expect(0).objects();
    let reasons: Vec<&str> = groups.iter().map(|group| string(group, "reason")).collect();
    assert_eq!(reasons, ["pos_not_a_number", "ref_missing"]);
    place.call(["dlq", "drop", "last"]).expect(64);
    place.call(["dlq", "drop", "last", "0"]).expect(64);
    for command in ["ls", "drop", "replay"] {
        let said = place.call(["dlq", command, "last", "--reason", "ref_miss"]).expect(64);
        assert!(said.stderr.contains("the reasons there are: ref_missing, pos_not_a_number"), "{said:?}");
    }
    let words = ["dlq", "drop", "last", "--reason", "ref_missing", "--by", "ada", "--why", "known"];
    let said = place.call(words).expect(3);
    assert!(said.stdout == "1 dropped\n" && said.stderr.starts_with("1 dead letters"), "{said:?}");
    assert_eq!(place.call(["dlq", "ls", "last", "--json"]).expect(0).objects().len(), 1);
    let all = place.call(["dlq", "ls", "last", "--all", "--json"]).expect(0).objects();
    assert_eq!((string(&all[1]["dropped"], "by"), string(&all[1]["dropped"], "why")), ("ada", "known"));
    let lines = place.call(["dlq", "ls", "last", "--all"]).expect(0).stdout;
    assert!(lines.ends_with("dropped by ada: known\n"), "{lines}");
    assert!(place.call(["receipt", "last"]).expect(3).stdout.contains("` lists what is not stored"));
    place.call(["dlq", "drop", "last", "3"]).expect(0);
    let shown = place.call(["receipt", "last"]).expect(0).stdout;
    assert!(shown.contains(" --all` lists what is not stored"), "{shown}");
    let receipt = proven(&place, 0);
    assert_eq!(
        (number(&receipt, "dead_records"), number(&receipt, "dropped_dead"), number(&receipt, "revision")),
        (2, 2, 1)
    );
    place.run(&file).expect(0);
    // Dropped twice is dropped once; and what was dropped can still be replayed by its number.
    assert_eq!(place.call(["dlq", "drop", "last", "--all", "--json"]).expect(0).object()["dropped"], 0);
    let line = oracle::data_lines(sound.as_bytes())[3].1.to_vec();
    place.write("line.txt", line);
    place.call(["dlq", "replay", "last", "3", "--edit", "line.txt"]).expect(0);
    let receipt = proven(&place, 0);
    assert_eq!((number(&receipt, "dead_records"), number(&receipt, "dropped_dead")), (1, 1));
}

#[test]
fn a_long_record_is_read_from_its_file_again_if_that_is_still_the_same() {
    let mut text = with_many_alts(30);
    let at = text.find("C,G,T\t").unwrap() + text[text.find("C,G,T\t").unwrap()..].find("DP=").unwrap();
    text.insert_str(at, &format!("LONG={};", "x".repeat(100_000)));
    let (place, file, _, receipt) = with_dead_letters(&text);
    let dead = number(&receipt, "dead_records");
    fs::write(&file, text.replace("xxx", "yyy")).unwrap();
    let done = place.call(["dlq", "replay", "last", "--all", "--json"]).expect(3).object();
    assert_eq!((number(&done, "replayed"), number(&done, "open")), (dead - 1, 1));
    assert!(done["not_tried"].to_string().contains("--edit FILE"), "{done}");
    fs::write(&file, &text).unwrap();
    place.call(["dlq", "replay", "last", "--all"]).expect(0);
    assert_eq!(number(&proven(&place, 0), "revision"), 3);
    exports_as(&place, &text);
}

#[test]
fn replaying_and_dropping_wait_for_nobody_and_name_who_writes() {
    let (place, ..) = with_dead_letters(&with_many_alts(30));
    let mut running = place.start_piped(["run", "--json", "-"]);
    let pid = running.pid().to_string();
    let stdin = running.stdin();
    let lock = place.data().join("LOCK");
    while fs::read_to_string(&lock).is_ok_and(|holder| holder.trim() != pid) {
        assert!(!running.is_over());
        std::thread::yield_now();
    }
    for command in ["replay", "drop"] {
        let said = place.call(["dlq", command, "last", "--all"]).expect(75);
        assert!(said.stderr.contains(&format!("in use by process {pid}")), "{said:?}");
    }
    // A dry run only reads.
    place.call(["dlq", "replay", "last", "--all", "--dry-run"]).expect(0);
    drop(stdin);
    running.finish();
    place.call(["dlq", "replay", "many.vcf", "--all"]).expect(0);
}
