//! A record whose handling panics, or aborts the process, costs itself: it becomes a dead letter, its neighbours are stored.

use std::path::Path;
use std::process::Command;

use crate::harness::{Place, adds_up, number, string};
use crate::oracle;
use crate::present::program;

const RECORDS: u64 = 9_000;

/// The record that is poison: its POS and its place among the expected rows.
fn victim(text: &str) -> (i64, String) {
    let lines = oracle::data_lines(text.as_bytes());
    let columns: Vec<&str> = std::str::from_utf8(lines[5_000].1).unwrap().split('\t').collect();
    (5_000, format!("{}:{}", columns[0], columns[1]))
}

/// Everything but the victim is stored, and the victim is a dead letter of the reason `poison`. `file` holds the text in some form.
fn neighbours_are_stored(place: &Place, file: &Path, text: &str, ordinal: i64) {
    // The same command goes on after a crash; each crash brings it further, or costs one record.
    let mut runs = 0;
    let said = loop {
        let said = place.run(file);
        runs += 1;
        if said.status.code().is_some() {
            break said;
        }
        assert!(runs < 6, "it crashes again and again: {said:?}");
    };
    let receipt = said.expect(3).object();
    adds_up(&receipt);
    assert_eq!(number(&receipt, "records"), RECORDS);
    let mut expected = oracle::expected_rows(text.as_bytes());
    expected.retain(|(o, ..)| *o != ordinal);
    assert!(oracle::rows(&place.data()) == expected, "the neighbours are not all there");
    let listed = place.call(["dlq", "ls", string(&receipt, "job")]).expect(0).stdout;
    assert!(listed.contains("poison"), "{listed}");
    place.receipt(string(&receipt, "job"), &["--deep"]).expect(3);
}

fn with_poison(failpoint: &str) {
    let text = oracle::generated(RECORDS);
    let (ordinal, at) = victim(&text);
    let place = Place::new().with_failpoints(&format!("{failpoint}=return({at})"));
    let file = place.write("poison.vcf", &text);
    neighbours_are_stored(&place, &file, &text, ordinal);
}

#[test]
fn a_record_on_which_the_parser_panics() {
    with_poison("parse_record_panic");
}

#[test]
fn a_record_on_which_the_parser_aborts() {
    with_poison("parse_record_abort");
}

#[test]
fn a_record_of_a_bcf_on_which_the_parser_panics_or_aborts() {
    if !program("a_record_of_a_bcf_on_which_the_parser_panics_or_aborts", "bcftools") {
        return;
    }
    let text = oracle::generated(RECORDS);
    let (ordinal, at) = victim(&text);
    for failpoint in ["parse_record_panic", "parse_record_abort"] {
        let place = Place::new().with_failpoints(&format!("{failpoint}=return({at})"));
        let (plain, file) = (place.write("poison.vcf", &text), place.path("poison.bcf"));
        let made = Command::new("bcftools").args(["view", "-Ob", "-o"]).args([&file, &plain]).status().unwrap();
        assert!(made.success());
        neighbours_are_stored(&place, &file, &text, ordinal);
    }
}

#[test]
fn a_record_on_which_the_encoder_panics() {
    with_poison("encode_record_panic");
}

#[test]
fn a_record_on_which_the_encoder_aborts() {
    with_poison("encode_record_abort");
}

#[test]
fn without_a_crash_point_nothing_is_poison() {
    let place = Place::new();
    let receipt = place.run(&place.write("fine.vcf", oracle::generated(RECORDS))).expect(0).object();
    assert_eq!(number(&receipt, "dead_records") + number(&receipt, "dead_rows"), 0, "{receipt}");
}
