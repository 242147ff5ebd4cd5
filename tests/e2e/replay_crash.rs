//! A crash at each crash point of a replay, then the same command again, or another run: every record of it is a row or a dead letter, never both.

use crate::harness::{Place, adds_up, number, string};
use crate::oracle;

/// Points that a replay passes: its own, and those of every file and every transaction.
const POINTS: [&str; 10] = [
    "store_before_fsync",
    "store_after_fsync",
    "store_after_rename",
    "store_after_dir_fsync",
    "replay_before_intent",
    "ledger_before_commit",
    "ledger_after_commit",
    "replay_before_rename",
    "replay_after_rename",
    "replay_before_ledger",
];

/// A job of 200 records, every third of them dead by a limit; how the file's rows are.
fn place_with_dead_letters() -> (Place, Vec<(i64, i32, i64)>) {
    let place = Place::new();
    let mut text = String::new();
    for (nth, line) in oracle::generated(200).lines().enumerate() {
        let mut columns: Vec<&str> = line.split('\t').collect();
        if !line.starts_with('#') && nth % 3 == 0 {
            columns[4] = "C,G,T";
        }
        text.push_str(&(columns.join("\t") + "\n"));
    }
    place.write("many.vcf", &text);
    place.write(
        "two.toml",
        "[ingest]\nalts_max = 2\nsegment_lines_max = 16\n[analysis]\nproviders = []\n[triage.qual]\nmin = 450\n",
    );
    place.call(["run", "--config", "two.toml", "many.vcf"]).expect(3);
    (place, oracle::expected_rows(text.as_bytes()))
}

/// Crashes a replay after so many passes of a point; says whether it did.
fn crash_at(point: &str, passes: u32, finish_by_a_run: bool) -> bool {
    let (mut place, expected) = place_with_dead_letters();
    let before = oracle::rows(&place.data());
    let job = string(&place.receipt("last", &[]).object(), "job").to_owned();
    place.env = vec![(
        "FAILPOINTS".into(),
        if passes == 0 { format!("{point}=return") } else { format!("{point}={passes}*off->return") },
    )];
    let crashed = place.call(["dlq", "replay", &job, "--all"]).status.code().is_none();
    place.env.clear();
    let visible = oracle::rows(&place.data());
    assert!(visible == before || visible == expected, "{point} after {passes}: a reader sees a part");
    // Whatever it says, it never says that something does not add up.
    let code = place.receipt(&job, &["--deep"]).code();
    assert!([0, 3, 75].contains(&code), "{point} after {passes}: the receipt exits with {code}");
    for format in ["vcf", "tsv"] {
        let code = place.call(["export", &job, "--format", format]).code();
        assert!([0, 75].contains(&code), "{point} after {passes}: an export as {format} exits with {code}");
    }
    if finish_by_a_run {
        place.run(&place.write("other.vcf", oracle::generated(5))).expect(0);
        let code = place.receipt(&job, &["--deep"]).code();
        assert!([0, 3].contains(&code), "{point} after {passes}: the receipt exits with {code} after a run");
    }
    place.call(["dlq", "replay", &job, "--all"]).expect(0);
    let receipt = place.receipt(&job, &["--deep"]).expect(0).object();
    adds_up(&receipt);
    assert_eq!((number(&receipt, "dead_records"), number(&receipt, "revision")), (0, 2), "{point} after {passes}");
    let mut rows = oracle::rows(&place.data());
    if finish_by_a_run {
        let others = oracle::expected_rows(oracle::generated(5).as_bytes());
        for other in &others {
            rows.remove(rows.iter().position(|row| row == other).unwrap());
        }
    }
    assert!(rows == expected, "{point} after {passes}: the rows are not the expected ones");
    assert!(oracle::entries(&place.data().join("staging")).is_empty(), "{point} after {passes}");
    crashed
}

#[test]
fn after_a_crash_at_any_point_of_a_replay_the_same_command_or_a_run_finishes_it() {
    for point in POINTS {
        for finish_by_a_run in [false, true] {
            let crashes = (0..8).take_while(|&passes| crash_at(point, passes, finish_by_a_run)).count();
            assert!((1..8).contains(&crashes), "{point}: {crashes} crashes");
        }
    }
}

/// A record that is poison, for as long as the failpoint is there: its place, and a replay with and without it.
fn poison(failpoint: &str, dead_records: u64, dead_rows: u64) {
    let text = oracle::generated(500);
    let at = "chr1:151";
    let mut place = Place::new().with_failpoints(&format!("{failpoint}=return({at})"));
    let file = place.write("poison.vcf", &text);
    let receipt = loop {
        let said = place.run(&file);
        if said.status.code().is_some() {
            break said.expect(3).object();
        }
    };
    assert_eq!(number(&receipt, "dead_records"), dead_records, "{receipt}");
    assert!((number(&receipt, "dead_rows") > 0) == (dead_rows > 0), "{receipt}");
    // Still poison: the replay survives it, and its neighbours would too.
    let done = place.call(["dlq", "replay", "last", "--all", "--json"]).expect(3).object();
    assert_eq!((number(&done, "replayed"), number(&done["still_dead"], "poison")), (0, 1));
    place.receipt("last", &["--deep"]).expect(3);
    place.env.clear();
    place.call(["dlq", "replay", "last", "--all"]).expect(0);
    let receipt = place.receipt("last", &["--deep"]).expect(0).object();
    adds_up(&receipt);
    assert_eq!((number(&receipt, "dead_rows"), number(&receipt, "replayed")), (0, 1));
    assert!(oracle::rows(&place.data()) == oracle::expected_rows(text.as_bytes()));
    assert_eq!(place.call(["export", "last"]).expect(0).stdout, text);
}

#[test]
fn poison_is_replayed_in_a_process_of_its_own() {
    poison("parse_record_abort", 1, 0);
    poison("parse_record_panic", 1, 0);
    poison("encode_record_panic", 0, 1);
    poison("encode_record_abort", 1, 0);
}

#[test]
fn an_export_between_store_and_ledger_asks_for_another_try_and_never_says_that_something_does_not_add_up() {
    let (mut place, _) = place_with_dead_letters();
    let job = string(&place.receipt("last", &[]).object(), "job").to_owned();
    place.env = vec![("FAILPOINTS".into(), "replay_before_ledger=return".into())];
    assert_eq!(place.call(["dlq", "replay", &job, "--all"]).status.code(), None, "it crashed");
    place.env.clear();
    // The replayed rows are visible, and the ledger does not know it yet.
    for format in ["vcf", "tsv", "jsonl", "parquet"] {
        let said = place.call(["export", &job, "--format", format, "-o", "out"]).expect(75);
        assert!(said.stderr.contains("are being replayed"), "{format}: {said:?}");
        assert!(!place.path("out").exists(), "{format}");
    }
    place.call(["dlq", "replay", &job, "--all"]).expect(0);
    for format in ["vcf", "tsv", "jsonl", "parquet"] {
        place.call(["export", &job, "--format", format, "-o", "out"]).expect(0);
        assert!(place.path("out").exists(), "{format}");
    }
}
