//! GA4GH VRS 2.0: identifiers and normalised forms that the specification and its reference implementation publish.

use vcf_agent::alleles::vrs::{State, VrsAllele, normalize};
use vcf_agent::domain::allele::Why;
use vcf_agent::domain::ga4gh::sha512t24u;
use vcf_agent::reference::window::Window;

use crate::fasta::of_one;

const CHR1: &str = "SQ.Ya6Rs7DHhDeg7YaOSg1EoNi3U_nQ9SvO";
const CHR19: &str = "SQ.IIB53T8CNeJJdUqzn9V_JnRtQadwWCbl";

fn allele(sequence: &str, start: u64, end: u64, state: State) -> VrsAllele {
    VrsAllele { sequence: sequence.into(), start, end, state }
}

fn literal(bases: &str) -> State {
    State::Literal(bases.into())
}

fn repeat(length: u64, repeat_subunit_length: u64) -> State {
    State::ReferenceLength { length, repeat_subunit_length }
}

#[test]
fn identifiers_are_those_of_the_specification() {
    // ga4gh/vrs, validation/models.yaml.
    let rs7412 = allele(CHR19, 44_908_821, 44_908_822, literal("T"));
    assert_eq!(
        rs7412.location_json(),
        r#"{"end":44908822,"sequenceReference":{"refgetAccession":"SQ.IIB53T8CNeJJdUqzn9V_JnRtQadwWCbl","type":"SequenceReference"},"start":44908821,"type":"SequenceLocation"}"#
    );
    assert_eq!(rs7412.location_id(), "ga4gh:SL.wIlaGykfwHIpPY2Fcxtbx4TINbbODFVz");
    assert_eq!(
        rs7412.allele_json(),
        r#"{"location":"wIlaGykfwHIpPY2Fcxtbx4TINbbODFVz","state":{"sequence":"T","type":"LiteralSequenceExpression"},"type":"Allele"}"#
    );
    assert_eq!(rs7412.id(), "ga4gh:VA.0AePZIWZUNsUlQTamyLrjm2HWUw2opLt");
    let chr7 = allele("SQ.F-LrLMe1SRpfUZHkQmvkVKFEGaoDeHul", 44_908_821, 44_908_822, literal("T"));
    assert_eq!(chr7.location_id(), "ga4gh:SL.4t6JnYWqHwYw9WzBT_lmWBb3tLQNalkT");
    let cts = allele(CHR1, 40_819_438, 40_819_446, repeat(11, 3));
    assert_eq!(
        cts.allele_json(),
        r#"{"location":"nQGBuvRQOLEboA5TYtcz975fp_GulxbZ","state":{"length":11,"repeatSubunitLength":3,"type":"ReferenceLengthExpression"},"type":"Allele"}"#
    );
    assert_eq!(cts.id(), "ga4gh:VA.Oop4kjdTtKcg1kiZjIJAAR3bp7qi4aNT");
}

#[test]
fn identifiers_are_those_of_the_reference_implementation() {
    // ga4gh/vrs-python, tests/extras/data/test_vcf_expected_output.vcf: chr19 of GRCh38.
    for (start, end, state, digest) in [
        (82_663, 82_664, repeat(1, 1), "esmv8nARRRdSysDFuIErJxRAdUSVsWNE"),
        (82_663, 82_664, literal("T"), "b9AIUegs1SOYO7nKY8l01yllkyUns-u4"),
        (284_349, 284_351, repeat(2, 2), "xgtXGA3ZkV1WgMc6eD9l64fX27S_TScW"),
        (284_350, 284_366, repeat(15, 1), "a04jFsNg0bS0RMIWjKWSbwJS4_vp7S6x"),
        (289_464, 289_466, literal("CACGCCTGTAATCCCA"), "ySvDptXfHB_9WEfu78v32DzBXJfwGgO7"),
        (28_946_399, 28_946_400, literal("C"), "uV5O4M9zpiwk6sftOd-EDvtw_pkSAvdf"),
        (490_414, 490_416, repeat(0, 2), "lok7a3lot_cvUyw626otpJi4yxk0X07v"),
        (54_220_023, 54_220_024, literal("A"), "I7J3i1B36BACEUINcTwEh7uMv3I-PXT1"),
    ] {
        assert_eq!(allele(CHR19, start, end, state.clone()).id(), format!("ga4gh:VA.{digest}"), "{start} {state:?}");
    }
}

/// Normalises on a short stretch of a chromosome whose first base is number `first` (0-based).
fn normalized(stretch: &str, first: u64, pos: u64, reference: &str, alt: &str) -> (u64, u64, State) {
    let (_folder, fasta) = of_one(stretch);
    let mut window = Window::new(&fasta);
    let pos = (pos - first) as i64;
    let found = normalize(&mut window, 0, pos, reference.as_bytes(), alt.as_bytes()).unwrap().unwrap();
    assert_eq!(found.sequence, format!("SQ.{}", sha512t24u(stretch.as_bytes())));
    (found.start + first, found.end + first, found.state)
}

#[test]
fn alleles_of_a_file_are_justified_as_the_reference_implementation_does() {
    // ga4gh/vrs-python, tests/test_vrs_normalize.py, test_allele_translator.py and the VCF above; only the bases around are kept.
    let poly_a = format!("C{}C", "A".repeat(16));
    assert_eq!(normalized(&poly_a, 284_349, 284_350, "CA", "C"), (284_350, 284_366, repeat(15, 1)));
    let inserted = normalized("TCAT", 289_463, 289_464, "T", "TCACGCCTGTAATCC");
    assert_eq!(inserted, (289_464, 289_466, literal("CACGCCTGTAATCCCA")));
    assert_eq!(normalized("ACTG", 490_413, 490_414, "ACT", "A"), (490_414, 490_416, repeat(0, 2)));
    assert_eq!(normalized("AACAGCAT", 289_462, 289_464, "A", "ACAGCAG"), (289_464, 289_469, repeat(11, 3)));
    assert_eq!(
        normalized("GCTCCTA", 145_916_838, 145_916_840, "CTCCT", "CT"),
        (145_916_839, 145_916_844, repeat(2, 3))
    );
    let codons = normalized("AGTGCCCGA", 2_228_954, 2_228_956, "GTGCCCG", "GTGCCCGTGCCCG");
    assert_eq!(codons, (2_228_955, 2_228_962, repeat(13, 6)));
    let nine = "GAAAAAAAAAC";
    assert_eq!(normalized(nine, 236_900_408, 236_900_410, "A", "AAA"), (236_900_409, 236_900_418, repeat(11, 2)));
    let eleven_more = normalized(nine, 236_900_408, 236_900_410, "A", "AAAAAAAAAAAA");
    assert_eq!(eleven_more, (236_900_409, 236_900_418, repeat(20, 1)));
    assert_eq!(normalized("GAAAAAAAC", 10, 14, "A", "ACGT"), (14, 14, literal("CGT")));
    assert_eq!(normalized("CCGAG", 939_143, 939_146, "GA", "TT"), (939_145, 939_147, literal("TT")));
    assert_eq!(normalized("CGTC", 19_993_836, 19_993_838, "GT", "GTGT"), (19_993_837, 19_993_839, repeat(4, 2)));
    assert_eq!(normalized("TCCTT", 100, 102, "CC", "CC"), (101, 103, repeat(2, 2)));
}

#[test]
fn partial_repeats_are_justified_as_the_reference_implementation_does() {
    // The region 1752908..1752936 of chr1 in the same tests, with a base on each side.
    let region = format!("A{}CG", "CCT".repeat(9));
    let at = |start: u64, deleted: u64, inserted: &str| {
        let first = 1_752_907;
        let from = (start - first) as usize;
        // With the base before as the anchor, as a VCF row has it.
        let reference = &region[from - 1..from + deleted as usize];
        let alt = format!("{}{inserted}", &reference[..1]);
        normalized(&region, first, start, reference, &alt)
    };
    assert_eq!(at(1_752_908, 0, "CCT"), (1_752_908, 1_752_936, repeat(31, 3)));
    assert_eq!(at(1_752_915, 0, "CT"), (1_752_915, 1_752_918, repeat(5, 2)));
    assert_eq!(at(1_752_915, 0, "CCTC"), (1_752_911, 1_752_916, repeat(9, 4)));
    assert_eq!(at(1_752_934, 0, "CT"), (1_752_934, 1_752_934, literal("CT")));
    assert_eq!(at(1_752_934, 0, "CCTC"), (1_752_933, 1_752_934, literal("CCCTC")));
    assert_eq!(at(1_752_912, 4, ""), (1_752_911, 1_752_916, repeat(1, 4)));
    assert_eq!(at(1_752_913, 2, ""), (1_752_912, 1_752_915, repeat(1, 2)));
}

#[test]
fn what_vrs_cannot_say_is_refused_with_the_reason() {
    let (_folder, fasta) = of_one("GAAAATC");
    let mut window = Window::new(&fasta);
    let mut why = |pos, reference: &str, alt: &str| {
        normalize(&mut window, 0, pos, reference.as_bytes(), alt.as_bytes()).unwrap().unwrap_err()
    };
    assert_eq!(why(1, "G", "<DEL>"), Why::NotBases);
    assert_eq!(why(1, "C", "A"), Why::ReferenceMismatch);
    assert_eq!(why(0, "N", "A"), Why::Telomere);
    assert_eq!(why(7, "CA", "A"), Why::OutsideContig);
}

#[test]
fn every_place_of_an_indel_has_one_identifier() {
    let stretch = "GCACACACAT";
    let (_folder, fasta) = of_one(stretch);
    let mut window = Window::new(&fasta);
    let mut ids = std::collections::HashSet::new();
    for pos in 1..=7 {
        let reference = &stretch[pos - 1..pos + 2];
        let found = normalize(&mut window, 0, pos as i64, reference.as_bytes(), &reference.as_bytes()[..1]).unwrap();
        ids.insert(found.unwrap().id());
    }
    assert_eq!(ids.len(), 1);
}
