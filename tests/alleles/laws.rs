//! Laws of left alignment, on random references full of repeats.

use fastrand::Rng;
use proptest::prelude::*;
use vcf_agent::alleles::align::ROLL_BASES_MAX;
use vcf_agent::domain::allele::{How, Why};

use crate::fasta::{Owned, align, haplotype, of_one, random_allele, random_sequence};

/// Base by base, with new alleles at each step: the algorithm as Tan, Abecasis and Kang write it.
fn naive(sequence: &str, allele: &Owned) -> Owned {
    let Owned { mut pos, mut reference, mut alt } = allele.clone();
    let same_end = |one: &str, other: &str| one.as_bytes().last() == other.as_bytes().last();
    while same_end(&reference, &alt) && (pos > 1 || (reference.len() > 1 && alt.len() > 1)) {
        reference.pop();
        alt.pop();
        if reference.is_empty() || alt.is_empty() {
            pos -= 1;
            let base = &sequence[pos as usize - 1..pos as usize];
            reference.insert_str(0, base);
            alt.insert_str(0, base);
        }
    }
    while reference.len() > 1 && alt.len() > 1 && reference.as_bytes()[0] == alt.as_bytes()[0] {
        reference.remove(0);
        alt.remove(0);
        pos += 1;
    }
    Owned { pos, reference, alt }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_aligned_allele_is_the_same_haplotype_and_cannot_be_moved_again(seed in any::<u64>()) {
        let mut random = Rng::with_seed(seed);
        let length = random.usize(2..400);
        let sequence = random_sequence(&mut random, length);
        let (_folder, reference) = of_one(&sequence);
        for _ in 0..40 {
            let allele = random_allele(&mut random, &sequence);
            let (aligned, how) = align(&reference, allele.pos, &allele.reference, &allele.alt);
            prop_assert_eq!(how, How::LeftAligned);
            prop_assert_eq!(haplotype(&sequence, &aligned), haplotype(&sequence, &allele), "{:?} {:?}", &allele, &aligned);
            prop_assert_eq!(&aligned, &naive(&sequence, &allele), "of {:?} on {}", &allele, &sequence);
            let again = align(&reference, aligned.pos, &aligned.reference, &aligned.alt);
            prop_assert_eq!(&again.0, &aligned);
        }
    }

    #[test]
    fn indels_that_make_one_haplotype_are_one_allele(seed in any::<u64>()) {
        let mut random = Rng::with_seed(seed);
        let sequence = random_sequence(&mut random, 60);
        let (_folder, reference) = of_one(&sequence);
        // All deletions of one length: whichever make the same haplotype must come out the same.
        let size = random.usize(1..=4);
        let mut made = std::collections::HashMap::new();
        for start in 0..sequence.len() - size - 1 {
            let bases = &sequence[start..=start + size];
            let allele = Owned::new(start as i64 + 1, bases, &bases[..1]);
            let (aligned, _) = align(&reference, allele.pos, &allele.reference, &allele.alt);
            let first = made.entry(haplotype(&sequence, &allele)).or_insert_with(|| aligned.clone());
            prop_assert_eq!(&aligned, first);
        }
    }
}

#[test]
fn at_the_first_base_of_a_contig_the_base_behind_is_the_anchor() {
    let (_folder, reference) = of_one("ACACACGTTT");
    assert_eq!(align(&reference, 4, "CAC", "C"), (Owned::new(1, "ACA", "A"), How::LeftAligned));
    assert_eq!(align(&reference, 6, "C", "CAC"), (Owned::new(1, "A", "ACA"), How::LeftAligned));
    assert_eq!(align(&reference, 1, "AC", "C"), (Owned::new(1, "AC", "C"), How::LeftAligned));
    assert_eq!(align(&reference, 1, "A", "TA"), (Owned::new(1, "A", "TA"), How::LeftAligned));
    assert_eq!(align(&reference, 10, "T", "TT"), (Owned::new(7, "G", "GT"), How::LeftAligned));
    assert_eq!(align(&reference, 0, "N", "NA"), (Owned::new(0, "N", "NA"), How::AsIs(Why::Telomere)));
}

#[test]
fn a_ref_that_is_not_the_references_is_never_moved() {
    let (_folder, reference) = of_one("GAAAAT");
    let kept = |pos, bases: &str, alt: &str, why| {
        assert_eq!(align(&reference, pos, bases, alt), (Owned::new(pos, bases, alt), How::AsIs(why)));
    };
    kept(4, "AC", "A", Why::ReferenceMismatch);
    kept(4, "CAT", "CA", Why::ReferenceMismatch);
    kept(3, "N", "NA", Why::ReferenceMismatch);
    kept(6, "TT", "T", Why::OutsideContig);
    kept(7, "A", "C", Why::OutsideContig);
    kept(i64::MAX, "A", "C", Why::OutsideContig);
    assert_eq!(align(&reference, 4, "aa", "a"), (Owned::new(1, "GA", "G"), How::LeftAligned));
}

#[test]
fn iupac_codes_of_the_reference_are_n_or_the_first_base_they_can_be() {
    let (_folder, reference) = of_one("TTMRAKT");
    assert_eq!(align(&reference, 3, "N", "C"), (Owned::new(3, "N", "C"), How::LeftAligned));
    assert_eq!(align(&reference, 3, "A", "C"), (Owned::new(3, "A", "C"), How::LeftAligned));
    assert_eq!(align(&reference, 6, "G", "T"), (Owned::new(6, "G", "T"), How::LeftAligned));
    assert_eq!(align(&reference, 3, "C", "A").1, How::AsIs(Why::ReferenceMismatch));
    assert_eq!(align(&reference, 6, "T", "A").1, How::AsIs(Why::ReferenceMismatch));
    assert_eq!(align(&reference, 3, "M", "A").1, How::AsIs(Why::NotBases));
    // The A at 5 does not roll over the code before it.
    assert_eq!(align(&reference, 5, "A", "AA"), (Owned::new(4, "N", "NA"), How::LeftAligned));
}

#[test]
fn a_repeat_longer_than_is_searched_is_left_as_it_is() {
    let length = ROLL_BASES_MAX as usize + 100;
    let (_folder, reference) = of_one(&("C".to_owned() + &"N".repeat(length)));
    let within = ROLL_BASES_MAX as i64;
    assert_eq!(align(&reference, within, "NN", "N"), (Owned::new(1, "CN", "C"), How::LeftAligned));
    let beyond = length as i64 - 1;
    assert_eq!(align(&reference, beyond, "NN", "N"), (Owned::new(beyond, "NN", "N"), How::AsIs(Why::RepeatTooLong)));
}
