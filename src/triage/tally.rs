//! What a triage would do with a whole file: counts per clause, and what is odd, without a run.

use std::collections::BTreeMap;

use super::Selector;
use super::scan::Scan;
use crate::domain::selection::{CLAUSES, Clause, NOT_ANNOTATED, NOT_ASKED};
use crate::domain::warning::Warnings;
use crate::vcf::ReadError;
use crate::vcf::parse::ParsedSegment;

/// The counts of one file, as its receipt would have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Data lines.
    pub records: u64,
    /// Of these, no sound record: a run makes dead letters of them.
    pub dead_records: u64,
    /// ALT entries of the sound ones.
    pub alleles: u64,
    /// Sound records without ALT.
    pub no_alt: u64,
    /// Alleles that every clause keeps.
    pub selected: u64,
    /// Rows by the first clause that drops them.
    pub dropped: BTreeMap<&'static str, u64>,
    /// What is odd, or lacks for this triage.
    pub warnings: Warnings,
}

impl Tally {
    /// Reads a file to its end, on so many threads.
    ///
    /// # Errors
    /// If it is damaged or cannot be read: then there are no counts.
    pub fn of(scan: Scan, threads: usize) -> Result<Self, ReadError> {
        let mut whole = Self { warnings: scan.warnings().clone(), ..Self::default() };
        let parts = scan.each(threads, Self::see)?;
        parts.iter().for_each(|part| whole.add(part));
        Ok(whole)
    }

    fn see(&mut self, selector: &Selector, parsed: &ParsedSegment) {
        let selection = selector.select(&parsed.rows);
        self.add(&Self {
            records: parsed.counts.records,
            dead_records: parsed.counts.dead_records,
            alleles: parsed.counts.alleles,
            no_alt: parsed.counts.no_alt,
            selected: selection.selected,
            dropped: selection.dropped.into_iter().collect(),
            warnings: parsed.warnings.clone(),
        });
    }

    fn add(&mut self, part: &Self) {
        self.records += part.records;
        self.dead_records += part.dead_records;
        self.alleles += part.alleles;
        self.no_alt += part.no_alt;
        self.selected += part.selected;
        for (clause, count) in &part.dropped {
            *self.dropped.entry(clause).or_default() += count;
        }
        self.warnings.merge(&part.warnings);
    }

    /// Rows: one for each ALT, and one for a record without.
    pub fn rows(&self) -> u64 {
        self.alleles + self.no_alt
    }

    /// The clauses that dropped something, in the order in which they were asked: how many rows each dropped, and how many
    /// it left.
    pub fn steps(&self) -> Vec<(Clause, u64, u64)> {
        let mut left = self.rows();
        let in_order = [NOT_ASKED, NOT_ANNOTATED].into_iter().chain(CLAUSES);
        let dropped = in_order.filter_map(|clause| Some((clause, *self.dropped.get(clause.name)?)));
        dropped
            .map(|(clause, count)| {
                left -= count;
                (clause, count, left)
            })
            .collect()
    }
}
