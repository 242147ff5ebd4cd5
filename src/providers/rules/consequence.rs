//! Criteria that rest on the consequence: PVS1 and PM4.

use super::settings::{LossOfFunctionGenes, Settings};
use crate::domain::finding::{Code, Criterion, Evidence, Fact, Item, NULL_TERMS, Strength};

const LENGTH_TERMS: &[&str] = &[
    "stop_lost",
    "inframe_variant",
    "inframe_indel",
    "inframe_insertion",
    "inframe_deletion",
    "disruptive_inframe_insertion",
    "disruptive_inframe_deletion",
    "conservative_inframe_insertion",
    "conservative_inframe_deletion",
    "protein_altering_variant",
];

const MISSENSE_TERMS: &[&str] = &["missense_variant", "rare_amino_acid_variant", "non_conservative_missense_variant"];

const SILENT_TERMS: &[&str] = &[
    "synonymous_variant",
    "stop_retained_variant",
    "start_retained_variant",
    "intron_variant",
    "5_prime_UTR_variant",
    "3_prime_UTR_variant",
    "splice_region_variant",
    "splice_donor_region_variant",
    "splice_donor_5th_base_variant",
    "splice_polypyrimidine_tract_variant",
    "splice_branch_variant",
];

/// What a consequence means for the criteria, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// One of [`NULL_TERMS`].
    Null,
    /// The protein gets another length, in frame.
    Length,
    /// Another amino acid.
    Missense,
    /// In a transcript, the protein unchanged unless splicing is.
    Silent,
    /// None of the rules is made for it.
    Other,
}

impl Class {
    /// The worst class among terms joined by `&`.
    pub(super) fn of(joined: &str) -> Self {
        let class = |term: &str| {
            let lists = [NULL_TERMS, LENGTH_TERMS, MISSENSE_TERMS, SILENT_TERMS];
            let classes = [Self::Null, Self::Length, Self::Missense, Self::Silent];
            lists.iter().position(|list| list.contains(&term)).map_or(Self::Other, |nth| classes[nth])
        };
        joined.split('&').map(class).min().unwrap_or(Self::Other)
    }
}

pub(super) fn has(consequence: &Fact, terms: &[&str]) -> bool {
    consequence.value.split('&').any(|term| terms.contains(&term))
}

/// Why what rests on the consequence is not assessed.
pub(super) fn no_consequence(evidence: &Evidence) -> &'static str {
    if evidence.is_too_long(Item::Consequence) {
        "The consequence in the file is too long to be read."
    } else {
        "The file gives no consequence."
    }
}

/// PVS1: very strong by default; moderate for a lost start, and for a stop or frameshift in the last exon.
pub(super) fn pvs1(evidence: &Evidence, settings: &Settings) -> Criterion {
    let Some(consequence) = evidence.fact(Item::Consequence) else {
        return Criterion::not_assessed(Code::Pvs1, no_consequence(evidence));
    };
    if !has(consequence, NULL_TERMS) {
        return Criterion::not_met(Code::Pvs1, consequence, "The consequence is no null variant.");
    }
    if let Some(loftee) = evidence.fact(Item::Loftee).filter(|loftee| loftee.value != "HC") {
        return Criterion::not_met(Code::Pvs1, loftee, "LOFTEE does not call the loss of function high confidence.");
    }
    let mechanism = match (&settings.loss_of_function_genes, evidence.value(Item::Gene)) {
        (LossOfFunctionGenes::All, _) => "taken as a mechanism of disease in every gene (loss_of_function_genes = *)",
        (LossOfFunctionGenes::Listed(genes), Some(gene)) if genes.contains(gene) => {
            "a known mechanism of disease in this gene (loss_of_function_genes)"
        }
        (LossOfFunctionGenes::Listed(_), Some(_)) => {
            return Criterion::not_assessed(
                Code::Pvs1,
                "A null variant, but neither the file nor loss_of_function_genes says that loss of function is a mechanism \
                 of disease in this gene.",
            );
        }
        (LossOfFunctionGenes::Listed(_), None) => {
            return Criterion::not_assessed(Code::Pvs1, "A null variant, but the file names no single gene.");
        }
    };
    let (strength, because) = null_strength(evidence, consequence);
    Criterion::met(
        Code::Pvs1,
        strength,
        consequence,
        format!("A null variant{because}; loss of function is {mechanism}."),
    )
}

fn null_strength(evidence: &Evidence, consequence: &Fact) -> (Strength, &'static str) {
    let others = consequence.value.split('&').filter(|term| NULL_TERMS.contains(term) && *term != "start_lost").count();
    if others == 0 {
        return (Strength::Moderate, " by the loss of the start codon, another may take its place");
    }
    let only_truncates = consequence
        .value
        .split('&')
        .filter(|term| NULL_TERMS.contains(term))
        .all(|term| matches!(term, "stop_gained" | "frameshift_variant" | "start_lost"));
    let is_last = |exon: &str| exon.split_once('/').is_some_and(|(nth, all)| !nth.is_empty() && nth == all);
    if only_truncates && evidence.value(Item::Exon).is_some_and(is_last) {
        return (Strength::Moderate, " in the last exon, where the transcript escapes decay");
    }
    (Strength::VeryStrong, "")
}

/// PM4: a lost stop. Whether an in-frame change lies in a repeat the file does not say.
pub(super) fn pm4(evidence: &Evidence) -> Criterion {
    match evidence.fact(Item::Consequence) {
        None => Criterion::not_assessed(Code::Pm4, no_consequence(evidence)),
        Some(consequence) if Class::of(&consequence.value) != Class::Length => {
            Criterion::not_met(Code::Pm4, consequence, "The consequence is no in-frame change of the protein's length.")
        }
        Some(consequence) if has(consequence, &["stop_lost"]) => {
            Criterion::met(Code::Pm4, Strength::Moderate, consequence, "The stop is lost: the protein gets longer.")
        }
        Some(_) => Criterion::not_assessed(
            Code::Pm4,
            "An in-frame change, but the file does not say whether it is in a repeat.",
        ),
    }
}
