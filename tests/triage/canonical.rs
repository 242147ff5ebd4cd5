//! The text that a job keeps of its triage: whatever the clauses, it is read back as it was.

use std::sync::Arc;

use proptest::prelude::*;
use vcf_agent::annotation::{Impact, Significance, Term};
use vcf_agent::domain::bed::{ChrPrefix, Regions};
use vcf_agent::triage::{
    AlleleFrequencyClause, DeNovoClause, EffectClause, GenesClause, GenotypeClause, Missing, QualClause, Triage,
    Zygosity,
};

fn missing() -> impl Strategy<Value = Missing> {
    prop::sample::select(vec![Missing::Keep, Missing::Drop])
}

/// Names as people write them, quotes and other alphabets included.
fn name() -> impl Strategy<Value = String> {
    "[ -~äλ中\"\\\\]{1,12}"
}

fn genotype() -> impl Strategy<Value = GenotypeClause> {
    let zygosity = prop::sample::subsequence(Zygosity::ALL.to_vec(), 1..=Zygosity::ALL.len());
    let bound = || prop::option::of(any::<u32>());
    (name(), zygosity, bound(), bound(), missing()).prop_map(|(sample, zygosity, gq_min, dp_min, missing)| {
        GenotypeClause { sample, zygosity, gq_min, dp_min, missing }
    })
}

fn effect() -> impl Strategy<Value = EffectClause> {
    let impacts = vec![Impact::High, Impact::Moderate, Impact::Low, Impact::Modifier];
    let terms: Vec<Term> = Term::all().collect();
    let significances: Vec<Significance> = Significance::all().collect();
    (
        prop::sample::subsequence(impacts, 0..=4),
        prop::sample::subsequence(terms, 0..5),
        prop::sample::subsequence(significances, 0..5),
        0_u8..=4,
    )
        .prop_map(|(impact, consequence, clinvar, clinvar_stars_min)| EffectClause {
            impact,
            consequence,
            clinvar,
            clinvar_stars_min,
        })
}

fn regions() -> impl Strategy<Value = Regions> {
    let lines = prop::collection::vec((0_u8..4, 0_u32..3_000_000, 1_u32..90_000), 1..20);
    let chr_prefix = prop::sample::select(vec![ChrPrefix::Ignore, ChrPrefix::Exact]);
    (lines, chr_prefix).prop_map(|(lines, chr_prefix)| {
        let line = |(contig, start, length): &(u8, u32, u32)| format!("chr{contig}\t{start}\t{}\n", start + length);
        Regions::parse(lines.iter().map(line).collect::<String>().as_bytes(), chr_prefix).unwrap()
    })
}

/// Any triage: each clause is there or not.
pub fn triage() -> impl Strategy<Value = Triage> {
    let number = || any::<f64>().prop_filter("a number", |n| n.is_finite());
    let qual = (any::<f32>().prop_filter("a number", |n| !n.is_nan()), missing())
        .prop_map(|(min, missing)| QualClause { min, missing });
    let names = || prop::collection::vec(name(), 1..4);
    let frequency = (number(), prop::option::of(names()), missing())
        .prop_map(|(max, fields, missing)| AlleleFrequencyClause { max, fields, missing });
    let de_novo = (name(), name(), name()).prop_map(|(child, father, mother)| DeNovoClause { child, father, mother });
    let genes = prop::collection::btree_set(name(), 1..6).prop_map(|names| Arc::new(GenesClause { names }));
    use prop::option::of;
    (
        (of(names()), of(qual), of(genotype()), of(de_novo), of(frequency)),
        (of(effect()), of(regions().prop_map(Arc::new)), of(genes), of(name())),
    )
        .prop_map(|((filter, qual, genotype, de_novo, allele_frequency), (effect, regions, genes, expression))| {
            Triage { filter, qual, genotype, de_novo, allele_frequency, effect, regions, genes, expression }
        })
}

proptest! {
    #[test]
    fn every_triage_reads_its_own_canonical_text(triage in triage()) {
        let text = triage.canonical();
        prop_assert!(!text.contains('\n'), "one line: {}", text);
        let again = Triage::from_canonical(&text);
        prop_assert_eq!(again.as_ref(), Some(&triage));
        prop_assert_eq!(again.map(|triage| triage.canonical()), Some(text));
    }

    #[test]
    fn two_triages_of_the_same_text_are_the_same(one in triage(), other in triage()) {
        prop_assert_eq!(one.canonical() == other.canonical(), one == other);
    }
}

#[test]
fn the_triage_by_default_reads_its_own_canonical_text() {
    let text = Triage::by_default().canonical();
    assert_eq!(Triage::from_canonical(&text), Some(Triage::by_default()));
}

#[test]
fn a_word_that_nobody_knows_makes_a_text_unreadable() {
    let known = r#"{"version":2,"effect":{"impact":["HIGH"],"consequence":["stop_gained"],"clinvar":["Pathogenic"],"clinvar_stars_min":1}}"#;
    assert!(Triage::from_canonical(known).is_some());
    for word in ["HIGH", "stop_gained", "Pathogenic"] {
        assert_eq!(Triage::from_canonical(&known.replace(word, "nonsense")), None, "{word}");
    }
}
