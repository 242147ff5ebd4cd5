//! Annotations in the record: what VEP, SnpEff, bcftools csq and ClinVar have written into INFO, read for each ALT.
//!
//! Pure: text in, borrowed answers out; the rules are in `docs/annotations.md`. Nothing is computed that the file does not
//! say, and nothing is guessed: an entry whose allele nobody in the record has is counted, not used.
//!
//! How to use it:
//!
//! 1. Once for a file: [`Schema::from_info_lines`] with its `##INFO` lines. The notices are for the receipt. If
//!    [`Schema::is_empty`], say that clauses on consequences cannot work, and how to annotate.
//! 2. Once for a file: [`Annotator::new`] with the names of the frequencies that the configuration lists. It is `Sync`.
//! 3. For each record, **before** any splitting or normalisation (the tools name an ALT by the whole list):
//!    [`Annotator::alleles`] with the record's POS, REF, ALT list and INFO. Keep the output vector for all records of a
//!    segment. Add up the [`Findings`]; [`Findings::note`] turns them into warnings of the receipt.
//! 4. For each [`AlleleAnnotation`]: `terms.any_is_a(Term::parse(b"…")?)` is the filter on consequences over all entries;
//!    `chosen` is the one transcript to show and to ask about, with the reason; `frequency`, `clinvar` are as read.
//!    [`Chosen::column`] with [`Source::column`] gives any other column of that entry (`csq.REVEL`).
//!
//! Text is as in the file: `%3D` in HGVS and `&` in lists are not decoded. What is missing is `None`, never 0 or empty.

mod allele_annotation;
mod alleles;
mod annotate;
pub mod clinvar;
mod columns;
pub mod evidence;
mod evidence_names;
mod evidence_plan;
mod evidence_values;
mod findings;
mod genes;
mod plan;
mod rows;
mod schema;
mod terms;
mod terms_table;

use serde::{Deserialize, Serialize};

pub use allele_annotation::{AlleleAnnotation, Chosen, ClinVar, ClinVarOrigin, Scope, Why};
pub use annotate::Annotator;
pub use clinvar::{Significance, SignificanceSet, Stars};
pub use evidence::{EvidenceReader, EvidenceSettings};
pub use findings::Findings;
pub use genes::GeneNames;
pub use schema::{ClinVarFields, Dialect, InfoText, Notice, Schema, Source};
pub use terms::{Impact, Term, TermSet};

/// A record as read, not normalised.
#[derive(Clone, Copy)]
pub struct AnnotatedRecord<'a, 'r> {
    /// POS, by which bcftools csq names the changes of an entry.
    pub pos: i64,
    /// REF.
    pub reference: &'r [u8],
    /// The ALT list; empty if ALT is `.`.
    pub alts: &'a [&'r [u8]],
    /// INFO; empty if it is `.`.
    pub info: &'r [u8],
}

/// Where frequencies are. An allele's frequency is the highest that any of these gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequencies {
    /// Columns of annotations, such as `gnomADe_AF`, `MAX_AF`.
    pub sub_fields: Vec<String>,
    /// INFO keys, such as `gnomAD_AF`.
    pub info_keys: Vec<String>,
}
