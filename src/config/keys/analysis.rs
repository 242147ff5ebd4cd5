//! The keys of `[analysis.rules]`.

use super::{Key, Kind, key, unset};
use crate::providers::rules;

/// In the order of the file.
pub const RULES: &[Key] = &[
    key(
        "analysis.rules.missing_frequency",
        Kind::Word(&rules::MissingFrequency::WORDS),
        "\"unknown\"",
        "What it means that no frequency field has a value for an allele. `unknown`: nothing; it may not have been looked for. \
         `absent`: the file was annotated with population frequencies, and an allele without any is in none of them.",
    ),
    key(
        "analysis.rules.inheritance",
        Kind::Word(&rules::Inheritance::WORDS),
        "\"unknown\"",
        "How the diseases in question are inherited. `recessive` lets PM2 hold up to a frequency of 0.00007; `unknown` is judged \
         as `dominant`.",
    ),
    unset(
        "analysis.rules.loss_of_function_genes",
        Kind::Names("symbols of genes such as [\"BRCA1\", \"BRCA2\"], or [\"*\"] for every gene"),
        "[\"BRCA1\", \"BRCA2\"]",
        "Genes where loss of function is known to cause disease, as the annotations write them. Without them PVS1 is never \
         assessed. `[\"*\"]` takes every gene for one: an assumption for experiments, not knowledge.",
    ),
    key(
        "analysis.rules.clinvar_stars_min",
        Kind::Word(&rules::CLINVAR_STARS_WORDS),
        "\"3\"",
        "From how many stars of its review on ClinVar's classification in the record is the answer; `never`: the criteria alone \
         decide. Three stars are an expert panel.",
    ),
];
