//! Peak memory stays bounded whatever the records look like, as the system counts it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::harness::{Place, adds_up, number};

/// What is promised for the default settings.
const PEAK_MIB_MAX: u64 = 256;

/// The most memory a process has held so far; `None` once it has ended.
fn peak_mib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().unwrap() / 1024)
}

/// Whether the kernel may give a process pages of 2 MiB; `None` once it has ended.
fn huge_pages(pid: u32) -> Option<bool> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("THP_enabled:"))?;
    Some(line.trim() == "1")
}

fn file(place: &Place, records: impl Iterator<Item = String>) -> PathBuf {
    let mut text =
        "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n".to_owned();
    (1..).zip(records).for_each(|(pos, rest)| writeln!(text, "chr1\t{pos}\t.\t{rest}").unwrap());
    place.write("in.vcf", text)
}

#[track_caller]
fn stays_bounded(place: &Place, file: &Path, rows: u64) {
    let mut running = place.start(["run", "--json", file.to_str().unwrap()]);
    let (mut peak, mut huge) = (0, None);
    loop {
        huge = huge_pages(running.pid()).or(huge);
        peak = peak_mib(running.pid()).unwrap_or(0).max(peak);
        if running.is_over() {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let receipt = running.finish().expect(0).object();
    adds_up(&receipt);
    assert_eq!(number(&receipt, "stored"), rows);
    // A slow disk makes the difference that they make: see docs/adr/0014. Kernels before 5.0 do not say.
    assert_ne!(huge, Some(true), "the process may use huge pages");
    assert!((1..=PEAK_MIB_MAX).contains(&peak), "{peak} MiB at its peak");
}

#[test]
fn records_of_ten_megabytes_are_not_held_all_at_once() {
    let place = Place::new();
    let mut random = fastrand::Rng::with_seed(1);
    let mut value = || (0..10_000_000).map(|_| random.alphanumeric()).collect::<String>();
    let path = file(&place, (0..14).map(|_| format!("A\tC\t.\tPASS\tX={}", value())));
    stays_bounded(&place, &path, 14);
}

#[test]
fn rows_that_are_many_times_their_text_are_not_held_all_at_once() {
    let place = Place::new();
    let (reference, alts) = ("ACGTTGCA".repeat(80), vec!["A"; 100].join(","));
    let path = file(&place, (0..4_000).map(|_| format!("{reference}\t{alts}\t.\tPASS\t.")));
    stays_bounded(&place, &path, 400_000);
}

#[test]
fn a_long_ref_before_many_alts_is_not_held_once_for_each_of_them() {
    let place = Place::new();
    let (reference, alts) = ("ACGTTGCA".repeat(2_500), vec!["A"; 1_000].join(","));
    let path = file(&place, (0..60).map(|_| format!("{reference}\t{alts}\t.\tPASS\t.")));
    stays_bounded(&place, &path, 60_000);
}

/// What an annotator says of alleles, and that all of them are to be asked about.
const ANNOTATED: &str = "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##INFO=<ID=CSQ,Number=.,Type=String,Description=\"Consequence \
    annotations from Ensembl VEP. Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|gnomADe_AF\">\n\
    #CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

fn asks_about_all(place: &mut Place) {
    place.env.push(("VCF_AGENT_TRIAGE__FILTER".into(), "PASS".into()));
}

#[test]
fn one_long_value_is_not_copied_for_each_of_a_thousand_alleles() {
    let mut place = Place::new();
    asks_about_all(&mut place);
    let (alts, long) = (vec!["C"; 1_000].join(","), "x".repeat(1_000_000));
    let csq = format!("C|{long}|MODERATE|GENE|ENSG1|Transcript|ENST1|0.001");
    let path = place.write("in.vcf", format!("{ANNOTATED}chr1\t100\t.\tA\t{alts}\t.\tPASS\tCSQ={csq}\n"));
    stays_bounded(&place, &path, 1_000);
}

#[test]
fn a_thousand_alleles_with_long_values_of_their_own_are_not_asked_about_at_once() {
    let mut place = Place::new();
    asks_about_all(&mut place);
    let mut text = ANNOTATED.to_owned();
    let base = |digit: usize| ['A', 'C', 'G', 'T'][digit % 4];
    for record in 0..4 {
        let bases = |n: usize| [n, n / 4, n / 16, n / 64, n / 256].map(base).iter().collect::<String>();
        let inserted: Vec<String> = (0..1_000_usize).map(bases).collect();
        let entry = |allele: &String| {
            let long = allele.repeat(200);
            format!("{allele}|missense_variant|MODERATE|{long}|{long}|Transcript|{long}|0.001")
        };
        let csq: Vec<String> = inserted.iter().map(entry).collect();
        let alts: Vec<String> = inserted.iter().map(|bases| format!("T{bases}")).collect();
        let (alts, csq) = (alts.join(","), csq.join(","));
        writeln!(text, "chr1\t{}\t.\tT\t{alts}\t.\tPASS\tCSQ={csq}", record + 1).unwrap();
    }
    let path = place.write("in.vcf", text);
    stays_bounded(&place, &path, 4_000);
}
