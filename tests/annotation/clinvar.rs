//! ClinVar's vocabulary, and to whom a classification belongs.

use vcf_agent::annotation::{ClinVarOrigin, Scope, Significance, SignificanceSet, Stars};

use crate::support::{File, text, vep_description};

fn set(value: &str) -> SignificanceSet {
    let (set, unknown) = SignificanceSet::parse(value.as_bytes());
    assert_eq!(unknown, 0, "{value}");
    set
}

#[test]
fn every_classification_is_printed_as_it_is_read() {
    for significance in Significance::all() {
        assert_eq!(Significance::parse(significance.as_str().as_bytes()), Some(significance));
        assert_eq!(set(significance.as_str()).to_string(), significance.as_str());
        let as_vep = significance.as_str().to_lowercase().replace(',', "&");
        assert_eq!(set(&as_vep).to_string(), significance.as_str(), "{as_vep}");
        let with_blanks = significance.as_str().replace('_', " ");
        assert_eq!(set(&with_blanks).to_string(), significance.as_str(), "{with_blanks}");
    }
}

#[test]
fn values_of_clinvars_own_file_come_out_as_they_went_in() {
    for value in [
        "Pathogenic",
        "Pathogenic/Likely_pathogenic",
        "Pathogenic/Likely_pathogenic|drug_response",
        "Pathogenic/Likely_pathogenic/Pathogenic,_low_penetrance",
        "Pathogenic/Likely_pathogenic/Pathogenic,_low_penetrance/Established_risk_allele",
        "Pathogenic/Pathogenic,_low_penetrance|other|risk_factor",
        "Likely_pathogenic,_low_penetrance",
        "Likely_pathogenic/Likely_risk_allele",
        "Uncertain_significance/Uncertain_risk_allele",
        "Benign/Likely_benign|association",
        "Conflicting_classifications_of_pathogenicity|risk_factor",
        "no_classification_for_the_single_variant",
        "not_provided",
    ] {
        assert_eq!(set(value).to_string(), value);
    }
}

#[test]
fn older_spellings_are_the_same_classification() {
    for (older, newer) in [
        ("Conflicting_interpretations_of_pathogenicity", "Conflicting_classifications_of_pathogenicity"),
        ("Pathogenic,_risk_factor", "Pathogenic|risk_factor"),
        ("Benign/Likely_benign,_other", "Benign/Likely_benign|other"),
        ("no_interpretation_for_the_single_variant", "no_classification_for_the_single_variant"),
        // VEP's, with the commas and bars replaced.
        ("pathogenic/likely_pathogenic&risk_factor", "Pathogenic/Likely_pathogenic|risk_factor"),
        ("pathogenic/pathogenic&_low_penetrance", "Pathogenic/Pathogenic,_low_penetrance"),
        ("likely_pathogenic_low_penetrance", "Likely_pathogenic,_low_penetrance"),
        ("uncertain_significance&likely_benign&uncertain_significance", "Uncertain_significance/Likely_benign"),
    ] {
        assert_eq!(set(older).to_string(), newer, "{older}");
    }
}

#[test]
fn low_penetrance_is_not_the_classification_without_it() {
    let low = set("Pathogenic,_low_penetrance");
    assert!(low.contains(Significance::PathogenicLowPenetrance) && !low.contains(Significance::Pathogenic));
    let both = set("Pathogenic/Pathogenic,_low_penetrance");
    assert!(both.contains(Significance::PathogenicLowPenetrance) && both.contains(Significance::Pathogenic));
    assert_eq!(SignificanceSet::parse(b"Benign,_low_penetrance").1, 1, "there is no such classification");
}

#[test]
fn unknown_words_are_counted_and_the_known_ones_stay() {
    let (set, unknown) = SignificanceSet::parse(b"Pathogenic|5|brand_new");
    assert_eq!((set.to_string().as_str(), unknown), ("Pathogenic", 2));
    assert_eq!(SignificanceSet::parse(b""), (SignificanceSet::default(), 0));
    assert_eq!(SignificanceSet::parse(b"."), (SignificanceSet::default(), 0));
}

#[test]
fn pathogenic_like_is_pathogenic_or_likely_so_and_nothing_else() {
    for value in ["Pathogenic", "Likely_pathogenic|other", "Pathogenic,_low_penetrance", "Benign/Likely_pathogenic"] {
        assert!(set(value).is_pathogenic_like(), "{value}");
    }
    for value in [
        "Conflicting_classifications_of_pathogenicity",
        "Established_risk_allele",
        "Uncertain_significance",
        "Benign",
        "drug_response",
    ] {
        assert!(!set(value).is_pathogenic_like(), "{value}");
    }
    assert!(set("Conflicting_interpretations_of_pathogenicity|other").is_conflicting());
    assert!(!set("conflicting_data_from_submitters").is_conflicting());
    assert!(Significance::LikelyBenign.is_benign_like() && !Significance::UncertainSignificance.is_benign_like());
}

#[test]
fn stars_are_read_with_the_commas_in_place_or_replaced() {
    for (status, stars) in [
        ("practice_guideline", 4),
        ("reviewed_by_expert_panel", 3),
        ("criteria_provided,_multiple_submitters,_no_conflicts", 2),
        ("criteria_provided&_multiple_submitters&_no_conflicts", 2),
        ("criteria provided, multiple submitters, no conflicts", 2),
        ("criteria_provided,_single_submitter", 1),
        ("criteria_provided,_conflicting_interpretations", 1),
        ("criteria_provided,_conflicting_classifications", 1),
        ("no_assertion_criteria_provided", 0),
        ("no_assertion_provided", 0),
        ("no_classification_provided", 0),
        ("no_classification_for_the_single_variant", 0),
        ("no_classifications_from_unflagged_records", 0),
    ] {
        assert_eq!(Stars::parse(status.as_bytes()).map(Stars::count), Some(stars), "{status}");
    }
    for status in ["", ".", "criteria_provided", "mult", "5"] {
        assert_eq!(Stars::parse(status.as_bytes()), None, "{status}");
    }
    assert!(Stars::parse(b"practice_guideline") > Stars::parse(b"reviewed_by_expert_panel"));
}

fn clinvar_file(number: &str) -> File {
    File::new(&[("CLNSIG", number, "Clinical significance"), ("CLNREVSTAT", number, "review status")])
}

/// What is read of CLNSIG for each ALT: the value, its stars, its scope.
fn read(file: &File, alt: &str, info: &str) -> Vec<Option<(String, Option<u8>, Scope)>> {
    let (alleles, _) = file.read((5, "C", alt), info);
    let clinvar = |allele: &vcf_agent::annotation::AlleleAnnotation<'_>| {
        let clinvar = allele.clinvar.clone()?;
        assert_eq!(clinvar.origin, ClinVarOrigin::Info);
        Some((clinvar.significance.to_string(), clinvar.stars.map(Stars::count), clinvar.scope))
    };
    alleles.iter().map(clinvar).collect()
}

#[test]
fn commas_of_the_fields_are_put_together_again() {
    let info = "CLNREVSTAT=criteria_provided,_multiple_submitters,_no_conflicts;CLNSIG=Pathogenic,_low_penetrance";
    let found = read(&clinvar_file("."), "T", info);
    assert_eq!(found, [Some(("Pathogenic,_low_penetrance".into(), Some(2), Scope::Allele))]);
}

#[test]
fn a_classification_in_a_record_of_several_alts_is_about_the_record() {
    let info = "CLNSIG=Pathogenic;CLNREVSTAT=reviewed_by_expert_panel";
    let record = Some(("Pathogenic".to_owned(), Some(3), Scope::Record));
    assert_eq!(read(&clinvar_file("."), "T,G", info), [record.clone(), record]);
    let allele = Some(("Pathogenic".to_owned(), Some(3), Scope::Allele));
    assert_eq!(read(&clinvar_file("."), "T,*", info), [allele, None]);
}

#[test]
fn values_that_the_header_declares_for_each_alt_are_given_to_each() {
    let info = "CLNSIG=Pathogenic,_low_penetrance,.,Benign;CLNREVSTAT=criteria_provided,_single_submitter,.,practice_guideline";
    let found = read(&clinvar_file("A"), "T,G,A", info);
    let value = |text: &str, stars| Some((text.to_owned(), Some(stars), Scope::Allele));
    assert_eq!(found, [value("Pathogenic,_low_penetrance", 1), None, value("Benign", 4)]);
    // Not as many values as ALTs: whose they are nobody knows.
    let found = read(&clinvar_file("A"), "T,G,A", "CLNSIG=Pathogenic,Benign");
    assert_eq!(found, vec![Some(("Pathogenic/Benign".into(), None, Scope::Record)); 3]);
}

#[test]
fn of_several_records_of_clinvar_the_fewest_stars_count() {
    let info = "CLNSIG=Pathogenic,Pathogenic;CLNREVSTAT=practice_guideline,criteria_provided,_single_submitter";
    assert_eq!(read(&clinvar_file("."), "T", info), [Some(("Pathogenic".into(), Some(1), Scope::Allele))]);
}

#[test]
fn an_unknown_review_status_gives_no_stars_and_is_counted() {
    let file = clinvar_file(".");
    let info = "CLNSIG=Pathogenic;CLNREVSTAT=mult";
    assert_eq!(read(&file, "T", info), [Some(("Pathogenic".into(), None, Scope::Allele))]);
    assert_eq!(file.read((5, "C", "T"), info).1.unknown_clinvar, 1);
    let (alleles, findings) = file.read((5, "C", "T"), "CLNSIG=255");
    assert_eq!((text(alleles[0].clinvar.as_ref().map(|c| c.text)), findings.unknown_clinvar), (Some("255"), 1));
}

#[test]
fn veps_own_column_is_read_for_the_allele_of_its_entry() {
    let file = File::vep("Allele|Consequence|Gene|CLIN_SIG");
    let info =
        "CSQ=T|intron_variant|G|,T|intron_variant|G|pathogenic/likely_pathogenic&risk_factor,G|intron_variant|G|benign";
    let (alleles, _) = file.read((5, "C", "T,G"), info);
    let found: Vec<_> = alleles.iter().map(|a| a.clinvar.as_ref().unwrap()).collect();
    assert_eq!(found[0].significance.to_string(), "Pathogenic/Likely_pathogenic|risk_factor");
    assert_eq!((found[0].stars, found[0].origin, found[0].scope), (None, ClinVarOrigin::Column, Scope::Allele));
    assert_eq!(found[1].significance.to_string(), "Benign");
}

#[test]
fn custom_columns_of_clinvar_go_before_veps_own_and_clinvars_fields_before_both() {
    let columns = "Allele|Consequence|Gene|CLIN_SIG|ClinVar|ClinVar_CLNREVSTAT|ClinVar_CLNSIG|ClinVar_CLNSIGCONF";
    let info = "CSQ=T|intron_variant|G|benign|123|criteria_provided&_single_submitter|Pathogenic&_low_penetrance|x";
    let file = File::vep(columns);
    let (alleles, findings) = file.read((5, "C", "T"), info);
    let clinvar = alleles[0].clinvar.as_ref().unwrap();
    assert_eq!(clinvar.significance.to_string(), "Pathogenic,_low_penetrance");
    assert_eq!((clinvar.stars.map(Stars::count), findings.unknown_clinvar), (Some(1), 0));

    let both = File::new(&[("CSQ", ".", &vep_description(columns)), ("CLNSIG", ".", "significance")]);
    let info = format!("CLNSIG=Uncertain_significance;{info}");
    let (alleles, _) = both.read((5, "C", "T"), &info);
    let clinvar = alleles[0].clinvar.as_ref().unwrap();
    assert_eq!(
        (clinvar.significance.to_string().as_str(), clinvar.origin),
        ("Uncertain_significance", ClinVarOrigin::Info)
    );
}
