//! What to read of an entry: the schema's column names turned into numbers, once for a file.

use serde::{Deserialize, Serialize};

use super::schema::{Dialect, Schema, Source};

/// What a column is good for while the entries of a record are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    AlleleNumber,
    Minimised,
    Consequence,
    FeatureType,
    ManeSelect,
    ManePlusClinical,
    Mane,
    Canonical,
    Appris,
    Pick,
    Changes,
    Frequency,
    Significance,
    Review,
}

/// What a column says about the entry that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Detail {
    Impact,
    Symbol,
    Gene,
    FeatureType,
    Transcript,
    Biotype,
    HgvsC,
    HgvsP,
}

/// One annotation key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SourcePlan {
    pub dialect: Dialect,
    /// Columns that an entry has.
    pub columns: usize,
    pub allele: Option<usize>,
    /// Another column that is wanted stands before it.
    pub allele_is_behind: bool,
    /// Entries may be of other features than transcripts, and say so.
    pub tells_feature_type: bool,
    /// In ascending order.
    pub roles: Vec<(usize, Role)>,
    /// In ascending order.
    pub details: Vec<(usize, Detail)>,
}

const VEP_ROLES: [(&str, Role); 10] = [
    ("ALLELE_NUM", Role::AlleleNumber),
    ("MINIMISED", Role::Minimised),
    ("Consequence", Role::Consequence),
    ("Feature_type", Role::FeatureType),
    ("MANE_SELECT", Role::ManeSelect),
    ("MANE_PLUS_CLINICAL", Role::ManePlusClinical),
    ("MANE", Role::Mane),
    ("CANONICAL", Role::Canonical),
    ("APPRIS", Role::Appris),
    ("PICK", Role::Pick),
];

const VEP_DETAILS: [(&str, Detail); 8] = [
    ("IMPACT", Detail::Impact),
    ("SYMBOL", Detail::Symbol),
    ("Gene", Detail::Gene),
    ("Feature_type", Detail::FeatureType),
    ("Feature", Detail::Transcript),
    ("BIOTYPE", Detail::Biotype),
    ("HGVSc", Detail::HgvsC),
    ("HGVSp", Detail::HgvsP),
];

const SNPEFF_ROLES: [(&str, Role); 2] = [("Annotation", Role::Consequence), ("Feature_Type", Role::FeatureType)];

const SNPEFF_DETAILS: [(&str, Detail); 8] = [
    ("Annotation_Impact", Detail::Impact),
    ("Gene_Name", Detail::Symbol),
    ("Gene_ID", Detail::Gene),
    ("Feature_Type", Detail::FeatureType),
    ("Feature_ID", Detail::Transcript),
    ("Transcript_BioType", Detail::Biotype),
    ("HGVS.c", Detail::HgvsC),
    ("HGVS.p", Detail::HgvsP),
];

const BCSQ_ROLES: [(&str, Role); 2] = [("consequence", Role::Consequence), ("dna_change", Role::Changes)];

// bcftools csq writes the gene's name, and neither HGVS nor impact.
const BCSQ_DETAILS: [(&str, Detail); 3] =
    [("gene", Detail::Symbol), ("transcript", Detail::Transcript), ("biotype", Detail::Biotype)];

impl SourcePlan {
    pub(super) fn new(source: &Source, frequencies: &[String]) -> Self {
        let (role_names, detail_names): (&[_], &[_]) = match source.dialect {
            Dialect::Vep => (&VEP_ROLES, &VEP_DETAILS),
            Dialect::SnpEff => (&SNPEFF_ROLES, &SNPEFF_DETAILS),
            Dialect::Bcsq => (&BCSQ_ROLES, &BCSQ_DETAILS),
        };
        let mut roles = places(source, role_names);
        roles.extend(frequencies.iter().filter_map(|name| Some((source.column(name)?, Role::Frequency))));
        roles.extend(clinvar_columns(source));
        let allele = source.column("Allele");
        // The name of the allele is read before all others, and is nothing else.
        roles.retain(|(column, _)| Some(*column) != allele);
        roles.sort_by_key(|(column, _)| *column);
        roles.dedup_by_key(|(column, _)| *column);
        let first = roles.first().map(|(column, _)| *column);
        Self {
            dialect: source.dialect,
            columns: source.columns.len(),
            allele,
            allele_is_behind: allele.zip(first).is_some_and(|(allele, first)| first < allele),
            tells_feature_type: roles.iter().any(|(_, role)| *role == Role::FeatureType),
            roles,
            details: places(source, detail_names),
        }
    }
}

fn places<T: Copy>(source: &Source, names: &[(&str, T)]) -> Vec<(usize, T)> {
    let mut places: Vec<_> = names.iter().filter_map(|(name, what)| Some((source.column(name)?, *what))).collect();
    places.sort_by_key(|(column, _)| *column);
    places
}

/// ClinVar as `--custom …,ClinVar,vcf,exact,0,CLNSIG,CLNREVSTAT` puts it beside VEP's own columns (`ClinVar_CLNSIG`), or
/// else VEP's own `CLIN_SIG`.
pub(super) fn clinvar_columns(source: &Source) -> Vec<(usize, Role)> {
    let ends = |field: &str| {
        source.columns.iter().position(|column| {
            column.strip_suffix(field).is_some_and(|before| before.is_empty() || before.ends_with('_'))
        })
    };
    match ends("CLNSIG") {
        Some(column) => {
            let review = ends("CLNREVSTAT").map(|column| (column, Role::Review));
            [(column, Role::Significance)].into_iter().chain(review).collect()
        }
        None => source.column("CLIN_SIG").map(|column| (column, Role::Significance)).into_iter().collect(),
    }
}

/// What an INFO key is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Wanted {
    /// The annotation key of this number.
    Source(usize),
    Significance,
    Review,
    /// One value for each ALT, or for REF before them.
    Frequency {
        with_reference: bool,
        per_alt: bool,
    },
}

/// INFO keys to look for. More frequencies than fit are not read: [`FREQUENCY_KEYS_MAX`].
pub(super) fn wanted_keys(schema: &Schema, frequencies: &[String]) -> Vec<(Box<[u8]>, Wanted)> {
    let key = |name: &str, wanted| (name.as_bytes().into(), wanted);
    let mut keys: Vec<_> =
        schema.sources.iter().enumerate().map(|(nth, source)| key(&source.key, Wanted::Source(nth))).collect();
    if schema.clinvar.significance {
        keys.push(key("CLNSIG", Wanted::Significance));
    }
    if schema.clinvar.review {
        keys.push(key("CLNREVSTAT", Wanted::Review));
    }
    keys.extend(frequencies.iter().take(FREQUENCY_KEYS_MAX).filter_map(|name| {
        let number = schema.numbers.get(name)?;
        Some(key(name, Wanted::Frequency { with_reference: number == "R", per_alt: number == "A" }))
    }));
    keys
}

/// INFO keys that may hold a frequency.
pub(super) const FREQUENCY_KEYS_MAX: usize = 32;
