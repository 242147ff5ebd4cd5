//! A triage as text: the same text means the same decisions.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AlleleFrequencyClause, DeNovoClause, EffectClause, GenesClause, GenotypeClause, Missing, QualClause, Triage,
};
use crate::annotation::{Impact, Significance, Term};
use crate::domain::bed::{ChrPrefix, Regions};
use crate::domain::ids::FileDigest;

/// Version of the clauses' meaning. A job of version 1 has none of the clauses that came after.
const VERSION: u32 = 2;

/// The oldest version that is read.
const VERSION_MIN: u32 = 1;

impl Triage {
    /// Canonical text: the same text means the same decisions; [`Triage::from_canonical`] reads it back. One line of
    /// JSON; it holds the intervals of a BED file and the names of a panel, so that the decisions do not change when
    /// those files do.
    pub fn canonical(&self) -> String {
        let text = CanonicalText {
            version: VERSION,
            filter: self.filter.clone(),
            qual: self.qual.as_ref().map(|c| QualText { min: c.min.to_string(), missing: c.missing }),
            genotype: self.genotype.clone(),
            de_novo: self.de_novo.clone(),
            allele_frequency: self.allele_frequency.as_ref().map(|clause| FrequencyText {
                max: clause.max.to_string(),
                fields: clause.fields.clone(),
                missing: clause.missing,
            }),
            effect: self.effect.as_ref().map(EffectText::of),
            regions: self.regions.as_ref().map(|regions| RegionsText {
                digest: regions.digest().to_string(),
                chr_prefix: regions.chr_prefix().as_str().to_owned(),
                contigs: regions.packed(),
            }),
            genes: self.genes.as_ref().map(|genes| genes.names.clone()),
            expression: self.expression.clone(),
        };
        serde_json::to_string(&text).expect("plain strings and numbers always serialise")
    }

    /// Reads [`Triage::canonical`] back; `None` if it is not such a text, or one of another version.
    pub fn from_canonical(text: &str) -> Option<Self> {
        let text: CanonicalText = serde_json::from_str(text).ok()?;
        let qual = |text: QualText| Some(QualClause { min: text.min.parse().ok()?, missing: text.missing });
        let frequency = |text: FrequencyText| {
            let max = text.max.parse().ok()?;
            Some(AlleleFrequencyClause { max, fields: text.fields, missing: text.missing })
        };
        let regions = |text: RegionsText| {
            let digest = FileDigest::parse(&text.digest)?;
            let chr_prefix = ChrPrefix::parse(&text.chr_prefix)?;
            Regions::from_packed(digest, chr_prefix, &text.contigs).map(Arc::new)
        };
        let triage = Self {
            filter: text.filter,
            qual: whole(text.qual, qual)?,
            genotype: text.genotype,
            de_novo: text.de_novo,
            allele_frequency: whole(text.allele_frequency, frequency)?,
            effect: whole(text.effect, EffectText::read)?,
            regions: whole(text.regions, regions)?,
            genes: text.genes.map(|names| Arc::new(GenesClause { names })),
            expression: text.expression,
        };
        (VERSION_MIN..=VERSION).contains(&text.version).then_some(triage)
    }
}

/// `Some(None)` if there is nothing, `None` if there is something that `read` cannot read.
fn whole<T, U>(value: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    match value {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CanonicalText {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    qual: Option<QualText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    genotype: Option<GenotypeClause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    de_novo: Option<DeNovoClause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allele_frequency: Option<FrequencyText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effect: Option<EffectText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    regions: Option<RegionsText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    genes: Option<BTreeSet<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
}

// Numbers are texts: JSON readers need not give the last bit of a number back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QualText {
    min: String,
    missing: Missing,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrequencyText {
    max: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<String>>,
    missing: Missing,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionsText {
    digest: String,
    chr_prefix: String,
    contigs: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EffectText {
    impact: Vec<String>,
    consequence: Vec<String>,
    clinvar: Vec<String>,
    clinvar_stars_min: u8,
}

impl EffectText {
    fn of(clause: &EffectClause) -> Self {
        Self {
            impact: clause.impact.iter().map(|impact| impact.as_str().to_owned()).collect(),
            consequence: clause.consequence.iter().map(|term| term.as_str().to_owned()).collect(),
            clinvar: clause.clinvar.iter().map(|significance| significance.as_str().to_owned()).collect(),
            clinvar_stars_min: clause.clinvar_stars_min,
        }
    }

    fn read(self) -> Option<EffectClause> {
        fn all<T>(words: &[String], read: impl Fn(&[u8]) -> Option<T>) -> Option<Vec<T>> {
            words.iter().map(|word| read(word.as_bytes())).collect()
        }
        Some(EffectClause {
            impact: all(&self.impact, Impact::parse)?,
            consequence: all(&self.consequence, Term::parse)?,
            clinvar: all(&self.clinvar, Significance::parse)?,
            clinvar_stars_min: self.clinvar_stars_min,
        })
    }
}
