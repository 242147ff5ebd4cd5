//! Exports that leave something out: what a filter takes, and that nothing is lost without a word.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::exports::{ASKED, ODD, asked, export, info_of, objects, odd};
use crate::harness::{Place, number};
use crate::present::{program, shared};

/// Positions of an export, and its notes.
#[track_caller]
fn positions(place: &Place, more: &[&str]) -> (Vec<u64>, String) {
    let said = export(place, &[&["--format", "jsonl"], more].concat());
    let mut positions: Vec<u64> = said.objects().iter().map(|object| object["pos"].as_u64().unwrap()).collect();
    positions.dedup();
    (positions, said.stderr)
}

#[test]
fn regions_take_what_their_bases_touch() {
    let (place, _) = odd();
    let bed = place.write("a.bed", "1\t59\t60\n");
    let (found, notes) = positions(&place, &["--regions", "chr1:8-29,1:40", "--regions-file", bed.to_str().unwrap()]);
    assert_eq!(found, [20, 40, 60]);
    assert!(notes.contains("3 of 6 records written, 3 of 7 rows"), "{notes}");
    assert_eq!(positions(&place, &["--regions", "chr1:50-"]).0, [50, 60]);
    assert_eq!(positions(&place, &["--regions", "chr2"]).0, [0_u64; 0]);
    for wrong in ["chr1:9-3", "chr1:0-3", "chr1:a"] {
        place.call(["export", "last", "--format", "tsv", "--regions", wrong]).expect(64);
    }
}

#[test]
fn records_that_an_expression_cannot_decide_are_told_and_never_lost_silently() {
    let (place, _) = odd();
    let (with, with_notes) = positions(&place, &["--include", "MAC>0"]);
    let (without, without_notes) = positions(&place, &["--exclude", "MAC>0"]);
    let mut all = [with, without].concat();
    all.sort_unstable();
    assert_eq!(all, [7, 20, 30, 40, 50], "all but the undecided one");
    for notes in [with_notes, without_notes] {
        assert!(notes.contains("1 records were not written because the expression cannot be decided"), "{notes}");
        assert!(notes.contains("chr1:60"), "{notes}");
    }
    let said = place.call(["export", "last", "--format", "tsv", "--include", "QUAL>"]).expect(64);
    assert!(said.stderr.contains("--include: ") && said.stderr.contains("at byte 5"), "{said:?}");
    place.call(["export", "last", "--format", "tsv", "--include", "1", "--exclude", "1"]).expect(64);
}

#[test]
fn an_expression_takes_the_records_that_bcftools_takes() {
    let test = "an_expression_takes_the_records_that_bcftools_takes";
    let (Some(folder), true) = (shared(test), program(test, "bcftools")) else { return };
    let cases: [(&str, &[&str]); 3] = [
        (
            "mutect_dream3.vcf",
            &["INFO/DP<60 && FMT/DP[0]>20", "FILTER=\"PASS\" || FMT/AF[1]>0.3", "FMT/AD[1:1]>5 && GT[1]=\"alt\""],
        ),
        ("ashk_trio.vcf.gz", &["FMT/DP[0]>20 && FMT/GQ[1]<50", "N_PASS(GT=\"alt\")=1"]),
        ("vep_csq_bcftools.vcf", &["CSQ~\"missense\""]),
    ];
    for (name, expressions) in cases {
        let file = folder.join(name);
        let (place, _) = asked(&file, "");
        for (expression, option, theirs) in
            expressions.iter().flat_map(|text| [(text, "--include", "-i"), (text, "--exclude", "-e")])
        {
            let ours = export(&place, &["--format", "vcf", "--assessed", option, expression]).stdout;
            let said = Command::new("bcftools")
                .args(["query", "-f", "%CHROM\\t%POS\\n", theirs, expression])
                .arg(&file)
                .output();
            let said = said.unwrap();
            assert!(said.status.success(), "{expression}: {}", String::from_utf8_lossy(&said.stderr));
            let place_of = |line: &str| line.split('\t').take(2).map(str::to_owned).collect::<Vec<_>>();
            let ours: Vec<_> = ours.lines().filter(|line| !line.starts_with('#')).map(place_of).collect();
            let theirs: Vec<_> = String::from_utf8_lossy(&said.stdout).lines().map(place_of).collect();
            assert!(
                !theirs.is_empty() && ours == theirs,
                "{name}: {option} {expression}: {} {}",
                ours.len(),
                theirs.len()
            );
        }
    }
}

#[test]
fn alleles_are_chosen_by_triage_and_by_what_was_concluded() {
    let (place, receipt) = odd();
    let selected = objects(&place, &["--selected"]);
    assert_eq!(selected.len() as u64, number(&receipt, "selected"));
    assert!(selected[0].get("conclusion").is_none(), "the columns are asked for apart");
    let said = export(&place, &["--format", "jsonl", "--assessed", "--conclusion", "benign,pathogenic"]);
    let found: Vec<_> = said.objects().iter().map(|o| (o["pos"].as_u64(), o["alt_index"].as_u64())).collect();
    assert_eq!(found, [(Some(7), Some(1)), (Some(50), Some(1))]);
    assert!(said.stderr.contains("2 of 6 records written, 2 of 7 rows"), "{said:?}");
    // VCF keeps records whole.
    let said = export(&place, &["--assessed", "--conclusion", "benign"]);
    assert!(said.stdout.contains("\tC,<DEL>\t") && said.stderr.contains("2 of 6 records written\n"), "{said:?}");
    place.call(["export", "last", "--format", "tsv", "--conclusion", "harmless"]).expect(64);
}

#[test]
fn the_byte_exact_format_is_whole() {
    let (place, _) = odd();
    assert_eq!(export(&place, &[]).stdout, ODD);
    for more in [&["--selected"][..], &["--regions", "chr1"], &["--include", "QUAL>1"]] {
        let said = place.call(["export", "last"].iter().chain(more)).expect(64);
        assert!(said.stderr.contains("--assessed"), "{said:?}");
    }
}

#[test]
fn alleles_that_wait_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("odd.vcf");
    fs::write(&file, ODD).unwrap();
    let (place, receipt) = asked(&file, &ASKED.replace("\"rules\"", ""));
    assert_eq!((number(&receipt, "selected"), number(&receipt, "pending")), (4, 4));
    let said = export(&place, &["--assessed"]);
    assert!(said.stderr.contains("4 selected alleles had no answer"), "{said:?}");
    assert!(info_of(&said.stdout, "20") == "VCFA_SELECTED=1", "{said:?}");
}

/// Every third record has three ALTs.
fn with_many_alts(records: u64) -> String {
    let mut text = String::new();
    for (nth, line) in crate::oracle::generated(records).lines().enumerate() {
        let mut columns: Vec<&str> = line.split('\t').collect();
        if !line.starts_with('#') && nth % 3 == 0 {
            columns[4] = "C,G,T";
        }
        text.push_str(&(columns.join("\t") + "\n"));
    }
    text
}

/// Demands that each row is selected by its own QUAL, and has an answer if it is.
#[track_caller]
fn each_row_has_its_own_answer(place: &Place, stored: u64, selected: u64) {
    let all = objects(place, &["--assessed"]);
    assert_eq!(all.len() as u64, stored);
    let mut found = 0;
    for object in &all {
        let is_selected = object["selected"] == true;
        let is_good = object["qual"].as_f64().is_none_or(|qual| qual >= 450.0);
        assert_eq!(is_selected, is_good && object["alt_index"] != 0, "{object}");
        assert_eq!(is_selected, object["conclusion"].is_string(), "{object}");
        found += u64::from(is_selected);
    }
    assert_eq!(found, selected);
    assert!(found > 10 && found < stored);
}

#[test]
fn segments_of_many_records_keep_their_own_answers_also_after_a_replay() {
    let place = Place::new();
    let config = format!("[ingest]\nsegment_lines_max = 64\nalts_max = 2\n{}", ASKED.replace("min = 10", "min = 450"));
    place.write("many.vcf", with_many_alts(1000));
    place.write("many.toml", config);
    let run = ["run", "--json", "--config", "many.toml", "many.vcf"];
    let before = place.call(run).expect(3).object();
    each_row_has_its_own_answer(&place, number(&before, "stored"), number(&before, "selected"));
    place.call(["dlq", "replay", "last", "--all"]).expect(0);
    let after = place.call(run).expect(0).object();
    assert!(number(&after, "stored") > number(&before, "stored"), "{after}");
    each_row_has_its_own_answer(&place, number(&after, "stored"), number(&after, "selected"));
}
