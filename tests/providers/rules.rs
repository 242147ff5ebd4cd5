//! The rules, criterion by criterion, at their thresholds; what counts once; when they say nothing.

use proptest::prelude::*;
use vcf_agent::annotation::{Term, TermSet};
use vcf_agent::domain::finding::{
    Basis, Classification, Code, Criterion, Evidence, Fact, Field, Finding, Item, NULL_TERMS, Status, Strength, settle,
    sum,
};
use vcf_agent::providers::Options;
use vcf_agent::providers::rules::{Settings, judge};

use crate::support::evidence;

use Classification::*;

fn with(values: &[(Item, &str)], options: &[(&str, &str)]) -> Finding {
    let options: Options = options.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect();
    judge(&evidence(values), &Settings::parse(&options).unwrap())
}

fn found(values: &[(Item, &str)]) -> Finding {
    with(values, &[])
}

/// Whether the criterion is met, and the word for it.
fn outcome(finding: &Finding, code: Code) -> String {
    finding.criterion(code).unwrap().outcome().unwrap_or_else(|| "not assessed".to_owned())
}

const MISSENSE: (Item, &str) = (Item::Consequence, "missense_variant");
const SYNONYMOUS: (Item, &str) = (Item::Consequence, "synonymous_variant");
const STOP: (Item, &str) = (Item::Consequence, "stop_gained");
const GENE: (Item, &str) = (Item::Gene, "AGRN");
const ABSENT: (Item, &str) = (Item::PopulationFrequency, "0");
const MANY: (Item, &str) = (Item::AlleleNumber, "2000");

#[test]
fn points_become_tiers_at_the_published_limits() {
    let tiers = [
        (12, Pathogenic),
        (10, Pathogenic),
        (9, LikelyPathogenic),
        (6, LikelyPathogenic),
        (5, UncertainSignificance),
        (0, UncertainSignificance),
        (-1, LikelyBenign),
        (-6, LikelyBenign),
        (-7, Benign),
        (-20, Benign),
    ];
    for (points, tier) in tiers {
        assert_eq!(Classification::of_points(points), tier, "{points}");
    }
}

#[test]
fn revel_has_seven_limits_for_missense_variants() {
    let cases = [
        ("0.932", "PP3_strong", "BP4_not_met"),
        ("0.931", "PP3_moderate", "BP4_not_met"),
        ("0.773", "PP3_moderate", "BP4_not_met"),
        ("0.772", "PP3", "BP4_not_met"),
        ("0.644", "PP3", "BP4_not_met"),
        ("0.643", "PP3_not_met", "BP4_not_met"),
        ("0.291", "PP3_not_met", "BP4_not_met"),
        ("0.290", "PP3_not_met", "BP4"),
        ("0.183", "PP3_not_met", "BP4_moderate"),
        ("0.016", "PP3_not_met", "BP4_strong"),
        ("0.003", "PP3_not_met", "BP4_very_strong"),
    ];
    for (revel, pp3, bp4) in cases {
        let finding = found(&[MISSENSE, (Item::Revel, revel)]);
        assert_eq!(
            (outcome(&finding, Code::Pp3).as_str(), outcome(&finding, Code::Bp4).as_str()),
            (pp3, bp4),
            "{revel}"
        );
        let silent = found(&[SYNONYMOUS, (Item::Revel, revel)]);
        assert_eq!(outcome(&silent, Code::Pp3), "not assessed", "REVEL is for missense variants only");
    }
}

#[test]
fn spliceai_supports_from_0_2_on_and_speaks_against_up_to_0_1() {
    let cases = [
        ("0.2", "PP3", "BP4_not_met", "BP7_not_met"),
        ("0.99", "PP3", "BP4_not_met", "BP7_not_met"),
        ("0.19", "PP3_not_met", "BP4_not_met", "BP7_not_met"),
        ("0.11", "PP3_not_met", "BP4_not_met", "BP7_not_met"),
        ("0.1", "PP3_not_met", "BP4", "BP7"),
        ("0", "PP3_not_met", "BP4", "BP7"),
    ];
    for (score, pp3, bp4, bp7) in cases {
        let finding = found(&[SYNONYMOUS, (Item::SpliceAi, score)]);
        let outcomes = [Code::Pp3, Code::Bp4, Code::Bp7].map(|code| outcome(&finding, code));
        assert_eq!(outcomes, [pp3, bp4, bp7], "{score}");
    }
}

#[test]
fn a_missense_variant_that_may_change_splicing_is_not_called_harmless() {
    let finding = |splice| found(&[MISSENSE, (Item::Revel, "0.1"), (Item::SpliceAi, splice)]);
    assert_eq!(outcome(&finding("0.15"), Code::Bp4), "BP4_not_met");
    assert_eq!(outcome(&finding("0.5"), Code::Pp3), "PP3");
    assert_eq!(outcome(&finding("0.5"), Code::Bp4), "BP4_not_met");
    assert_eq!(outcome(&finding("0.05"), Code::Bp4), "BP4_moderate");
    let only_splice = found(&[MISSENSE, (Item::SpliceAi, "0.01")]);
    assert_eq!(outcome(&only_splice, Code::Bp4), "not assessed", "a protein effect is not ruled out by SpliceAI");
}

#[test]
fn silent_here_but_worse_in_another_transcript_is_not_called_harmless() {
    let worse = (Item::MostSevereConsequence, "missense_variant");
    let finding = found(&[SYNONYMOUS, (Item::SpliceAi, "0.0"), worse]);
    assert_eq!(
        (outcome(&finding, Code::Bp4), outcome(&finding, Code::Bp7)),
        ("BP4_not_met".into(), "BP7_not_met".into())
    );
}

#[test]
fn an_intron_is_deep_by_its_hgvs_alone() {
    let intron = |hgvs: &[(Item, &str)]| {
        let mut values = vec![(Item::Consequence, "intron_variant"), (Item::SpliceAi, "0.01")];
        values.extend(hgvs);
        outcome(&found(&values), Code::Bp7)
    };
    assert_eq!(intron(&[(Item::HgvsC, "ENST1:c.100+7A>G")]), "BP7");
    assert_eq!(intron(&[(Item::HgvsC, "ENST1:c.100-20A>G")]), "BP7_not_met");
    assert_eq!(intron(&[]), "not assessed");
    let edge = found(&[(Item::Consequence, "splice_region_variant&synonymous_variant"), (Item::SpliceAi, "0")]);
    assert_eq!(outcome(&edge, Code::Bp7), "BP7_not_met");
}

#[test]
fn ba1_needs_more_than_5_percent_of_at_least_2000_alleles() {
    let finding = |frequency, alleles: &[(Item, &str)]| {
        let mut values = vec![MISSENSE, (Item::PopulationFrequency, frequency)];
        values.extend(alleles);
        found(&values)
    };
    let common = finding("0.0501", &[MANY]);
    assert_eq!((common.classification, outcome(&common, Code::Ba1)), (Benign, "BA1".into()));
    assert_eq!(outcome(&common, Code::Bs1), "BS1_not_met", "the same frequency counts once");
    assert_eq!(outcome(&finding("0.05", &[MANY]), Code::Ba1), "BA1_not_met");
    assert_eq!(outcome(&finding("0.2", &[(Item::AlleleNumber, "1999")]), Code::Ba1), "BA1_not_met");
    assert_eq!(outcome(&finding("0.2", &[]), Code::Ba1), "not assessed");
    assert_eq!(outcome(&finding("0.2", &[(Item::DatasetAlleles, "5008")]), Code::Ba1), "BA1");
    // What was observed here counts more than what the data set has.
    let few = [(Item::AlleleNumber, "100"), (Item::DatasetAlleles, "5008")];
    assert_eq!(outcome(&finding("0.2", &few), Code::Ba1), "BA1_not_met");
}

#[test]
fn ba1_stands_alone_against_everything() {
    let values = [STOP, GENE, (Item::PopulationFrequency, "0.3"), MANY];
    let finding = with(&values, &[("loss_of_function_genes", "AGRN")]);
    assert_eq!((outcome(&finding, Code::Pvs1), finding.points, finding.classification), ("PVS1".into(), 0, Benign));
}

#[test]
fn the_nine_exceptions_are_common_and_not_called_benign() {
    let common = [(Item::PopulationFrequency, "0.08"), MANY, MISSENSE];
    let place =
        |chrom, pos, reference, alt| [(Item::Chrom, chrom), (Item::Pos, pos), (Item::Ref, reference), (Item::Alt, alt)];
    let at = |place: [(Item, &str); 4]| found(&[&place[..], &common[..]].concat());
    for place in
        [place("6", "26093141", "G", "A"), place("chr6", "26092913", "G", "A"), place("chr13", "20189473", "c", "t")]
    {
        let finding = at(place);
        assert_eq!(
            (outcome(&finding, Code::Ba1), outcome(&finding, Code::Bs1)),
            ("BA1_not_met".into(), "BS1_not_met".into())
        );
        assert_eq!(finding.classification, Abstained);
    }
    assert_eq!(at(place("6", "26093141", "G", "C")).classification, Benign, "another allele of the place");
    let named =
        |gene, hgvs| outcome(&found(&[&common[..], &[(Item::Gene, gene), (Item::HgvsC, hgvs)]].concat()), Code::Ba1);
    assert_eq!(named("HFE", "ENST00000357618.10:c.845G>A"), "BA1_not_met");
    assert_eq!(named("ACAD9", "NM_014049.4:c.-44_-41dupTAAG"), "BA1_not_met");
    assert_eq!(named("HFE", "ENST00000357618.10:c.845G>T"), "BA1");
    assert_eq!(named("HFE2", "ENST00000357618.10:c.845G>A"), "BA1");
}

#[test]
fn bs1_is_more_than_1_percent() {
    let finding = |frequency| found(&[MISSENSE, (Item::PopulationFrequency, frequency), MANY]);
    assert_eq!(outcome(&finding("0.0101"), Code::Bs1), "BS1");
    assert_eq!(finding("0.0101").classification, LikelyBenign);
    assert_eq!(outcome(&finding("0.01"), Code::Bs1), "BS1_not_met");
}

#[test]
fn pm2_is_supporting_and_means_absent_or_very_rare_if_recessive() {
    let finding = |frequency, options: &[_]| with(&[MISSENSE, (Item::PopulationFrequency, frequency), MANY], options);
    assert_eq!(outcome(&finding("0", &[]), Code::Pm2), "PM2_supporting");
    assert_eq!(outcome(&finding("0.00001", &[]), Code::Pm2), "PM2_not_met");
    let recessive = [("inheritance", "recessive")];
    assert_eq!(outcome(&finding("0.00007", &recessive), Code::Pm2), "PM2_supporting");
    assert_eq!(outcome(&finding("0.00008", &recessive), Code::Pm2), "PM2_not_met");
    assert_eq!(outcome(&finding("0.00001", &[("inheritance", "dominant")]), Code::Pm2), "PM2_not_met");
    let uncovered = found(&[MISSENSE, ABSENT, (Item::AlleleNumber, "0")]);
    assert_eq!(outcome(&uncovered, Code::Pm2), "not assessed", "nobody was observed at this place");
}

#[test]
fn missing_is_not_0_unless_the_settings_say_so() {
    let fields = (Item::FrequencyFields, "INFO/AF_EXAC");
    let frequency = |finding: &Finding| [Code::Pm2, Code::Ba1, Code::Bs1].map(|code| outcome(finding, code));
    assert_eq!(frequency(&found(&[MISSENSE, fields])), ["not assessed"; 3]);
    let absent = with(&[MISSENSE, fields], &[("missing_frequency", "absent")]);
    assert_eq!(frequency(&absent), ["PM2_supporting", "BA1_not_met", "BS1_not_met"]);
    // Without a field that could have said it, nothing is absent.
    assert_eq!(frequency(&with(&[MISSENSE], &[("missing_frequency", "absent")])), ["not assessed"; 3]);
}

#[test]
fn a_null_variant_needs_a_gene_whose_loss_causes_disease() {
    let listed = [("loss_of_function_genes", "ISG15, AGRN")];
    let finding = with(&[STOP, GENE, ABSENT, MANY], &listed);
    assert_eq!((finding.points, finding.classification), (9, LikelyPathogenic), "PVS1 and PM2_supporting");
    assert_eq!(finding.criterion(Code::Pvs1).unwrap().source.as_ref().unwrap().as_str(), "INFO/consequence");

    let unlisted = found(&[STOP, GENE, ABSENT, MANY]);
    assert_eq!((outcome(&unlisted, Code::Pvs1), unlisted.classification), ("not assessed".into(), Abstained));
    assert!(unlisted.summary.contains("loss of function"));
    assert_eq!(outcome(&with(&[STOP, (Item::Gene, "XYZ")], &listed), Code::Pvs1), "not assessed");
    assert_eq!(outcome(&with(&[STOP], &listed), Code::Pvs1), "not assessed");
    assert_eq!(outcome(&with(&[STOP], &[("loss_of_function_genes", "*")]), Code::Pvs1), "PVS1");
    assert_eq!(outcome(&with(&[MISSENSE, GENE], &listed), Code::Pvs1), "PVS1_not_met");
    // A common null variant is benign whatever the gene.
    assert_eq!(found(&[STOP, GENE, (Item::PopulationFrequency, "0.1"), MANY]).classification, Benign);
}

#[test]
fn pvs1_is_weaker_where_a_field_says_so() {
    let pvs1 = |values: &[(Item, &str)]| {
        outcome(&with(&[&[GENE], values].concat(), &[("loss_of_function_genes", "AGRN")]), Code::Pvs1)
    };
    assert_eq!(pvs1(&[STOP, (Item::Exon, "3/4")]), "PVS1");
    assert_eq!(pvs1(&[STOP, (Item::Exon, "4/4")]), "PVS1_moderate");
    assert_eq!(pvs1(&[(Item::Consequence, "start_lost")]), "PVS1_moderate");
    assert_eq!(pvs1(&[(Item::Consequence, "start_lost&frameshift_variant")]), "PVS1");
    assert_eq!(pvs1(&[(Item::Consequence, "splice_donor_variant"), (Item::Exon, "4/4")]), "PVS1");
    assert_eq!(pvs1(&[STOP, (Item::Loftee, "HC")]), "PVS1");
    assert_eq!(pvs1(&[STOP, (Item::Loftee, "LC")]), "PVS1_not_met");
}

#[test]
fn a_lost_stop_is_pm4_and_an_in_frame_change_is_not_assessed() {
    let pm4 = |consequence| outcome(&found(&[(Item::Consequence, consequence)]), Code::Pm4);
    assert_eq!(pm4("stop_lost"), "PM4");
    assert_eq!(pm4("inframe_deletion"), "not assessed");
    assert_eq!(pm4("missense_variant"), "PM4_not_met");
}

#[test]
fn the_null_terms_are_those_of_the_annotations() {
    let ours: TermSet = NULL_TERMS.iter().map(|name| Term::parse(name.as_bytes()).unwrap()).collect();
    assert_eq!(ours, TermSet::NULL_VARIANTS);
}

#[test]
fn clinvar_answers_from_three_stars_on_and_the_finding_says_so() {
    let recorded =
        |words, stars, options: &[_]| with(&[MISSENSE, (Item::Clinvar, words), (Item::ClinvarStars, stars)], options);
    let finding = recorded("Pathogenic", "3", &[]);
    assert_eq!((finding.classification, finding.basis), (Pathogenic, Basis::Record));
    assert!(
        finding.summary.starts_with("Answered from the record: ClinVar says Pathogenic with 3 stars."),
        "{}",
        finding.summary
    );
    assert_eq!(recorded("Benign/Likely_benign", "4", &[]).classification, LikelyBenign);
    assert_eq!(recorded("Pathogenic/Likely_pathogenic", "3", &[]).classification, LikelyPathogenic);
    for (words, stars, options) in [
        ("Pathogenic", "2", &[][..]),
        ("Pathogenic", "3", &[("clinvar_stars_min", "4")]),
        ("Pathogenic", "4", &[("clinvar_stars_min", "never")]),
        ("Conflicting_classifications_of_pathogenicity", "3", &[]),
        ("Pathogenic|drug_response", "3", &[]),
        ("Pathogenic,_low_penetrance", "3", &[]),
        ("something_new", "4", &[]),
    ] {
        assert_eq!(recorded(words, stars, options).classification, Abstained, "{words} {stars}");
    }
    assert_eq!(recorded("Pathogenic", "2", &[("clinvar_stars_min", "2")]).classification, Pathogenic);
}

#[test]
fn the_rules_do_not_contradict_the_record_whatever_its_stars() {
    let common = [MISSENSE, (Item::PopulationFrequency, "0.2"), MANY];
    let finding = found(&[&common[..], &[(Item::Clinvar, "Likely_pathogenic"), (Item::ClinvarStars, "1")]].concat());
    assert_eq!(finding.classification, Abstained);
    assert!(finding.summary.contains("contradict"));
    let agreeing = found(&[&common[..], &[(Item::Clinvar, "Benign"), (Item::ClinvarStars, "1")]].concat());
    assert_eq!((agreeing.classification, agreeing.basis), (Benign, Basis::Criteria));
    // Against a well reviewed record: its answer, and the contradiction is said.
    let reviewed = found(&[&common[..], &[(Item::Clinvar, "Pathogenic"), (Item::ClinvarStars, "3")]].concat());
    assert_eq!((reviewed.classification, reviewed.basis), (Pathogenic, Basis::Record));
    assert!(reviewed.summary.contains("contradict it"), "{}", reviewed.summary);
}

#[test]
fn what_is_not_enough_is_abstained_with_its_reason() {
    let cases: [(&[(Item, &str)], &str); 6] = [
        (&[(Item::Alt, "<DEL>"), MISSENSE, ABSENT, MANY], "not spelt in bases"),
        (&[(Item::Alt, "*")], "not spelt in bases"),
        (&[], "neither a consequence nor a frequency"),
        (&[MISSENSE], "no criterion is met, and some could not be assessed"),
        (&[MISSENSE, (Item::Revel, "0.29")], "one supporting criterion alone"),
        (&[(Item::PopulationFrequency, "0.004"), MANY], "no criterion is met, and some could not be assessed"),
    ];
    for (values, reason) in cases {
        let finding = found(values);
        assert_eq!(finding.classification, Abstained, "{values:?}");
        assert!(
            finding.summary.starts_with("Not enough evidence:") && finding.summary.contains(reason),
            "{}",
            finding.summary
        );
    }
    let everything = found(&[MISSENSE, (Item::Revel, "0.5"), (Item::PopulationFrequency, "0.004"), MANY]);
    assert_eq!((everything.classification, everything.points), (UncertainSignificance, 0), "all assessed, none met");
    let frequency_alone = found(&[(Item::PopulationFrequency, "0.2"), MANY]);
    assert_eq!(frequency_alone.classification, Benign);
}

#[test]
fn every_finding_says_what_it_is_and_names_every_criterion_once() {
    let finding = found(&[MISSENSE, ABSENT, MANY, (Item::Revel, "0.95")]);
    assert_eq!((finding.points, finding.classification), (5, UncertainSignificance));
    assert!(finding.summary.ends_with("not a diagnosis."), "{}", finding.summary);
    assert!(!finding.ai_generated && finding.research_use_only && finding.requires_review);
    let mut codes: Vec<Code> = finding.criteria.iter().map(|criterion| criterion.code).collect();
    assert!(codes.is_sorted());
    codes.extend(&finding.not_assessed);
    codes.sort();
    assert_eq!(codes, Code::ALL);
}

fn met(code: Code, strength: Strength, item: Item) -> Criterion {
    Criterion::met(code, strength, &Fact::new(item, "1", &Field::new("INFO/X")), "Because.")
}

/// The points of each criterion once nothing counts twice.
fn settled(mut criteria: Vec<Criterion>) -> Vec<i32> {
    settle(&mut criteria);
    criteria.iter().map(|criterion| criterion.points).collect()
}

#[test]
fn nothing_counts_twice() {
    use Strength::*;
    let pp3 = |strength, item| met(Code::Pp3, strength, item);
    let of = |code: Code| met(code, code.default_strength(), Item::Consequence);
    assert_eq!(settled(vec![of(Code::Pvs1), pp3(Supporting, Item::SpliceAi)]), [8, 0]);
    assert_eq!(settled(vec![of(Code::Pvs1), pp3(Supporting, Item::Revel)]), [8, 1]);
    assert_eq!(settled(vec![of(Code::Ps1), pp3(Strong, Item::Revel)]), [4, 0]);
    assert_eq!(settled(vec![of(Code::Pm5), pp3(Strong, Item::Revel)]), [2, 0]);
    assert_eq!(settled(vec![of(Code::Pm1), pp3(Strong, Item::Revel)]), [2, 2]);
    assert_eq!(settled(vec![of(Code::Pm1), pp3(Supporting, Item::Revel)]), [2, 1]);
    assert_eq!(settled(vec![met(Code::Pm1, Strong, Item::Gene), pp3(Strong, Item::Revel)]), [4, 0]);
    assert_eq!(settled(vec![of(Code::Ps2), of(Code::Pm6)]), [4, 0]);
    assert_eq!(settled(vec![met(Code::Ps2, Supporting, Item::Gene), of(Code::Pm6)]), [0, 2]);
    assert_eq!(settled(vec![of(Code::Ba1), of(Code::Bs1)]), [-8, 0]);
    let mut dropped = vec![of(Code::Pvs1), pp3(Supporting, Item::SpliceAi)];
    settle(&mut dropped);
    assert_eq!((dropped[1].status, dropped[1].outcome().as_deref()), (Status::NotMet, Some("PP3_not_met")));
}

#[test]
fn the_default_strength_is_never_spelled_out_and_ba1_has_no_other() {
    for &code in Code::ALL {
        for strength in [Strength::Supporting, Strength::Moderate, Strength::Strong, Strength::VeryStrong] {
            let outcome = met(code, strength, Item::Gene).outcome().unwrap();
            let is_default = code == Code::Ba1 || strength == code.default_strength();
            assert_eq!(outcome == code.as_str(), is_default, "{outcome}");
        }
    }
}

#[test]
fn a_long_allele_is_judged_by_what_is_said_of_it_and_says_no_false_reason() {
    let long = |values: &[(Item, &str)]| {
        // Of a long ALT the number of its bases is there.
        let all = evidence(values);
        let bases = Fact::new(Item::AltBases, "5000", &Field::new("ALT"));
        let facts = all.facts().iter().filter(|fact| fact.item != Item::Alt).cloned().chain([bases]);
        judge(&Evidence::new(facts.collect()), &Settings::default())
    };
    let recorded = long(&[(Item::Clinvar, "Pathogenic"), (Item::ClinvarStars, "3")]);
    assert_eq!((recorded.classification, recorded.basis), (Pathogenic, Basis::Record));
    let common = long(&[(Item::PopulationFrequency, "0.2"), MANY]);
    assert_eq!(common.classification, Benign);
    let nothing = long(&[]);
    assert_eq!(nothing.classification, Abstained);
    assert!(nothing.summary.contains("neither a consequence nor a frequency"), "{}", nothing.summary);
}

#[test]
fn what_is_too_long_to_be_read_is_said_and_nothing_is_concluded_without_it() {
    let common = [(Item::PopulationFrequency, "0.2"), MANY];
    for (item, sentence) in [
        ("consequence", "The consequence in the file is too long to be read."),
        ("clinvar", "The file gives no consequence."),
    ] {
        let finding = found(&[common[0], common[1], (Item::TooLong, item)]);
        assert_eq!(finding.classification, Abstained, "{item}");
        assert!(finding.summary.contains("too long to be read"), "{}", finding.summary);
        let ending = format!("Longer than 1024 bytes in the record, and so not read: {item}.");
        assert!(finding.summary.ends_with(&ending), "{}", finding.summary);
        assert_eq!(finding.criterion(Code::Pvs1).unwrap().sentence, sentence);
    }
    let named = found(&[common[0], common[1], (Item::TooLong, "gene,hgvs_p")]);
    assert_eq!(named.classification, Benign);
    assert!(named.summary.ends_with("and so not read: gene, hgvs_p."), "{}", named.summary);
    let recorded = found(&[(Item::Clinvar, "Benign"), (Item::ClinvarStars, "4"), (Item::TooLong, "consequence")]);
    assert_eq!((recorded.classification, recorded.basis), (Benign, Basis::Record));
}

/// Any evidence of values that the rules look at.
fn any_evidence() -> impl Strategy<Value = Evidence> {
    let maybe = |item: Item, values: &'static [&'static str]| {
        proptest::option::of(proptest::sample::select(values)).prop_map(move |value| value.map(|value| (item, value)))
    };
    (
        maybe(
            Item::Consequence,
            &[
                "missense_variant",
                "stop_gained",
                "start_lost",
                "synonymous_variant",
                "intron_variant",
                "inframe_insertion",
                "stop_lost",
                "intergenic_variant",
                "nonsense",
            ],
        ),
        maybe(Item::PopulationFrequency, &["0", "0.00005", "0.005", "0.02", "0.3", "1e-9", "x"]),
        maybe(Item::AlleleNumber, &["0", "1999", "200000"]),
        maybe(Item::Revel, &["0.001", "0.2", "0.5", "0.7", "0.99", "NaN"]),
        maybe(Item::SpliceAi, &["0", "0.15", "0.9"]),
        maybe(Item::Gene, &["AGRN", "HFE"]),
        maybe(Item::Clinvar, &["Pathogenic", "Benign", "Uncertain_significance", "drug_response"]),
        maybe(Item::ClinvarStars, &["0", "1", "3"]),
        maybe(Item::Alt, &["A", "<DEL>", "*"]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i)| {
            evidence(&[a, b, c, d, e, f, g, h, i].into_iter().flatten().collect::<Vec<_>>())
        })
}

proptest! {
    #[test]
    fn every_finding_adds_up(evidence in any_evidence(), listed in any::<bool>()) {
        let options = Options::from([("loss_of_function_genes".to_owned(), if listed { "AGRN" } else { "" }.to_owned())]);
        let finding = judge(&evidence, &Settings::parse(&options).unwrap());
        let (points, tier) = sum(&finding.criteria);
        prop_assert_eq!(points, finding.points);
        for criterion in &finding.criteria {
            let is_met = criterion.status == Status::Met;
            prop_assert_eq!(is_met, criterion.points != 0);
            prop_assert_eq!(is_met, criterion.strength.is_some());
            // What is said of a criterion rests on a field of this evidence, with its value.
            match criterion.item {
                None => prop_assert_eq!(criterion.status, Status::NotAssessed),
                Some(item) => {
                    let fact = evidence.fact(item).unwrap();
                    prop_assert_eq!(Some(&fact.source), criterion.source.as_ref());
                    prop_assert_eq!(Some(&fact.value), criterion.value.as_ref());
                }
            }
        }
        if finding.classification != Abstained && finding.basis == Basis::Criteria {
            prop_assert_eq!(finding.classification, tier);
        }
    }
}
