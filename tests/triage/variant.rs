//! Variants as people spell them, and what is found of them in a file.

use std::io::Cursor;

use proptest::prelude::*;
use vcf_agent::triage::scan::Scan;
use vcf_agent::triage::variant::{Sought, Variant};

use crate::support::{question, settings, vcf};

fn place(chrom: &str, pos: i64, alleles: Option<(&str, &str)>) -> Variant {
    let alleles = alleles.map(|(reference, alt)| (reference.to_owned(), alt.to_owned()));
    Variant::Place { chrom: chrom.into(), pos, alleles }
}

#[test]
fn every_usual_spelling_means_the_same_variant() {
    for text in [
        "chr7:140753336:A:T",
        "chr7-140753336-A-T",
        "chr7_140753336_A_T",
        "chr7:140753336-A-T",
        "chr7:140753336A>T",
        "chr7:140753336:A>T",
        "chr7:140753336 A>T",
        "chr7:140,753,336:A:T",
        "chr7:g.140753336A>T",
        "chr7:140753336_A/T",
        "chr7 140753336 A T",
        "  chr7:140753336:A:T ",
    ] {
        assert_eq!(Variant::parse(text), Ok(place("chr7", 140_753_336, Some(("A", "T")))), "{text}");
    }
}

#[test]
fn names_of_contigs_and_alts_may_have_any_separator() {
    for (text, expected) in [
        ("chr7:140753336", place("chr7", 140_753_336, None)),
        ("HLA-A*01:01:01:01:57", place("HLA-A*01:01:01:01", 57, None)),
        ("HLA-A*01:01:01:01:57:A:T", place("HLA-A*01:01:01:01", 57, Some(("A", "T")))),
        ("chr1_KI270706v1_random:5:A:T", place("chr1_KI270706v1_random", 5, Some(("A", "T")))),
        ("NC_000007.14:g.140753336A>T", place("NC_000007.14", 140_753_336, Some(("A", "T")))),
        ("1:5:N:<DEL>", place("1", 5, Some(("N", "<DEL>")))),
        ("1:5:N:<DUP:TANDEM>", place("1", 5, Some(("N", "<DUP:TANDEM>")))),
        ("8:5:N:N]chr14:105860000]", place("8", 5, Some(("N", "N]chr14:105860000]")))),
        ("8:5:N:]14:7]N", place("8", 5, Some(("N", "]14:7]N")))),
        ("1-5-A-C,G", place("1", 5, Some(("A", "C,G")))),
        ("1-5-A-*", place("1", 5, Some(("A", "*")))),
        ("chrM:g.3243A>G", place("chrM", 3243, Some(("A", "G")))),
        ("rs113488022", Variant::Id("rs113488022".into())),
        ("COSV56056643", Variant::Id("COSV56056643".into())),
        ("bnd_abl1", Variant::Id("bnd_abl1".into())),
        ("chr7-140753336", place("chr7", 140_753_336, None)),
        ("7-140753336", Variant::Id("7-140753336".into())),
        ("sv-12", Variant::Id("sv-12".into())),
    ] {
        assert_eq!(Variant::parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_names_no_variant_is_refused() {
    for text in ["", " ", "chr7:", ":5", "chr7:x", "chr7:5-9", "chr7-5-9", "chr7:5:A:", "7:99999999999999999999", "A>T"]
    {
        assert!(Variant::parse(text).is_err(), "{text}: {:?}", Variant::parse(text));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
        let _ = Variant::parse(&text).map(|variant| variant.to_string());
    }

    #[test]
    fn a_spelling_of_any_contig_is_read_back(chrom in "[A-Za-z0-9*_.-]{1,12}", pos in 0_i64..3_000_000_000) {
        let text = format!("{chrom}:{pos}:AC:G");
        prop_assert_eq!(Variant::parse(&text), Ok(place(&chrom, pos, Some(("AC", "G")))));
    }
}

const RECORDS: [&str; 7] = [
    "chr1 5 rs1;x A C,G . PASS .",
    "chr1 5 . AC A . q10 .",
    "1 6 rs2 A C . PASS .",
    "chr2 5 rs10 A C . PASS .",
    "chr2 x rs4 A C . PASS .",
    "chr2 7 . . C . PASS .",
    "chr2 8 . A . . PASS .",
];

fn seek(text: &str, threads: usize) -> Sought {
    let settings = settings("[triage]\nfilter = [\"PASS\"]\n[ingest]\nsegment_lines_max = 2\n");
    let file = vcf(&[], &[], &RECORDS);
    let scan = Scan::open(Box::new(Cursor::new(file.into_bytes())), &question(&settings)).unwrap();
    let variant = Variant::parse(text).unwrap();
    let see = |sought: &mut Sought, selector: &_, parsed: &_| sought.see(&variant, selector, parsed);
    let mut all = Sought::default();
    scan.each(threads, see).unwrap().into_iter().for_each(|part| all.join(part));
    all
}

/// Line, ALT, and what became of it.
fn found(text: &str) -> Vec<(i64, String, &'static str)> {
    let seen = |threads| {
        let all = seek(text, threads).found.into_iter();
        all.map(|found| (found.line, found.columns[4].clone(), found.dropped_by().unwrap_or("selected"))).collect()
    };
    let one: Vec<_> = seen(1);
    assert_eq!(one, seen(3), "whatever the threads");
    one
}

#[test]
fn every_allele_that_is_meant_is_found_in_the_order_of_the_file() {
    let row = |line, alt: &str, fate| (line, alt.to_owned(), fate);
    assert_eq!(found("chr1:5"), [row(3, "C", "selected"), row(3, "G", "selected"), row(4, "A", "filter")]);
    assert_eq!(found("1:5:a:g"), [row(3, "G", "selected")]);
    assert_eq!(found("chr1-6"), [row(5, "C", "selected")]);
    assert_eq!(found("1-6"), [], "this may be an ID");
    assert_eq!(found("chr1:6:A:C"), [row(5, "C", "selected")], "with or without chr");
    assert_eq!(found("rs1"), [row(3, "C", "selected"), row(3, "G", "selected")], "not rs10");
    assert_eq!(found("chr2:8"), [row(9, ".", "no_alt")]);
}

#[test]
fn what_is_beside_a_variant_and_what_could_not_be_read_is_told() {
    let beside = seek("chr1:5:A:T", 1).beside;
    let pair = |reference: &str, alt: &str| (reference.to_owned(), alt.to_owned());
    assert_eq!(beside, [pair("A", "C"), pair("A", "G"), pair("AC", "A")]);
    assert_eq!(seek("chr2:7", 2).dead[0].0, 8);
    assert_eq!(seek("rs4", 2).dead[0].1, "pos_not_a_number");
    assert!(seek("chr1:7", 1).dead.is_empty());
}
