//! How findings add up to an assessment.

use proptest::prelude::*;
use vcf_agent::domain::finding::{Agreement, Classification, Conclusion, Finding, Side, merge};
use vcf_agent::providers::rules::{Settings, judge};

use crate::support::evidence;

use Classification::*;

fn finding(provider: &str, classification: Classification) -> Finding {
    let provider = provider.to_owned().into();
    Finding { provider, classification, ..judge(&evidence(&[]), &Settings::default()) }
}

fn findings(answers: &[(&str, Classification)]) -> Vec<Finding> {
    answers.iter().map(|(provider, classification)| finding(provider, *classification)).collect()
}

fn classification() -> impl Strategy<Value = Classification> {
    prop_oneof![
        Just(Pathogenic),
        Just(LikelyPathogenic),
        Just(UncertainSignificance),
        Just(LikelyBenign),
        Just(Benign),
        Just(Abstained)
    ]
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    let one = ("[a-d]", classification(), -3..3_i32);
    let some = proptest::collection::vec(one, 0..7);
    some.prop_map(|all| all.into_iter().map(|(who, what, points)| Finding { points, ..finding(&who, what) }).collect())
}

proptest! {
    #[test]
    fn the_order_of_findings_does_not_matter(
        (first, second) in any_findings().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        quorum in 0..4_u32,
    ) {
        prop_assert_eq!(merge(first, quorum), merge(second, quorum));
    }

    #[test]
    fn a_finding_that_arrives_again_changes_nothing(all in any_findings(), nth in any::<prop::sample::Index>(), quorum in 0..4_u32) {
        let mut again = all.clone();
        if !all.is_empty() {
            again.push(nth.get(&all).clone());
        }
        prop_assert_eq!(merge(all, quorum), merge(again, quorum));
    }

    #[test]
    fn one_finding_is_itself(classification in classification()) {
        let one = finding("a", classification);
        let merged = merge(vec![one.clone()], 1);
        prop_assert_eq!(merged.conclusion, Conclusion::from(classification));
        prop_assert_eq!(merged.findings, vec![one]);
        prop_assert!(merged.dissent.is_empty());
    }

    #[test]
    fn both_sides_conflict_and_nothing_else_does(all in any_findings(), quorum in 0..4_u32) {
        let has = |side| all.iter().any(|finding| finding.classification.side() == Some(side));
        let both = has(Side::Pathogenic) && has(Side::Benign);
        let answers = all.iter().filter(|finding| finding.classification != Abstained).count();
        let merged = merge(all.clone(), quorum);
        prop_assert_eq!(merged.conclusion == Conclusion::Conflicting, both);
        prop_assert_eq!(merged.agreement == Agreement::Conflicting, both);
        prop_assert_eq!(merged.agreement == Agreement::NoAnswer, answers == 0);
        // Never averaged: the conclusion is what somebody said.
        if !both && merged.conclusion != Conclusion::Abstained {
            prop_assert!(all.iter().any(|finding| Conclusion::from(finding.classification) == merged.conclusion));
        }
    }

    #[test]
    fn the_counts_add_up_and_nothing_is_concluded_below_the_quorum(all in any_findings(), quorum in 0..5_u32) {
        let providers: std::collections::BTreeSet<_> = all.iter().map(|finding| finding.provider.clone()).collect();
        let merged = merge(all, quorum);
        prop_assert_eq!((merged.answered + merged.abstained) as usize, providers.len());
        prop_assert!(merged.quorum >= 1);
        if !merged.has_quorum() {
            prop_assert!(matches!(merged.conclusion, Conclusion::Abstained | Conclusion::Conflicting));
        }
        for dissent in &merged.dissent {
            prop_assert_ne!(Conclusion::from(dissent.classification), merged.conclusion);
            prop_assert_ne!(dissent.classification, Abstained);
        }
        prop_assert!(merged.sentence().starts_with(merged.conclusion.as_str()));
    }
}

#[test]
fn the_most_votes_win_and_of_equal_ones_the_less_confident() {
    let conclusion = |answers: &[_]| merge(findings(answers), 1).conclusion;
    assert_eq!(conclusion(&[("a", Pathogenic), ("b", LikelyPathogenic)]), Conclusion::LikelyPathogenic);
    assert_eq!(conclusion(&[("a", Pathogenic), ("b", LikelyPathogenic), ("c", Pathogenic)]), Conclusion::Pathogenic);
    assert_eq!(conclusion(&[("a", UncertainSignificance), ("b", Benign)]), Conclusion::UncertainSignificance);
    assert_eq!(conclusion(&[("a", Abstained), ("b", Benign)]), Conclusion::Benign);
}

#[test]
fn a_second_try_of_one_provider_is_no_second_opinion() {
    let mut tries = findings(&[("a", Pathogenic), ("a", Pathogenic), ("b", LikelyPathogenic)]);
    tries[1].points = 12;
    let merged = merge(tries, 2);
    assert_eq!((merged.answered, merged.conclusion), (2, Conclusion::LikelyPathogenic));
    assert_eq!(merge(findings(&[("a", Pathogenic), ("a", LikelyPathogenic)]), 2).conclusion, Conclusion::Abstained);
}

#[test]
fn dissent_names_who_and_what() {
    let merged = merge(findings(&[("a", Benign), ("b", Pathogenic), ("c", Abstained)]), 3);
    let dissent: Vec<_> = merged.dissent.iter().map(|d| (d.provider.as_ref(), d.classification)).collect();
    assert_eq!(dissent, [("b", Pathogenic), ("a", Benign)]);
    assert_eq!((merged.answered, merged.abstained, merged.conclusion), (2, 1, Conclusion::Conflicting));
    assert!(merged.sentence().contains("both sides"));
}
