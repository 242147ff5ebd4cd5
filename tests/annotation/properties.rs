//! What must hold for any record, against the plain reading.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::plain;
use crate::support::{File, names};

fn allele() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[ACat]{1,3}", 1 => Just("*".to_owned()), 1 => "[ACG]{4,6}"]
}

/// REF, distinct ALTs (as capitals) and alleles of entries: names that somebody has and names that nobody has.
fn record() -> impl Strategy<Value = (String, Vec<String>, Vec<(usize, String)>)> {
    let entries = proptest::collection::vec(
        (0_usize..30, prop_oneof!["[ACT]{1,3}", Just("-".to_owned()), Just("*".to_owned())]),
        0..8,
    );
    ("[ACat]{1,3}", proptest::collection::vec(allele(), 1..24), entries).prop_map(|(reference, mut alts, entries)| {
        let mut seen = BTreeSet::new();
        alts.retain(|alt| seen.insert(alt.to_uppercase()));
        (reference, alts, entries)
    })
}

/// Terms that tell the entries of a test apart.
const TERMS: [&str; 8] = [
    "stop_gained",
    "frameshift_variant",
    "missense_variant",
    "synonymous_variant",
    "5_prime_UTR_variant",
    "intron_variant",
    "upstream_gene_variant",
    "intergenic_variant",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn vep_entries_belong_to_the_alts_that_the_plain_rule_names((reference, alts, picks) in record()) {
        let vep_names = plain::vep_names(&reference, &alts);
        // A small index means the name of an ALT, a large one the random text.
        let alleles: Vec<String> =
            picks.iter().map(|(nth, other)| vep_names.get(*nth).cloned().unwrap_or(other.to_uppercase())).collect();
        let entries: Vec<String> =
            alleles.iter().zip(TERMS).map(|(allele, term)| format!("{allele}|{term}|G")).collect();
        let info = format!("DP=1;CSQ={}", entries.join(","));
        let file = File::vep("Allele|Consequence|Gene");
        let alt_column = alts.join(",");
        let (found, findings) = file.read((5, &reference, &alt_column), &info);
        let vep_names = plain::names_of_split(&alts, &alleles, vep_names);
        for (annotation, name) in found.iter().zip(&vep_names) {
            let expected: Vec<&str> =
                alleles.iter().zip(TERMS).filter(|(allele, _)| *allele == name).map(|(_, term)| term).collect();
            prop_assert_eq!(names(annotation.terms), expected, "{} {:?} {}", reference, alts, info);
        }
        let unknown = alleles.iter().filter(|allele| !vep_names.contains(allele)).count();
        prop_assert_eq!(findings.unknown_allele as usize, unknown);
    }

    #[test]
    fn snpeff_entries_belong_to_the_alt_as_written((reference, alts, picks) in record()) {
        let alleles: Vec<String> = picks
            .iter()
            .map(|(nth, other)| alts.get(*nth).map_or(other.replace('-', "G"), |alt| alt.to_uppercase()))
            .collect();
        let entries: Vec<String> =
            alleles.iter().zip(TERMS).map(|(allele, term)| format!("{allele}|{term}|HIGH|||||||||||||")).collect();
        let info = format!("ANN={}", entries.join(","));
        let alt_column = alts.join(",");
        let (found, findings) = File::snpeff().read((5, &reference, &alt_column), &info)   ;
        for (annotation, alt) in found.iter().zip(&alts) {
            let is_own = |allele: &String| *allele == alt.to_uppercase();
            let expected: Vec<&str> =
                alleles.iter().zip(TERMS).filter(|(allele, _)| is_own(allele)).map(|(_, term)| term).collect();
            prop_assert_eq!(names(annotation.terms), expected);
        }
        let used: u64 = found.iter().map(|annotation| u64::from(annotation.entries)).sum();
        prop_assert_eq!(used + findings.unknown_allele, findings.entries);
    }

    #[test]
    fn a_number_never_gives_an_entry_to_an_alt_that_its_name_contradicts((reference, alts, picks) in record()) {
        let vep_names = plain::vep_names(&reference, &alts);
        let entries: Vec<String> = picks
            .iter()
            .zip(TERMS)
            .map(|((nth, _), term)| {
                let nth = nth % alts.len();
                // Every third entry bears its neighbour's number.
                let number = if nth % 3 == 2 { nth } else { nth + 1 };
                format!("{}|{term}|G|{number}", vep_names[nth])
            })
            .collect();
        let info = format!("CSQ={}", entries.join(","));
        let alt_column = alts.join(",");
        let (found, findings) = File::vep("Allele|Consequence|Gene|ALLELE_NUM").read((5, &reference, &alt_column), &info);
        for (nth, annotation) in found.iter().enumerate() {
            let right = picks.iter().zip(TERMS).filter(|((pick, _), _)| pick % alts.len() == nth && nth % 3 != 2);
            let expected: Vec<&str> = right.map(|(_, term)| term).collect();
            prop_assert_eq!(names(annotation.terms), expected, "{} {:?} {}", reference, alts, info);
        }
        let wrong = picks.iter().filter(|(pick, _)| pick % alts.len() % 3 == 2).count();
        prop_assert_eq!(findings.unknown_allele as usize, wrong);
    }

    #[test]
    fn any_text_is_read_without_losing_count(info in "[ATC|,;=&@*>+.:CSQ0-9<_-]{0,120}", alt in "[AC*<>,]{1,8}") {
        let file = File::new(&[
            ("CSQ", ".", &crate::support::vep_description("Allele|Consequence|ALLELE_NUM")),
            ("S", ".", crate::support::SNPEFF),
            ("A", ".", crate::support::BCSQ),
        ]);
        let info = format!("CSQ={info}");
        let (found, findings) = file.read((1, "A", &alt), &info);
        let used: u64 = found.iter().map(|annotation| u64::from(annotation.entries)).sum();
        prop_assert!(findings.unknown_allele + findings.comparisons + findings.pointers <= findings.entries);
        prop_assert!(used <= findings.entries * found.len() as u64);
    }
}
