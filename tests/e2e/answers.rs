//! Answers about selected alleles: every one exactly once, whenever the process is killed; and what people find of them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use vcf_agent::delivery::job::JobState;
use vcf_agent::ledger::LedgerReader;

use crate::harness::{Place, adds_up, number, string};

/// An annotated file of this many records: seven of eight alleles are selected by the triage by default.
fn annotated(records: u64) -> String {
    let mut text = String::from(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n\
         ##INFO=<ID=CSQ,Number=.,Type=String,Description=\"Consequence annotations from Ensembl VEP. Format: \
         Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|HGVSc|HGVSp|gnomADe_AF|REVEL\">\n\
         #CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
    );
    for i in 0..records {
        let (consequence, impact) = match i % 8 {
            0 => ("synonymous_variant", "LOW"),
            1 => ("stop_gained", "HIGH"),
            _ => ("missense_variant", "MODERATE"),
        };
        let (frequency, revel) = (i % 97, i % 1000);
        let _ = writeln!(
            text,
            "chr1\t{}\t.\tA\tG\t50\tPASS\tCSQ=G|{consequence}|{impact}|GENE{}|ENSG{}|Transcript|ENST{}|protein_coding|c.{i}A>G|p.Lys{i}Arg|0.00{frequency:02}|0.{revel:03}",
            100 + 3 * i,
            i % 50,
            i % 50,
            i % 50,
        );
    }
    text
}

/// How many alleles of [`annotated`] the triage by default selects.
fn selected(records: u64) -> u64 {
    (0..records).filter(|i| i % 8 != 0).count() as u64
}

/// (ordinal, ALT index) of every row of every projection of answers.
fn answered(data: &Path) -> Vec<(i64, i32)> {
    let mut rows = Vec::new();
    for job in crate::oracle::entries(&data.join("assessments")) {
        for file in crate::oracle::entries(&job) {
            for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(&file).unwrap()).unwrap().build().unwrap()
            {
                let batch = batch.unwrap();
                let ordinal = batch.column_by_name("ordinal").unwrap().as_primitive::<Int64Type>().clone();
                let alt_index = batch.column_by_name("alt_index").unwrap().as_primitive::<Int32Type>().clone();
                rows.extend((0..batch.num_rows()).map(|i| (ordinal.value(i), alt_index.value(i))));
            }
        }
    }
    rows
}

/// Everything is answered, once, and the receipt says so.
fn check(place: &Place, receipt: &Value, records: u64) {
    adds_up(receipt);
    assert_eq!(number(receipt, "selected"), selected(records), "{receipt}");
    assert_eq!(number(receipt, "answered") + number(receipt, "abstained"), selected(records), "{receipt}");
    assert_eq!(number(receipt, "pending"), 0);
    let all = answered(&place.data());
    let expected: BTreeSet<(i64, i32)> = (0..records as i64).filter(|i| i % 8 != 0).map(|i| (i, 1)).collect();
    assert_eq!(all.len(), expected.len(), "rows of the projection");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_selected_allele_is_answered_and_the_receipt_adds_up() {
    let place = Place::new();
    let file = place.write("annotated.vcf", annotated(3_000));
    let receipt = place.run(&file).expect(0).object();
    check(&place, &receipt, 3_000);
    assert_eq!(receipt["providers"], serde_json::json!(["rules"]));
    assert!(number(&receipt, "answered") > 0 && number(&receipt, "abstained") + number(&receipt, "answered") > 0);
    // The same again: nothing is asked twice.
    let again = place.run(&file).expect(0).object();
    check(&place, &again, 3_000);
    place.receipt(string(&receipt, "job"), &["--deep"]).expect(0);
}

#[test]
fn without_a_provider_they_wait_and_are_answered_by_a_later_run() {
    let place = Place::new();
    let file = place.write("annotated.vcf", annotated(500));
    let config = place.write("nobody.toml", "[analysis]\nproviders = []\n");
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    let receipt = place.call(words).expect(0).object();
    adds_up(&receipt);
    assert_eq!((number(&receipt, "pending"), number(&receipt, "answered")), (selected(500), 0));
    assert!(answered(&place.data()).is_empty());
    check(&place, &place.run(&file).expect(0).object(), 500);
}

#[test]
fn another_triage_asks_about_what_it_adds_and_keeps_what_was_answered() {
    let place = Place::new();
    let file = place.write("annotated.vcf", annotated(800));
    let high = place.write("high.toml", "[triage.effect]\nimpact = [\"HIGH\"]\n");
    let all = place.write("all.toml", "[triage]\nfilter = [\"PASS\"]\n");
    let run = |config: &Path| {
        place.call(["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()])
    };
    let first = run(&high).expect(0).object();
    assert_eq!((number(&first, "selected"), number(&first, "pending")), (100, 0));
    let second = run(&all).expect(0).object();
    adds_up(&second);
    assert_eq!((number(&second, "selected"), number(&second, "pending")), (800, 0));
    assert_eq!(number(&second, "revision"), 2);
    let rows = answered(&place.data());
    assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), 800);
    assert_eq!(rows.len(), 800, "nothing is answered twice");
    // Fewer again: what was answered stays answered, and counts only where it is selected.
    let third = run(&high).expect(0).object();
    adds_up(&third);
    assert_eq!((number(&third, "selected"), number(&third, "pending")), (100, 0));
}

#[cfg(feature = "failpoints")]
#[test]
fn after_a_crash_at_any_point_of_answering_the_same_command_answers_every_allele_exactly_once() {
    for point in ["answers_before_ledger", "answers_after_ledger", "projection_before_ledger"] {
        for passes in [0, 3] {
            let mut place = Place::new();
            let file = place.write("annotated.vcf", annotated(4_000));
            let after = if passes == 0 { String::new() } else { format!("{passes}*off->") };
            place.env = vec![("FAILPOINTS".into(), format!("{point}={after}return"))];
            let said = place.run(&file);
            let crashed = said.status.code().is_none();
            assert!(crashed || passes > 0 && said.code() == 0, "{point} after {passes} passes did not crash: {said:?}");
            place.env.clear();
            check(&place, &place.run(&file).expect(0).object(), 4_000);
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Batches of answers in the ledger, once the job is stored.
fn batches(data: &Path) -> Option<u64> {
    let reader = LedgerReader::open(data).ok()?;
    let row = reader.jobs().ok()?.into_iter().next().filter(|row| row.state == JobState::Complete)?;
    Some(reader.analysis(&row.job).ok()?.map_or(0, |analysis| analysis.batches))
}

/// `VCF_AGENT_TORTURE_KILLS` makes it longer (`just torture`).
#[test]
fn a_job_that_is_killed_while_it_is_answered_answers_every_allele_exactly_once() {
    let kills = setting("VCF_AGENT_TORTURE_KILLS", 10);
    let records = 300 * kills.max(40);
    let place = Place::new();
    let file = place.write("annotated.vcf", annotated(records));
    // Small segments make many batches.
    let config = place.write("small.toml", "[ingest]\nsegment_lines_max = 64\n");
    let words = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.as_os_str(), file.as_os_str()];
    let all_batches = records.div_ceil(64);
    let mut random = fastrand::Rng::with_seed(setting("VCF_AGENT_TORTURE_SEED", 1));
    let (mut fell, mut seen) = (0, Vec::new());
    for nth in 0..kills {
        // Each kill waits for a few more batches than the last one left, so that all of them fall among the answers.
        let goal = all_batches * 3 * (nth + 1) / (4 * kills);
        let mut running = place.start(words);
        let begun = Instant::now();
        while !running.is_over() && batches(&place.data()).is_none_or(|batches| batches < goal) {
            assert!(begun.elapsed() < Duration::from_secs(120), "it does not get further");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(random.u64(0..5_000)));
        let killed = running.kill();
        let left = batches(&place.data()).unwrap_or(0);
        seen.push(left);
        fell += u64::from(killed && left > 0 && left < all_batches);
    }
    let finished = place.call(words).expect(0).object();
    check(&place, &finished, records);
    println!("torture: {kills} kills, {fell} of them among {all_batches} batches of answers: {seen:?}");
    assert!(fell * 10 >= kills * 8, "{fell} of {kills} kills fell among the answers: {seen:?}");
}

/// Column `column` of the projection, by ordinal, as text.
fn column(data: &Path, column: &str) -> Vec<(i64, Option<String>)> {
    let mut rows = Vec::new();
    for job in crate::oracle::entries(&data.join("assessments")) {
        for file in crate::oracle::entries(&job) {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file).unwrap()).unwrap().build().unwrap();
            for batch in reader.map(Result::unwrap) {
                let ordinal = batch.column_by_name("ordinal").unwrap().as_primitive::<Int64Type>().clone();
                let text = batch.column_by_name(column).unwrap().as_string::<i32>().clone();
                let value = |i: usize| text.is_valid(i).then(|| text.value(i).to_owned());
                rows.extend((0..batch.num_rows()).map(|i| (ordinal.value(i), value(i))));
            }
        }
    }
    rows.sort();
    rows
}

#[test]
fn long_alleles_are_answered_and_stand_in_the_answers_as_in_the_rows() {
    let mut place = Place::new();
    place.env.push(("VCF_AGENT_TRIAGE__FILTER".into(), "PASS".into()));
    let bases = |length: usize| "ACGTTGCA".repeat(length.div_ceil(8))[..length].to_owned();
    let (long, longer) = (bases(1_500), bases((64 << 10) + 1));
    let alleles =
        [("A", &long), ("A", &longer)].map(|(short, long)| [(short, long.as_str()), (long.as_str(), short)]).concat();
    let mut text = String::from(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"s\">\n\
         ##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description=\"r\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
    );
    for (nth, (reference, alt)) in alleles.iter().enumerate() {
        let info = "CLNSIG=Pathogenic;CLNREVSTAT=reviewed_by_expert_panel";
        let _ = writeln!(text, "chr1\t{}\t.\t{reference}\t{alt}\t.\tPASS\t{info}", nth + 1);
    }
    let file = place.write("long.vcf", text);
    let receipt = place.run(&file).expect(0).object();
    assert_eq!((number(&receipt, "answered"), number(&receipt, "abstained")), (4, 0), "{receipt}");
    assert!(
        column(&place.data(), "conclusion").iter().all(|(_, conclusion)| conclusion.as_deref() == Some("pathogenic"))
    );
    let kept = |allele: &str| Some(allele.to_owned()).filter(|allele| allele.len() <= 64 << 10);
    let of = |pick: fn(&(&str, &str)) -> String| -> Vec<(i64, Option<String>)> {
        (0..).zip(alleles.iter().map(|allele| kept(&pick(allele)))).collect()
    };
    assert_eq!(column(&place.data(), "ref"), of(|(reference, _)| (*reference).to_owned()));
    assert_eq!(column(&place.data(), "alt"), of(|(_, alt)| (*alt).to_owned()));
}

#[test]
fn the_rules_are_told_what_is_configured_and_answers_that_are_there_stay() {
    let mut place = Place::new();
    place.env.push(("VCF_AGENT_TRIAGE__FILTER".into(), "PASS".into()));
    let file = place.write("annotated.vcf", annotated(40));
    let pathogenic = |place: &Place| {
        let conclusions = column(&place.data(), "conclusion");
        assert_eq!(conclusions.len(), 40);
        conclusions.iter().filter(|(_, word)| word.as_deref() == Some("likely_pathogenic")).count()
    };
    place.run(&file).expect(0);
    assert_eq!(pathogenic(&place), 0, "a null variant alone is abstained");
    place.env.push(("VCF_AGENT_ANALYSIS__RULES__LOSS_OF_FUNCTION_GENES".into(), "*".into()));
    place.run(&file).expect(0);
    assert_eq!(pathogenic(&place), 0, "what is answered stays answered");
    let mut other = Place::new();
    other.env = place.env.clone();
    other.run(&file).expect(0);
    assert_eq!(pathogenic(&other), 5, "the five stop_gained variants");
}
