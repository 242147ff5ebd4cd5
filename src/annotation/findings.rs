//! What could not be used of a record's annotations, counted.

use std::ops::AddAssign;

use crate::domain::warning::Warnings;

/// Counts of one record, or added up over many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    /// Entries read. Those counted in `unknown_allele`, `comparisons`, `pointers` and `columns_too_many` were not used.
    pub entries: u64,
    /// Entries whose allele is none of the record's ALTs, or nobody knows which.
    pub unknown_allele: u64,
    /// Entries that compare two ALTs (SnpEff in cancer mode).
    pub comparisons: u64,
    /// Entries that only name the position of another record (bcftools csq).
    pub pointers: u64,
    /// Entries with more columns than the header lists.
    pub columns_too_many: u64,
    /// Entries with fewer columns than the header lists: used as far as they go.
    pub columns_too_few: u64,
    /// Consequence terms that are not known.
    pub unknown_terms: u64,
    /// Words of ClinVar's fields that are not known.
    pub unknown_clinvar: u64,
    /// Records whose ALLELE_NUM counts another list of ALTs: their entries were matched by name.
    pub renumbered: u64,
}

impl Findings {
    /// Adds the warnings of one record at this line of the file.
    pub fn note(&self, line: u64, warnings: &mut Warnings) {
        let kinds: [(u64, &'static str, &str); 7] = [
            (
                self.unknown_allele,
                "annotation_allele_unknown",
                "an annotation names an allele that is none of the record's ALTs: it was not used (was the record split, \
                 trimmed or normalised after it was annotated?)",
            ),
            (
                self.comparisons,
                "annotation_compares_alts",
                "an annotation compares two ALTs with each other: it was not used",
            ),
            (
                self.columns_too_many,
                "annotation_columns_too_many",
                "an annotation has more columns than the header lists: it was not used",
            ),
            (
                self.columns_too_few,
                "annotation_columns_too_few",
                "an annotation has fewer columns than the header lists: the others count as missing",
            ),
            (
                self.unknown_terms,
                "consequence_term_unknown",
                "a consequence term is not known: it is kept as text and no filter matches it",
            ),
            (
                self.unknown_clinvar,
                "clinvar_word_unknown",
                "a classification or review status of ClinVar is not known: it is kept as text and nothing matches it",
            ),
            (
                self.renumbered,
                "annotation_renumbered",
                "ALLELE_NUM counts another list of ALTs than the record has: the annotations were matched by name",
            ),
        ];
        for (count, code, message) in kinds {
            (0..count).for_each(|_| warnings.note(code, line, || message.to_owned()));
        }
    }
}

impl AddAssign for Findings {
    fn add_assign(&mut self, other: Self) {
        let Self {
            entries,
            unknown_allele,
            comparisons,
            pointers,
            columns_too_many,
            columns_too_few,
            unknown_terms,
            unknown_clinvar,
            renumbered,
        } = other;
        self.entries += entries;
        self.unknown_allele += unknown_allele;
        self.comparisons += comparisons;
        self.pointers += pointers;
        self.columns_too_many += columns_too_many;
        self.columns_too_few += columns_too_few;
        self.unknown_terms += unknown_terms;
        self.unknown_clinvar += unknown_clinvar;
        self.renumbered += renumbered;
    }
}
