//! Identity without a reference: what can be trimmed, what stays as it is and why.

use proptest::prelude::*;
use vcf_agent::domain::allele::{How, Identity, Why, trim, without_reference};

fn identity<'a>(pos: i64, reference: &'a str, alt: Option<&'a str>) -> (i64, &'a str, &'a str, How) {
    let Identity { pos, reference, alt, how } = without_reference(pos, reference.as_bytes(), alt.map(str::as_bytes));
    (pos, std::str::from_utf8(reference).unwrap(), std::str::from_utf8(alt).unwrap(), how)
}

#[test]
fn the_suffix_goes_before_the_prefix_and_one_base_stays() {
    assert_eq!(identity(10, "CACAG", Some("CACAT")), (14, "G", "T", How::LeftAligned));
    assert_eq!(identity(10, "TCACCG", Some("ACACCG")), (10, "T", "A", How::LeftAligned));
    assert_eq!(identity(10, "CAA", Some("CA")), (10, "CA", "C", How::LeftAligned));
    assert_eq!(identity(10, "GATG", Some("GACT")), (12, "TG", "CT", How::LeftAligned));
    assert_eq!(identity(10, "A", Some("CT")), (10, "A", "CT", How::LeftAligned));
    assert_eq!(identity(10, "a", Some("G")), (10, "a", "G", How::LeftAligned));
    assert_eq!(identity(10, "cat", Some("CaG")), (12, "t", "G", How::LeftAligned));
}

#[test]
fn an_indel_in_a_repeat_is_only_trimmed() {
    assert_eq!(identity(10, "AAA", Some("AA")), (10, "AA", "A", How::Trimmed));
    assert_eq!(identity(10, "G", Some("GACG")), (10, "G", "GACG", How::Trimmed));
    assert_eq!(identity(1, "GA", Some("A")), (1, "GA", "A", How::Trimmed));
}

#[test]
fn what_has_no_bases_stays_as_it_is_with_its_reason() {
    let as_is = |reference, alt, why| {
        assert_eq!(identity(7, reference, alt), (7, reference, alt.unwrap_or_default(), How::AsIs(why)));
    };
    as_is("AC", None, Why::NoAlt);
    as_is("AC", Some("."), Why::NoAlt);
    as_is("A", Some(""), Why::NoAlt);
    for symbolic in ["<DEL>", "<*>", "<NON_REF>", "<DUP:TANDEM>", "<INS:ME:ALU>"] {
        as_is("A", Some(symbolic), Why::Symbolic);
    }
    for breakend in ["]13:123456]T", "C[2:321682[", "[17:198983[A", "G.", ".A", "C[<ctg1>:7["] {
        as_is("A", Some(breakend), Why::Breakend);
    }
    as_is("A", Some("*"), Why::OverlappingDeletion);
    for odd in ["R", "AI", "A*", "<DEL", "-", "1"] {
        as_is("A", Some(odd), Why::NotBases);
    }
    as_is("M", Some("A"), Why::NotBases);
    as_is(".", Some("A"), Why::NotBases);
    as_is("ac", Some("AC"), Why::SameAsReference);
    assert_eq!(identity(0, "N", Some("NA")), (0, "N", "NA", How::AsIs(Why::Telomere)));
}

#[test]
fn every_reason_has_a_word_of_its_own() {
    let mut words: Vec<&str> = Why::ALL.iter().map(|why| why.name()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Why::ALL.len());
    assert_eq!(
        [How::LeftAligned, How::Trimmed, How::AsIs(Why::NoAlt)].map(How::name),
        ["left_aligned", "trimmed", "as_is"]
    );
}

/// A base at a time, as the rule is said.
fn naive(reference: &str, alt: &str) -> (usize, String, String) {
    let (mut reference, mut alt) = (reference.to_owned(), alt.to_owned());
    while reference.len() > 1 && alt.len() > 1 && reference.chars().last() == alt.chars().last() {
        reference.pop();
        alt.pop();
    }
    let mut skipped = 0;
    while reference.len() > 1 && alt.len() > 1 && reference.chars().next() == alt.chars().next() {
        reference.remove(0);
        alt.remove(0);
        skipped += 1;
    }
    (skipped, reference, alt)
}

proptest! {
    #[test]
    fn trimming_is_what_a_naive_one_does(reference in "[AC]{1,12}", alt in "[AC]{1,12}") {
        let trimmed = trim(reference.as_bytes(), alt.as_bytes());
        let (skipped, expected_reference, expected_alt) = naive(&reference, &alt);
        prop_assert_eq!(trimmed.skipped, skipped);
        prop_assert_eq!(trimmed.reference, expected_reference.as_bytes());
        prop_assert_eq!(trimmed.alt, expected_alt.as_bytes());
    }

    #[test]
    fn trimming_twice_is_trimming_once(pos in 1..1000i64, reference in "[ACGTN]{1,9}", alt in "[ACGTN]{1,9}") {
        let (at, once_reference, once_alt, how) = identity(pos, &reference, Some(&alt));
        prop_assert_eq!(identity(at, once_reference, Some(once_alt)), (at, once_reference, once_alt, how));
    }

    #[test]
    fn no_text_makes_it_panic(pos in any::<i64>(), reference in any::<Vec<u8>>(), alt in any::<Option<Vec<u8>>>()) {
        let identity = without_reference(pos, &reference, alt.as_deref());
        prop_assert!(identity.reference.len() <= reference.len());
    }
}
