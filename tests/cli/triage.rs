//! `triage try|explain|test`: what they print, and their exit codes. None of them needs or makes a data directory.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::place::{Place, Said};

fn repository(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name).display().to_string()
}

fn tour() -> String {
    repository("examples/tour.vcf")
}

/// `triage …` in a new place, which must stay empty.
fn triage(args: &[&str]) -> Said {
    let place = Place::new();
    let said = place.call(&[&["triage"], args].concat());
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 0, "nothing is left behind");
    said
}

#[test]
fn trying_counts_what_each_clause_drops() {
    let said = triage(&["try", &tour()]).exits(0);
    let lines: Vec<Vec<&str>> = said.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["filter", "55", "193"]), "{}", said.out);
    assert!(lines.contains(&vec!["selected", "71"]) && said.out.contains("triage by default"), "{}", said.out);
    let object = triage(&["try", "--json", &tour()]).exits(0).object();
    assert_eq!(
        (&object["rows"], &object["selected"], &object["dropped"]["effect"]),
        (&json!(267), &json!(71), &json!(88))
    );
}

#[test]
fn a_file_that_is_none_does_not_hide_the_others() {
    let said = triage(&["try", "--json", "no-such.vcf", &repository("Cargo.toml"), &tour()]).exits(65);
    assert_eq!(said.object()["selected"], 71);
    let errors: Vec<Value> = said.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(errors[0]["error"]["errors"][0]["place"], "no-such.vcf");
    assert_eq!(errors.len(), 2);
    triage(&["try", "-", "-"]).exits(64);
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let place = Place::new();
    let mut command = place.command(&["triage", "try", "--json", "-"]);
    command.stdin(Stdio::from(fs::File::open(tour()).unwrap()));
    let said = Said::from(command.output().unwrap()).exits(0);
    assert_eq!(said.object()["selected"], 71);
}

#[test]
fn what_a_file_lacks_is_said() {
    let said = triage(&["try", &repository("examples/broken.vcf")]).exits(0);
    assert!(said.out.contains("10 that a run would make dead letters of"), "{}", said.out);
    assert!(said.out.contains("not_annotated") && said.out.contains("triage_needs_annotations"), "{}", said.out);
}

#[test]
fn a_configured_triage_is_tried_and_a_wrong_one_is_refused() {
    let config = repository("config/triage-example.toml");
    let object = triage(&["try", "--json", "--config", &config, &tour()]).exits(0).object();
    let run = Place::new();
    let receipt = run.call(&["run", "--json", "--config", &config, &tour()]).exits(0).object();
    assert_eq!((&object["selected"], &object["dropped"]), (&receipt["selected"], &receipt["dropped"]), "as a run says");
    let place = Place::new();
    place.write("wrong.toml", "[triage]\nfiltre = ['PASS']\n");
    let said = place.call(&["triage", "try", "--config", "wrong.toml", &tour()]).exits(78);
    assert!(said.err.contains("wrong.toml:2"), "{}", said.err);
}

#[test]
fn explaining_shows_each_clause_up_to_the_one_that_dropped_it() {
    let said = triage(&["explain", &tour(), "chr1-169549811-C-T"]).exits(0);
    assert!(said.out.starts_with("chr1:169549811 C>T  rs6025  line 75: dropped by allele_frequency\n"), "{}", said.out);
    assert!(said.out.contains("DROPS  frequency 0.02, at most 0.01 is asked"), "{}", said.out);
    let both = triage(&["explain", "--json", &tour(), "7:140753336"]).exits(0).objects();
    let fates: Vec<_> = both.iter().map(|found| (&found["alt"], &found["selected"], &found["dropped_by"])).collect();
    assert_eq!(fates, [(&json!("T"), &json!(true), &Value::Null), (&json!("TT"), &json!(false), &json!("filter"))]);
    let by_id = triage(&["explain", "--json", &tour(), "rs113488022"]).exits(0).object();
    assert_eq!(by_id, both[0]);
    assert_eq!(by_id["clauses"][4]["seen"], "impact MODERATE, clinvar Pathogenic");
}

#[test]
fn a_variant_that_is_not_there_is_exit_64_with_a_hint() {
    for (variant, hint) in [
        ("chr7:140753336:A:G", "A>T, AC>TT"),
        ("rs0", "the ID column does not name it"),
        ("chr7:1", "1-based"),
        ("chr7:1-5", "CHROM:POS:REF:ALT"),
    ] {
        let said = triage(&["explain", &tour(), variant]).exits(64);
        assert!(said.out.is_empty() && said.err.contains(hint), "{variant}: {}", said.err);
    }
    let dead = triage(&["explain", &repository("examples/broken.vcf"), "chr1:3000"]).exits(64);
    assert!(dead.err.contains("line 10 names chr1:3000, but is no sound record"), "{}", dead.err);
    triage(&["explain", "no-such.vcf", "rs1"]).exits(65);
    let job = triage(&["explain", "last", "rs1"]).exits(65);
    assert!(job.err.contains("`vcf-agent explain last rs1`"), "{}", job.err);
}

#[test]
fn the_cases_of_the_examples_are_met() {
    let (cases, config) = (repository("examples/triage-cases.toml"), repository("config/triage-example.toml"));
    let said = triage(&["test", &cases]).exits(0);
    assert!(said.out.contains(" cases, 0 failed"), "{}", said.out);
    let object = triage(&["test", "--json", &cases]).exits(0).object();
    assert!(object["failed"] == 0 && object["cases"].as_array().unwrap().len() >= 8, "{object}");
    let other = triage(&["test", "--json", "--config", &config, &cases]).exits(1).object();
    assert!(other["failed"].as_u64().unwrap() > 0, "another triage does not meet them");
}

const CASES: &str = "\
header = '##fileformat=VCFv4.3'

[[case]]
name = 'passes'
record = '1 5 . A C . PASS .'
expect = 'selected'
";

#[test]
fn a_failed_case_is_exit_1_and_says_what_the_clauses_saw() {
    let place = Place::new();
    place.write("my.toml", "triage.filter = ['q10']\n");
    place.write("cases.toml", CASES);
    let said = place.call(&["triage", "test", "--config", "my.toml", "cases.toml"]).exits(1);
    assert!(
        said.out.starts_with("cases.toml:3: FAILED passes\n  1:5 A>C: expected selected, got filter\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("DROPS  FILTER PASS") && said.out.contains("1 cases, 1 failed"), "{}", said.out);
    assert!(said.err.is_empty(), "{}", said.err);
}

#[test]
fn a_wrong_file_of_cases_is_exit_78_with_every_line() {
    let place = Place::new();
    place.write("my.toml", "triage.filter = ['PASS']\n");
    place.write("wrong.toml", CASES.replace("selected", "select").replace("name", "nom"));
    place.write("right.toml", CASES);
    let args = ["triage", "test", "--config", "my.toml", "wrong.toml", "no-such.toml", "right.toml"];
    let said = place.call(&args).exits(78);
    let starts: Vec<&str> = said.err.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(starts.len(), 4, "{}", said.err);
    assert!(starts[0].starts_with("wrong.toml:3: ") && starts[1].starts_with("wrong.toml:4: "), "{}", said.err);
    assert!(starts[2].starts_with("wrong.toml:6: ") && starts[3].starts_with("no-such.toml: "), "{}", said.err);
    assert!(said.out.starts_with("right.toml: ") && said.out.contains("1 cases, 0 failed"), "{}", said.out);
}

/// The commands of the document with what it shows below each.
fn shown(document: &str) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for part in document.split("```sh\n").skip(1) {
        let Some((command, rest)) = part.split_once("\n```\n\n```text\n") else { continue };
        if let (false, Some((output, _))) = (command.contains('\n'), rest.split_once("```")) {
            shown.push((command.to_owned(), output.to_owned()));
        }
    }
    shown
}

#[test]
fn every_command_of_the_document_prints_what_it_shows() {
    let shown = shown(&fs::read_to_string(repository("docs/triage.md")).unwrap());
    assert!(shown.len() >= 3, "{shown:?}");
    let place = Place::new();
    for (command, output) in shown {
        let args: Vec<&str> = command.split_whitespace().skip(1).collect();
        assert_eq!(args[0], "triage", "{command}");
        let said = Said::from(place.command(&args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap());
        assert_eq!(said.out, output, "{command}: {}", said.err);
    }
}

#[test]
fn the_cases_and_the_failure_that_the_document_shows_are_real() {
    let document = fs::read_to_string(repository("docs/triage.md")).unwrap();
    let cases = document.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let place = Place::new();
    place.write("cases.toml", cases);
    place.call(&["triage", "test", "cases.toml"]).exits(0);
    let failure = document.split("```text\n").last().unwrap().split("```").next().unwrap();
    let args = ["triage", "test", "examples/triage-cases.toml", "--config", "config/triage-example.toml"];
    let said = Said::from(place.command(&args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()).exits(1);
    assert!(said.out.contains(failure), "{}", said.out);
}

#[test]
fn what_is_selected_of_the_example_gets_answers_and_abstentions() {
    let receipt = Place::new().call(&["run", "--json", &tour()]).exits(0).object();
    let counts = ["selected", "answered", "abstained", "pending"].map(|key| receipt[key].as_u64().unwrap());
    assert_eq!(counts, [71, 10, 61, 0], "as examples/README.md says");
}
