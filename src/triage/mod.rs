//! Triage: the pure function that chooses the few alleles worth an analysis. Clauses in fixed order
//! ([`CLAUSES`](crate::domain::selection::CLAUSES)); each allele that is dropped is counted under the first clause that
//! dropped it.
//!
//! | file | idea |
//! |---|---|
//! | this one | what can be asked: [`Triage`] |
//! | `canonical` | the same as text, so that a job keeps its triage |
//! | [`selector`] | a triage and one file's header: what decides about its rows |
//! | `pass` | a batch of rows on its way through the clauses |
//! | `frequency`, `effect`, `genotype`, `genes`, `filters`, `condition` | the clauses that are more than a line |
//! | [`rule`] | the triage that a job was accepted with |
//! | [`mod@explain`] | what each clause sees of one allele |
//! | [`scan`] | a file through a triage without a job |
//! | [`tally`] | what a triage would do with a whole file |
//! | [`variant`] | a variant as people name it, and what the clauses say of it |
//! | [`cases`] | people's own cases, as a test of their triage |

mod canonical;
pub mod cases;
mod condition;
mod effect;
pub mod explain;
mod filters;
mod frequency;
mod genes;
mod genotype;
mod pass;
pub mod rule;
pub mod scan;
pub mod selector;
pub mod tally;
pub mod variant;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::annotation::{Impact, Significance, Term};
use crate::domain::bed::Regions;

pub use condition::decide;
pub use genotype::zygosity;
pub use rule::Rule;
pub use selector::Selector;

/// What to do with a row that lacks the value a clause asks for: missing is not 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The clause does not drop it.
    #[default]
    Keep,
    /// The clause drops it.
    Drop,
}

impl Missing {
    /// The words of the configuration.
    pub const WORDS: [&'static str; 2] = ["keep", "drop"];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "keep" => Some(Self::Keep),
            "drop" => Some(Self::Drop),
            _ => None,
        }
    }
}

/// `[triage.qual]`.
#[derive(Debug, Clone, PartialEq)]
pub struct QualClause {
    /// Lower than this is dropped; compared as a 32-bit float, as QUAL is stored.
    pub min: f32,
    /// QUAL `.`, or not a number.
    pub missing: Missing,
}

/// In which state a sample has an allele.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zygosity {
    /// Some of its copies are this allele, `./1` included.
    Het,
    /// All of its copies are, and there are several.
    Hom,
    /// It has one copy, which is.
    Hemi,
    /// None is, and all were called.
    Absent,
    /// None is, and not all were called.
    Missing,
}

impl Zygosity {
    /// The words of the configuration, in the order of the enum.
    pub const WORDS: [&'static str; 5] = ["het", "hom", "hemi", "absent", "missing"];

    /// Every state.
    pub const ALL: [Self; 5] = [Self::Het, Self::Hom, Self::Hemi, Self::Absent, Self::Missing];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().position(|known| *known == word).map(|at| Self::ALL[at])
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// `[triage.genotype]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenotypeClause {
    /// Name of the sample, or `#1` for the first one of whatever name.
    pub sample: String,
    /// States that are kept.
    pub zygosity: Vec<Zygosity>,
    /// Lowest GQ.
    pub gq_min: Option<u32>,
    /// Lowest DP of the sample.
    pub dp_min: Option<u32>,
    /// The sample has no GQ or DP.
    pub missing: Missing,
}

/// `[triage.de_novo]`: names of samples, or `#1`, `#2`, ….
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeNovoClause {
    /// Has the allele.
    pub child: String,
    /// Was called and does not have it.
    pub father: String,
    /// Was called and does not have it.
    pub mother: String,
}

/// `[triage.allele_frequency]`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlleleFrequencyClause {
    /// Higher than this is dropped.
    pub max: f64,
    /// INFO keys; the first that has a frequency for the allele decides. `None`: the population frequency of the allele's
    /// annotations (column `population_frequency`).
    pub fields: Option<Vec<String>>,
    /// No field has a frequency for the allele.
    pub missing: Missing,
}

/// `[triage.effect]`: an allele is kept if one of these holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EffectClause {
    /// The impact of the entry that stands for the allele.
    pub impact: Vec<Impact>,
    /// A term of any entry is one of these, or a kind of one.
    pub consequence: Vec<Term>,
    /// ClinVar's classification has one of these.
    pub clinvar: Vec<Significance>,
    /// Review stars that a classification needs, to count.
    pub clinvar_stars_min: u8,
}

/// `[triage.genes]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesClause {
    /// Symbols or ids, as annotators write them; case counts.
    pub names: BTreeSet<String>,
}

/// What is asked about a file's alleles. A clause that is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Triage {
    /// FILTER entries that a row may have; `.` stands for no entry.
    pub filter: Option<Vec<String>>,
    /// Bound of QUAL.
    pub qual: Option<QualClause>,
    /// What a sample has.
    pub genotype: Option<GenotypeClause>,
    /// What a child has and its parents have not.
    pub de_novo: Option<DeNovoClause>,
    /// Bound of the allele's frequency.
    pub allele_frequency: Option<AlleleFrequencyClause>,
    /// What the allele does.
    pub effect: Option<EffectClause>,
    /// Intervals that REF must touch.
    pub regions: Option<Arc<Regions>>,
    /// Genes that an annotation must name.
    pub genes: Option<Arc<GenesClause>>,
    /// An expression as of `bcftools view -i`.
    pub expression: Option<String>,
}

impl Triage {
    /// The triage where none is configured: passed filters, at most 1 % in any population (or unknown there), and an
    /// impact of HIGH or MODERATE or a classification of ClinVar that matters.
    pub fn by_default() -> Self {
        Self {
            filter: Some(vec!["PASS".into(), ".".into()]),
            allele_frequency: Some(AlleleFrequencyClause { max: 0.01, fields: None, missing: Missing::Keep }),
            effect: Some(EffectClause {
                impact: vec![Impact::High, Impact::Moderate],
                consequence: Vec::new(),
                clinvar: vec![
                    Significance::Pathogenic,
                    Significance::LikelyPathogenic,
                    Significance::PathogenicLowPenetrance,
                    Significance::LikelyPathogenicLowPenetrance,
                    Significance::EstablishedRiskAllele,
                    Significance::LikelyRiskAllele,
                    Significance::Conflicting,
                ],
                clinvar_stars_min: 0,
            }),
            ..Self::default()
        }
    }

    /// Whether a clause asks for what only an annotated file has.
    pub fn needs_annotations(&self) -> bool {
        self.effect.is_some() || self.genes.is_some()
    }
}
