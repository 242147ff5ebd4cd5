//! Counts of a whole file: the same however many threads and segments, and those of the rows in one piece.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use vcf_agent::triage::scan::Scan;
use vcf_agent::triage::tally::Tally;

use crate::present::shared;
use crate::support::{ask, question, settings};

fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn tally(toml: &str, file: &Path, threads: usize) -> Tally {
    let settings = settings(toml);
    Tally::of(Scan::open(Box::new(File::open(file).unwrap()), &question(&settings)).unwrap(), threads).unwrap()
}

#[test]
fn a_file_in_pieces_on_many_threads_counts_as_in_one() {
    let small = "[ingest]\nsegment_lines_max = 7\n";
    let whole = tally("", &example("tour.vcf"), 1);
    assert_eq!(whole, tally(small, &example("tour.vcf"), 4));
    let answer = ask(&settings(""), &std::fs::read_to_string(example("tour.vcf")).unwrap());
    let count = |fate: &str| answer.fates.iter().filter(|found| **found == fate).count() as u64;
    assert_eq!((whole.rows(), whole.selected), (answer.fates.len() as u64, count("selected")));
    for (clause, dropped) in &whole.dropped {
        assert_eq!(*dropped, count(clause), "{clause}");
    }
}

#[test]
fn the_example_selects_a_few_by_default() {
    let whole = tally("", &example("tour.vcf"), 2);
    assert_eq!((whole.records, whole.dead_records, whole.rows(), whole.selected), (260, 0, 267, 71));
    let steps: Vec<_> = whole.steps().into_iter().map(|(clause, dropped, left)| (clause.name, dropped, left)).collect();
    let expected = [
        ("no_alt", 3, 264),
        ("not_analysable", 16, 248),
        ("filter", 55, 193),
        ("allele_frequency", 34, 159),
        ("effect", 88, 71),
    ];
    assert_eq!(steps, expected);
    assert!(whole.warnings.is_empty());
}

#[test]
fn records_that_are_none_are_counted_and_odd_ones_are_said() {
    let broken = tally("", &example("broken.vcf"), 2);
    assert_eq!((broken.records, broken.dead_records, broken.rows(), broken.selected), (13, 10, 3, 0));
    let steps: Vec<_> =
        broken.steps().into_iter().map(|(clause, dropped, left)| (clause.name, dropped, left)).collect();
    assert_eq!(steps, [("not_annotated", 3, 0)]);
    assert!(broken.warnings.list().iter().any(|warning| warning.code == "triage_needs_annotations"));
}

#[test]
fn a_file_that_ends_too_early_has_no_counts() {
    let settings = settings("");
    let mut compressed = std::process::Command::new("bgzip");
    compressed.arg("-c").arg(example("tour.vcf"));
    if !crate::present::works("a_file_that_ends_too_early_has_no_counts", &mut compressed) {
        return;
    }
    let whole = compressed.stdout(std::process::Stdio::piped()).output().unwrap().stdout;
    let read = |bytes: &[u8]| {
        let scan = Scan::open(Box::new(Cursor::new(bytes.to_vec())), &question(&settings))?;
        Tally::of(scan, 2)
    };
    assert_eq!(read(&whole).unwrap().selected, 71);
    assert!(read(&whole[..whole.len() - 28]).is_err(), "without the mark of its end");
    assert!(read(&whole[..whole.len() / 2]).is_err(), "in the middle of a block");
}

#[test]
fn real_files_of_every_format_add_up() {
    let Some(folder) = shared("real_files_of_every_format_add_up") else { return };
    let mut selected = 0;
    for (name, records) in [
        ("vep_csq_bcftools.vcf", 802),
        ("gnomad_exomes_sites.vcf.gz", 100),
        ("clinvar_subset.vcf.gz", 2000),
        ("snpeff_ann.vcf", 20),
        ("ceutrio.g.bcf", 19910),
        ("ceutrio.g.vcf.bgz", 19910),
        ("notbgz.vcf.gz", 168),
        ("out_of_order.vcf", 782),
    ] {
        let whole = tally("", &folder.join(name), 3);
        assert_eq!((whole.records, whole.dead_records), (records, 0), "{name}");
        assert_eq!(whole.selected + whole.dropped.values().sum::<u64>(), whole.rows(), "{name}");
        selected += whole.selected;
    }
    assert!(selected > 0, "the annotated files have something to select");
    let [text, binary] = ["ceutrio.g.vcf.bgz", "ceutrio.g.bcf"]
        .map(|name| tally("[triage]\nqual.min = 100\n", &folder.join(name), 2).dropped);
    assert_eq!(text, binary, "BCF and VCF of the same records");
}
