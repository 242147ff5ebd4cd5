//! The clause about what an allele does, and the one by default.

use crate::support::{ask, fates, settings, vcf};

const CSQ: &str = "INFO=<ID=CSQ,Number=.,Type=String,Description=\"From VEP. Format: Allele|Consequence|IMPACT|SYMBOL|Feature_type|CANONICAL|gnomADg_AF\">";
const CLNSIG: &str = "INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"\">";
const CLNREVSTAT: &str = "INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description=\"\">";

/// One record for each INFO.
fn file(alt: &str, infos: &[&str]) -> String {
    let records: Vec<String> = infos.iter().map(|info| format!("1 5 . A {alt} . PASS {info}")).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    vcf(&[CSQ, CLNSIG, CLNREVSTAT], &[], &records)
}

/// An entry of an allele.
fn entry(allele: &str, terms: &str, impact: &str) -> String {
    format!("{allele}|{terms}|{impact}|GENE|Transcript||")
}

const YES: &str = "selected";
const NO: &str = "effect";

#[test]
fn a_kind_of_a_listed_consequence_is_a_listed_consequence() {
    let terms = [
        "missense_variant",
        "stop_gained",
        "splice_donor_variant&intron_variant",
        "splice_donor_5th_base_variant&intron_variant",
        "synonymous_variant",
        "inframe_deletion",
        "intergenic_variant",
    ];
    let infos: Vec<String> = terms.iter().map(|terms| format!("CSQ={}", entry("C", terms, "LOW"))).collect();
    let infos: Vec<&str> = infos.iter().map(String::as_str).collect();
    let file = file("C", &infos);
    let asked = |list: &str| fates(&format!("triage.effect.consequence = [{list}]"), &file);
    assert_eq!(asked("\"missense_variant\""), [YES, NO, NO, NO, NO, NO, NO]);
    assert_eq!(asked("\"protein_altering_variant\""), [YES, YES, NO, NO, NO, YES, NO], "missense, stop, in frame");
    assert_eq!(asked("\"splice_donor_variant\", \"synonymous_variant\""), [NO, NO, YES, NO, YES, NO, NO]);
    assert_eq!(asked("\"intron_variant\""), [NO, NO, YES, YES, NO, NO, NO], "any term of an entry counts");
    assert_eq!(asked("\"sequence_variant\""), [YES; 7], "everything is one");
}

#[test]
fn any_entry_of_the_allele_counts_for_consequences_and_the_chosen_one_for_impact() {
    let chosen = "C|synonymous_variant|LOW|GENE|Transcript|YES|";
    let other = "C|missense_variant|MODERATE|GENE|Transcript||";
    let file = file("C", &[&format!("CSQ={other},{chosen}")]);
    assert_eq!(fates("triage.effect.consequence = [\"missense_variant\"]", &file), [YES]);
    assert_eq!(fates("triage.effect.impact = [\"MODERATE\"]", &file), [NO]);
    assert_eq!(fates("triage.effect.impact = [\"LOW\"]", &file), [YES]);
}

#[test]
fn each_alt_has_its_own_entries() {
    let info = format!("CSQ={},{}", entry("C", "stop_gained", "HIGH"), entry("G", "synonymous_variant", "LOW"));
    let file = file("C,G,T", &[&info]);
    let answer = ask(&settings("triage.effect.impact = [\"HIGH\"]"), &file);
    assert_eq!(answer.fates, [YES, NO, NO]);
    assert_eq!(answer.seen(0, "effect"), "impact HIGH");
    assert_eq!(answer.seen(1, "effect"), "impact LOW, consequences synonymous_variant");
    assert_eq!(answer.seen(2, "effect"), "nothing is said of it");
}

#[test]
fn clinvar_counts_with_enough_stars() {
    let file = file(
        "C",
        &[
            "CLNSIG=Pathogenic;CLNREVSTAT=practice_guideline",
            "CLNSIG=Pathogenic;CLNREVSTAT=criteria_provided,_single_submitter",
            "CLNSIG=Pathogenic;CLNREVSTAT=no_assertion_criteria_provided",
            "CLNSIG=Pathogenic",
            "CLNSIG=Likely_pathogenic;CLNREVSTAT=reviewed_by_expert_panel",
            "CLNSIG=Pathogenic/Likely_pathogenic;CLNREVSTAT=reviewed_by_expert_panel",
            "CLNSIG=Benign;CLNREVSTAT=practice_guideline",
            ".",
        ],
    );
    let asked = |stars: u8| {
        let toml = format!("[triage.effect]\nclinvar = [\"Pathogenic\"]\nclinvar_stars_min = {stars}\n");
        ask(&settings(&toml), &file)
    };
    assert_eq!(asked(0).fates, [YES, YES, YES, YES, NO, YES, NO, NO]);
    assert_eq!(asked(1).fates, [YES, YES, NO, NO, NO, YES, NO, NO]);
    assert_eq!(asked(3).fates, [YES, NO, NO, NO, NO, YES, NO, NO]);
    assert_eq!(asked(4).fates, [YES, NO, NO, NO, NO, NO, NO, NO]);
    assert_eq!(asked(4).seen(1, "effect"), "clinvar Pathogenic (1 of 4 stars)");
}

#[test]
fn one_reason_is_enough() {
    let toml =
        "[triage.effect]\nimpact = [\"HIGH\"]\nconsequence = [\"splice_region_variant\"]\nclinvar = [\"Pathogenic\"]\n";
    let high = format!("CSQ={}", entry("C", "stop_gained", "HIGH"));
    let splice = format!("CSQ={}", entry("C", "splice_region_variant&intron_variant", "LOW"));
    let known = format!("CLNSIG=Pathogenic;CSQ={}", entry("C", "intron_variant", "MODIFIER"));
    let none = format!("CLNSIG=Benign;CSQ={}", entry("C", "missense_variant", "MODERATE"));
    let answer = ask(&settings(toml), &file("C", &[&high, &splice, &known, &none]));
    assert_eq!(answer.fates, [YES, YES, YES, NO]);
    assert_eq!(answer.seen(2, "effect"), "clinvar Pathogenic");
}

#[test]
fn the_triage_by_default_selects_what_is_rare_and_matters() {
    let with = |impact: &str, frequency: &str| format!("CSQ=C|missense_variant|{impact}|GENE|Transcript||{frequency}");
    let infos = [
        with("MODERATE", ""),
        with("HIGH", "0.01"),
        with("HIGH", "0.011"),
        with("LOW", "0"),
        format!("CLNSIG=Likely_pathogenic;{}", with("LOW", "0")),
        format!("CLNSIG=Conflicting_classifications_of_pathogenicity;{}", with("MODIFIER", "")),
        format!("CLNSIG=Benign;{}", with("MODIFIER", "")),
        format!("CLNSIG=Pathogenic;{}", with("HIGH", "0.2")),
    ];
    let infos: Vec<&str> = infos.iter().map(String::as_str).collect();
    let expected = [YES, YES, "allele_frequency", NO, YES, YES, NO, "allele_frequency"];
    assert_eq!(fates("", &file("C", &infos)), expected);
    assert_eq!(fates("triage.use = \"default\"", &file("C", &infos)), expected);
    assert_eq!(fates("triage.use = \"nothing\"", &file("C", &infos)), ["not_asked"; 8]);
    let filtered = file("C", &infos[..1]).replace("PASS", "q10");
    assert_eq!(fates("", &filtered), ["filter"]);
}
