//! Real files and the conformance suite of the format's maintainers, read where they are, against a plain line count.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::export;
use crate::harness::{Place, Running, adds_up, number, string};
use crate::oracle::{self, Counts};
use crate::present::{program, shared};

/// Rows of the table in the folder's README: file name, samples, counts.
fn table(folder: &Path) -> Vec<(String, u64, Counts)> {
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut rows = Vec::new();
    for line in readme.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let n = |i: usize| cells.get(i).and_then(|cell| cell.parse::<u64>().ok());
        if let (Some(samples), Some(records), Some(alleles), Some(no_alt)) = (n(2), n(3), n(4), n(5)) {
            rows.push((cells[0].to_owned(), samples, Counts { records, alleles, no_alt }));
        }
    }
    rows
}

/// Samples that a file really has, where the table counted the empty column after a tab at the end of the header line.
fn real_samples(name: &str, samples: u64) -> u64 {
    if name == "gatk_HiSeq_10000.vcf" { 1 } else { samples }
}

/// What is known about a file beyond its counts: it must be refused, with these words.
fn must_be_refused(name: &str) -> Option<&'static str> {
    // One record of 10 MB, seven columns, no header.
    (name == "huge_deletion.vcf.gz").then_some("#CHROM")
}

#[test]
fn every_real_file_gives_the_counts_of_the_table_and_comes_out_as_it_went_in() {
    let test = "every_real_file_gives_the_counts_of_the_table_and_comes_out_as_it_went_in";
    let Some(folder) = shared(test) else { return };
    let bcftools = program(&format!("{test}: bcftools"), "bcftools");
    let table = table(&folder);
    assert!(table.len() > 20, "the table was not understood");
    assert_eq!(table.iter().filter(|(name, ..)| name.ends_with(".bcf")).count(), 2, "BCF is read too");
    let mut faults = Vec::new();
    for (name, samples, counts) in table {
        let samples = real_samples(&name, samples);
        let file = folder.join(&name);
        let place = Place::new();
        let check = std::panic::AssertUnwindSafe(|| one_file(&place, &file, &name, samples, counts, bcftools));
        if let Err(panic) = std::panic::catch_unwind(check) {
            let words = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "failed".into());
            faults.push(format!("{name}: {words}"));
        }
    }
    assert!(faults.is_empty(), "{} files:\n{}", faults.len(), faults.join("\n"));
}

fn one_file(place: &Place, file: &Path, name: &str, samples: u64, counts: Counts, bcftools: bool) {
    let said = place.run(file);
    if let Some(words) = must_be_refused(name) {
        let receipt = said.expect(65).object();
        assert!(string(&receipt["error"], "message").contains(words), "{receipt}");
        return;
    }
    let is_bcf = name.ends_with(".bcf");
    let text = if !is_bcf { Some(oracle::text_of(file)) } else { bcftools.then(|| export::bcftools_text(file)) };
    if let Some(text) = &text {
        assert_eq!(oracle::count(text), counts, "the table and the plain count differ");
    }
    assert!([0, 3].contains(&said.code()), "{said:?}");
    let receipt = said.object();
    adds_up(&receipt);
    assert_eq!((number(&receipt, "records"), number(&receipt, "samples")), (counts.records, samples), "{receipt}");
    if number(&receipt, "dead_records") == 0 {
        let found = [number(&receipt, "alleles"), number(&receipt, "no_alt"), number(&receipt, "stored")];
        assert_eq!(found, [counts.alleles, counts.no_alt, counts.alleles + counts.no_alt], "{receipt}");
        assert_eq!(oracle::rows(&place.data()).len() as u64, counts.alleles + counts.no_alt);
    }
    let job = string(&receipt, "job");
    place.receipt(job, &["--deep"]).expect(said.code());
    let whole = export::write(place, job);
    if let Some(text) = &text {
        export::compare(place, job, &whole, text);
    }
    if is_bcf && let Some(text) = &text {
        assert!(whole == *text, "the export of a BCF is the text of bcftools, header included");
    }
    let exported = place.path(&format!("{job}.out.vcf"));
    if bcftools && export::bcftools_accepts(file) {
        assert!(export::bcftools_accepts(&exported), "bcftools takes the input but not the export");
    }
}

/// Every VCF below a folder, sorted.
fn vcfs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in oracle::entries(folder) {
        if path.is_dir() {
            found.extend(vcfs(&path));
        } else if path.extension().is_some_and(|extension| extension == "vcf") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Runs many files in one process and returns their receipts; a panic, a hang or a missing receipt fails.
fn run_all(files: &[PathBuf]) -> Vec<Value> {
    let place = Place::new();
    let words = ["run", "--json"].into_iter().map(OsString::from).chain(files.iter().map(OsString::from));
    let running: Running = place.start(words);
    let said = running.finish();
    assert!([0, 3, 65].contains(&said.code()), "exit {}: {}", said.code(), said.stderr);
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    let receipts = said.objects();
    assert_eq!(receipts.len(), files.len(), "one receipt per file");
    receipts
}

#[test]
fn no_conformance_file_panics_or_hangs_and_each_record_is_accounted_for() {
    let Some(folder) = shared("no_conformance_file_panics_or_hangs_and_each_record_is_accounted_for") else { return };
    let files = vcfs(&folder.join("hts-specs"));
    assert_eq!(files.len(), 683, "the suite is not the one that is known");
    let (mut refused, mut with_dead) = (0, 0);
    for batch in files.chunks(120) {
        for (file, receipt) in batch.iter().zip(run_all(batch)) {
            assert_eq!(OsStr::new(string(&receipt, "file")), file.as_os_str());
            let code = receipt["error"]["code"].as_u64();
            if code.is_some() {
                assert_eq!(code, Some(65), "{file:?}: {receipt}");
                refused += 1;
                continue;
            }
            adds_up(&receipt);
            let lines = oracle::count(&oracle::text_of(file)).records;
            assert_eq!(number(&receipt, "records"), lines, "{file:?}: {receipt}");
            with_dead += u64::from(number(&receipt, "dead_records") > 0);
        }
    }
    println!("683 files: {refused} refused, {with_dead} with dead letters");
    assert!(refused > 0 && with_dead > 0, "the failed files hold files to refuse and records to bury");
}

#[test]
fn every_valid_conformance_file_is_accepted_whole() {
    let Some(folder) = shared("every_valid_conformance_file_is_accepted_whole") else { return };
    let all = vcfs(&folder.join("hts-specs"));
    let valid: Vec<PathBuf> =
        all.into_iter().filter(|file| file.components().any(|c| c.as_os_str() == "passed")).collect();
    assert_eq!(valid.len(), 76);
    let mut faults = Vec::new();
    for (file, receipt) in valid.iter().zip(run_all(&valid)) {
        if string(&receipt, "state") != "COMPLETE" || number(&receipt, "dead_records") > 0 {
            faults.push(format!("{}: {receipt}", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
